"""Runs strategies on the bars they owe a word on: rules where they are asked, code in the sandbox before the transaction.

Decides what runs together in one fork. Never decides what a signal means.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from libs.common.errors import NotFoundError, PermanentError, TransientError
from libs.common.events import BarClosed
from libs.market.frame import Frame
from libs.strategy.figures import Figures
from libs.strategy.python import Span
from libs.strategy.runtime import Evaluation, evaluate, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.signals import Fault
from services.agents.core import Agent, Said, Thought
from services.agents.duty import Duties, Duty, DutyKey
from services.agents.roster import Roster, Voice

LOG = logging.getLogger("sentinel.agents")
ESCAPE = "strategy.security_violation"
LIVE_CPU_S = 5
"""What one strategy may use after a bar: others wait for it, and a bar of theirs is worth more than an answer that late."""

STRIKES = 3
"""So often in a row may a strategy run into its limits before it rests until it is promoted again."""

_EXHAUSTED = ("strategy.cpu_timeout", "strategy.wall_timeout", "strategy.memory", "strategy.output_limit", ESCAPE)

Known = dict[DutyKey, Thought]


@dataclass(frozen=True)
class Thoughts:
    """What code said of each duty that could be foreseen."""

    known: Mapping[DutyKey, Thought] = field(default_factory=dict)

    def of(self, duty: Duty) -> Thought:
        """Return the thought on a duty; rules are evaluated here and now, in microseconds.

        Raises TransientError for a duty of code that nobody foresaw, such as the first of an agent promoted a moment ago.
        """
        strategy = duty.agent.strategy
        if not duty.agent.is_code:
            return Said.of(strategy, evaluate(strategy, duty.bars, symbol=duty.bar.symbol), len(duty.bars) - 1)
        if duty.key not in self.known:
            raise TransientError("the code has not been run on this bar yet", code="agents.unprepared")
        return self.known[duty.key]


class Bench:
    """Strategies that ran into their limits too often, each since its newest promotion. Kept in memory: a restart gives new tries."""

    def __init__(self) -> None:
        """Begin with nobody on it."""
        self._strikes: dict[tuple[str, int], int] = defaultdict(int)

    def note(self, agent: Agent, said: Evaluation) -> None:
        """Count a run that ran into a limit; one that did not starts the count anew."""
        key = (agent.promoted.strategy_id, agent.promoted.step)
        if any(fault.code in _EXHAUSTED for fault in said.faults.values()):
            self._strikes[key] += 1
        else:
            self._strikes.pop(key, None)

    def fault(self, agent: Agent) -> Fault | None:
        """Return why the strategy is not run any more, None if it is."""
        if self._strikes.get((agent.promoted.strategy_id, agent.promoted.step), 0) < STRIKES:
            return None
        told = f"it ran into its limits {STRIKES} times in a row and rests; promote it again to let it run"
        return Fault("strategy.resting", told)


class Thinking:
    """The slow work before a batch of bars."""

    def __init__(self, duties: Duties, sandbox: Pool, figures: Figures):
        """Run code in `sandbox` on the bars that `duties` finds; `figures` is what it may know of companies."""
        self._duties = duties
        self._figures = figures
        self._sandbox = sandbox
        self._bench = Bench()

    async def think(self, bars: Sequence[BarClosed], roster: Roster) -> Thoughts:
        """Return what the code of every agent says of the bars it will owe a word on.

        Raises TransientError while the sandbox is busy or starting anew: the bars wait, in order.
        """
        runs = (asyncio.to_thread(run) for run in self._runs(self._foreseen(bars, roster)))
        found: Known = {}
        for result in await asyncio.gather(*runs, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            found |= result
        return Thoughts(found)

    def _foreseen(self, bars: Sequence[BarClosed], roster: Roster) -> list[Duty]:
        """Return the duties of code that handling `bars` in order will bring up."""
        spoken: dict[Voice, int] = {}
        found: list[Duty] = []
        for bar in bars:
            for agent in roster.on(bar.symbol, bar.timeframe):
                if not agent.is_code:
                    continue
                voice = (agent.promoted.strategy_id, bar.symbol)
                before = roster.progress.get(voice)
                try:
                    duties = self._duties.of(agent, bar, spoken.get(voice, before.open_ms if before else None))
                except (TransientError, NotFoundError):
                    continue  # the handler meets the same and makes this bar wait, alone
                if duties:
                    spoken[voice] = duties[-1].open_ms
                    found += duties
        return found

    def _runs(self, duties: Sequence[Duty]) -> list[Callable[[], Known]]:
        """Return what has to run: a strategy's symbols of one bar time together, and the bars of a classifier."""
        together: dict[tuple[object, ...], list[Duty]] = defaultdict(list)
        for duty in duties:
            same = () if duty.agent.strategy.kind == "python.classify" else (duty.open_ms,)
            together[(duty.voice[0], duty.start_ms, *same)].append(duty)
        return [
            partial(self._at_once if len(_by_time(each)) == 1 else self._classify, each) for each in together.values()
        ]

    def _classify(self, duties: Sequence[Duty]) -> Known:
        """Run a classifier on bars of several times, in two or three forks instead of one for each time.

        It is called bar by bar and can look at nothing later, so the run on the newest bar holds what the earlier runs would have said;
        except where no call of such a run would have succeeded, which is a fault there and forgotten by the newest.
        """
        firsts = {duty.bar.symbol: duty for duty in reversed(duties)}
        known = self._each_time(list(firsts.values()))
        newest = max(duty.open_ms for duty in duties)
        agent, start_ms, symbols = duties[0].agent, duties[0].start_ms, tuple(firsts)
        frames = self._peers(agent, start_ms, newest)
        told = max(len(frames[duty.bar.symbol]) - len(duty.bars) + 1 for duty in duties)
        said = self._evaluate(agent, frames, symbols, told)
        left: list[Duty] = []
        for duty in duties:
            symbol = duty.bar.symbol
            if duty.key in known:
                continue
            if symbol in said.faults or isinstance(known[firsts[symbol].key], Fault):
                left.append(duty)
            else:
                known[duty.key] = Said.of(agent.strategy, said.signals[symbol], len(duty.bars) - 1)
        return known | self._each_time(left)

    def _each_time(self, duties: Sequence[Duty]) -> Known:
        known: Known = {}
        for each in _by_time(duties).values():
            known |= self._at_once(each)
        return known

    def _at_once(self, duties: Sequence[Duty]) -> Known:
        """Run one strategy on all symbols of one bar time, in one fork."""
        agent, start_ms, open_ms = duties[0].agent, duties[0].start_ms, duties[0].open_ms
        frames = {} if agent.strategy.kind in ("python.signals", "model") else self._peers(agent, start_ms, open_ms)
        frames |= {duty.bar.symbol: duty.bars for duty in duties}
        said = self._evaluate(agent, frames, tuple(duty.bar.symbol for duty in duties), 1)
        return {duty.key: _thought(duty, said) for duty in duties}

    def _evaluate(self, agent: Agent, frames: Mapping[str, Frame], symbols: tuple[str, ...], told: int) -> Evaluation:
        if resting := self._bench.fault(agent):
            return Evaluation({}, dict.fromkeys(symbols, resting))
        span = Span(told=told, cpu_s=LIVE_CPU_S)
        view = self._figures.view(agent.strategy, *_reach(agent, frames))[0]
        try:
            said = evaluate_all(agent.strategy, frames, self._sandbox, focus=symbols, view=view, span=span)
        except PermanentError as error:
            return Evaluation({}, dict.fromkeys(symbols, Fault(error.code, error.detail, hint=error.hint)))
        self._bench.note(agent, said)
        return said

    def _peers(self, agent: Agent, start_ms: int | None, open_ms: int) -> dict[str, Frame]:
        """Return the stored bars of all of the strategy's symbols up to a time."""
        catalog, timeframe = self._duties.catalog, agent.strategy.timeframe
        stored = [s for s in agent.strategy.symbols if catalog.last_open_ms(s, timeframe) is not None]
        return {symbol: catalog.read(symbol, timeframe, start_ms, open_ms + 1) for symbol in stored}


def _reach(agent: Agent, frames: Mapping[str, Frame]) -> tuple[int, int]:
    """Return the open time of the first bar and the close of the last, epoch ms."""
    stored = [frame.ts for frame in frames.values() if len(frame)]
    last = max(int(ts[-1]) for ts in stored)
    return min(int(ts[0]) for ts in stored), last + 1_000 * agent.strategy.timeframe.seconds


def _by_time(duties: Sequence[Duty]) -> dict[int, list[Duty]]:
    found: dict[int, list[Duty]] = defaultdict(list)
    for duty in duties:
        found[duty.open_ms].append(duty)
    return found


def _thought(duty: Duty, said: Evaluation) -> Thought:
    fault = said.faults.get(duty.bar.symbol)
    if fault is None:
        return Said.of(duty.agent.strategy, said.signals[duty.bar.symbol], len(duty.bars) - 1)
    level = logging.ERROR if fault.code == ESCAPE else logging.WARNING
    LOG.log(level, "%s has no view of %s: %s", duty.voice[0], duty.bar.symbol, fault.words[:300])
    return fault
