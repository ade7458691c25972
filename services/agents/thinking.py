"""Runs strategies on the bars they owe a word on: rules where they are asked, code in the sandbox before the transaction.

Decides what runs together in one fork. Never decides what a signal means.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.common.errors import NotFoundError, PermanentError, TransientError
from libs.common.events import BarClosed
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.signals import Evaluation, Fault
from services.agents.core import Agent, Thought
from services.agents.duty import Duties, Duty
from services.agents.roster import Roster, Voice

LOG = logging.getLogger("sentinel.agents")
ESCAPE = "strategy.security_violation"


@dataclass(frozen=True)
class Thoughts:
    """What code said of each duty that could be foreseen."""

    known: Mapping[tuple[str, str, int, int], Thought] = field(default_factory=dict)

    def of(self, duty: Duty) -> Thought:
        """Return the thought on a duty; rules are evaluated here and now, in microseconds.

        Raises TransientError for a duty of code that nobody foresaw, such as the first of an agent promoted a moment ago.
        """
        if not duty.agent.is_code:
            return evaluate(duty.agent.strategy, duty.bars, symbol=duty.bar.symbol)
        if duty.key not in self.known:
            raise TransientError("the code has not been run on this bar yet", code="agents.unprepared")
        return self.known[duty.key]


class Thinking:
    """The slow work before a batch of bars."""

    def __init__(self, duties: Duties, sandbox: Pool):
        """Run code in `sandbox` on the bars that `duties` finds."""
        self._duties = duties
        self._sandbox = sandbox

    async def think(self, bars: Sequence[BarClosed], roster: Roster) -> Thoughts:
        """Return what the code of every agent says of the bars it will owe a word on.

        Raises TransientError while the sandbox is busy or starting anew: the bars wait, in order.
        """
        together: dict[tuple[str, int], list[Duty]] = defaultdict(list)
        for duty in self._foreseen(bars, roster):
            together[(duty.voice[0], duty.open_ms)].append(duty)
        runs = (asyncio.to_thread(self._run, duties) for duties in together.values())
        found: dict[tuple[str, str, int, int], Thought] = {}
        for result in await asyncio.gather(*runs, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            found |= result
        return Thoughts(found)

    def _foreseen(self, bars: Sequence[BarClosed], roster: Roster) -> list[Duty]:
        """Return the duties of code that handling `bars` in order will bring up."""
        spoken: dict[Voice, int] = {}
        moved: dict[str, Agent] = {}
        found: list[Duty] = []
        for bar in bars:
            for known in roster.on(bar.symbol, bar.timeframe):
                if not known.is_code:
                    continue
                voice = (known.promoted.strategy_id, bar.symbol)
                before = roster.progress.get(voice)
                last = spoken.get(voice, before.open_ms if before else None)
                try:
                    agent, duties = self._duties.of(moved.get(voice[0], known), bar, last)
                except (TransientError, NotFoundError):
                    continue  # the handler meets the same and makes this bar wait, alone
                moved[voice[0]] = agent
                if duties:
                    spoken[voice] = duties[-1].open_ms
                    found += duties
        return found

    def _run(self, duties: Sequence[Duty]) -> dict[tuple[str, str, int, int], Thought]:
        """Run one strategy on all symbols of one bar time, in one fork."""
        agent, open_ms = duties[0].agent, duties[0].open_ms
        frames = {**self._peers(agent, open_ms), **{duty.bar.symbol: duty.bars for duty in duties}}
        focus = tuple(duty.bar.symbol for duty in duties)
        try:
            said = evaluate_all(agent.strategy, frames, self._sandbox, focus=focus)
        except PermanentError as error:
            fault = Fault(error.code, error.detail, hint=error.hint)
            return {duty.key: fault for duty in duties}
        return {duty.key: _thought(duty, said) for duty in duties}

    def _peers(self, agent: Agent, open_ms: int) -> dict[str, Frame]:
        """Return the bars of the strategy's other symbols, which only some kinds may look at."""
        if agent.strategy.kind == "python.signals":
            return {}
        catalog, timeframe = self._duties.catalog, agent.strategy.timeframe
        stored = [s for s in agent.strategy.symbols if catalog.last_open_ms(s, timeframe) is not None]
        return {symbol: catalog.read(symbol, timeframe, agent.anchor_ms, open_ms + 1) for symbol in stored}


def _thought(duty: Duty, said: Evaluation) -> Thought:
    fault = said.faults.get(duty.bar.symbol)
    if fault is None:
        return said.signals[duty.bar.symbol]
    level = logging.ERROR if fault.code == ESCAPE else logging.WARNING
    LOG.log(level, "%s has no view of %s: %s", duty.voice[0], duty.bar.symbol, fault.words[:300])
    return fault
