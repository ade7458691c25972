"""What Mother AI has heard and not yet decided, and when a round is complete; `docs/rounds.md` is the rule.

A fold over five kinds of facts that may arrive in any order; which round comes next and what is in it does not depend on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from libs.common.events import OrderFilled, PortfolioChanged, SignalRaised, StrategyPromoted
from libs.common.values import Stage, Timeframe
from services.mother_ai.core import Heard, Owner
from services.mother_ai.performance import Record

MAIN_ACCOUNT = "paper"
GRACE_BARS = 2
"""Nothing of a bar close is waited for once the same kind of fact has come for so many bar lengths later."""

ASLEEP_AFTER = 8
"""A symbol without bars for so many lengths, or a voice that missed so many rounds in a row, is no longer waited for."""

Voice = tuple[str, str]
"""One strategy on one symbol."""

RoundKey = tuple[Timeframe, datetime]


@dataclass(frozen=True)
class Spoken:
    """When a voice was last heard (bar close), and how many rounds in a row it has missed since."""

    at: datetime | None = None
    missed: int = 0


@dataclass
class Book:
    """Everything between two rounds. Change it only through a fork of it."""

    running: dict[str, StrategyPromoted] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    bars: dict[tuple[Timeframe, str], datetime] = field(default_factory=dict)
    newest_bar: dict[Timeframe, datetime] = field(default_factory=dict)
    signals: dict[RoundKey, dict[Voice, SignalRaised]] = field(default_factory=dict)
    newest: dict[Timeframe, datetime] = field(default_factory=dict)
    spoken: dict[Voice, Spoken] = field(default_factory=dict)
    portfolios: dict[str, PortfolioChanged] = field(default_factory=dict)
    fills: dict[str, int] = field(default_factory=dict)
    records: dict[Voice, Record] = field(default_factory=dict)
    decided: dict[Timeframe, datetime] = field(default_factory=dict)

    def fork(self) -> "Book":
        """Return a copy whose top level may be changed."""
        return replace(self, **{name: dict(getattr(self, name)) for name in self.__dataclass_fields__})

    def promote(self, strategy: StrategyPromoted) -> bool:
        """Note a strategy as running; False when a later step of its life is known."""
        if strategy.step < self.steps.get(strategy.strategy_id, 0):
            return False
        self.steps[strategy.strategy_id] = strategy.step
        self.running[strategy.strategy_id] = strategy
        return True

    def stop(self, strategy_id: str, step: int) -> bool:
        """Note a strategy as no longer running; False when a later step of its life is known."""
        if step < self.steps.get(strategy_id, 0):
            return False
        self.steps[strategy_id] = step
        self.running.pop(strategy_id, None)
        return True

    def see(self, timeframe: Timeframe, symbol: str, at: datetime) -> bool:
        """Note that a bar closed; False when it or a later one of the series is known."""
        last = self.bars.get((timeframe, symbol))
        if last is not None and at <= last:
            return False
        self.bars[timeframe, symbol] = at
        self.newest_bar[timeframe] = max(at, self.newest_bar.get(timeframe, at))
        return True

    def hear(self, signal: SignalRaised) -> bool:
        """Note a signal; False when it is a repeat."""
        voice = (signal.strategy_id, signal.symbol)
        last = self.spoken.get(voice, Spoken()).at
        if last is not None and signal.at <= last:
            return False
        self.spoken[voice] = Spoken(signal.at)
        self.newest[signal.timeframe] = max(signal.at, self.newest.get(signal.timeframe, signal.at))
        return True

    def keep(self, signal: SignalRaised) -> bool:
        """Keep a signal for its round; False when that is over."""
        if signal.at <= self.decided.get(signal.timeframe, signal.at - timedelta(seconds=1)):
            return False
        key = (signal.timeframe, signal.at)
        self.signals[key] = {**self.signals.get(key, {}), (signal.strategy_id, signal.symbol): signal}
        return True

    def count(self, fill: OrderFilled) -> Record:
        """Note a fill and return its strategy's record on the symbol."""
        voice = (fill.strategy_id, fill.symbol)
        self.fills[fill.account] = self.fills.get(fill.account, 0) + 1
        self.records[voice] = self.records.get(voice, Record()).after(fill)
        return self.records[voice]

    def mark(self, portfolio: PortfolioChanged) -> bool:
        """Note an account's books; False when newer ones are known."""
        known = self.portfolios.get(portfolio.account)
        if known is not None and portfolio.at < known.at:
            return False
        self.portfolios[portfolio.account] = portfolio
        return True

    def complete_round(self) -> RoundKey | None:
        """Return the round that can be decided now, if any."""
        main = self.portfolios.get(MAIN_ACCOUNT)
        if main is None or main.at <= self.decided.get(main.timeframe, main.at - timedelta(seconds=1)):
            return None
        key = (main.timeframe, main.at)
        seen = self.newest_bar.get(main.timeframe)
        if seen is None or seen < main.at:
            return None
        accounts = {*self.portfolios, *(strategy.account for strategy in self.running.values())}
        if not all(self._is_booked(account, key) for account in accounts):
            return None
        return key if all(self._is_in(voice, key) for voice in self._voices(key)) else None

    def round_of(self, key: RoundKey) -> tuple[list[Heard], int]:
        """Return the signals of a round in name order, and how many voices are missing from it."""
        signals = self.signals.get(key, {})
        heard = []
        missing = 0
        for voice in sorted(self._voices(key)):
            if voice not in signals:
                missing += 1
                continue
            strategy = self.running[voice[0]]
            if (signals[voice].account, signals[voice].stage) != (strategy.account, strategy.stage):
                missing += 1
                continue
            win_rate = self.records.get(voice, Record()).win_rate(strategy.win_rate)
            heard.append(Heard(signals[voice], win_rate, strategy.fraction))
        return heard, missing

    def owners(self) -> set[Owner]:
        """Return who may hold positions where."""
        return {(s.strategy_id, s.account) for s in self.running.values() if s.stage is not Stage.ALERT}

    def close(self, key: RoundKey) -> None:
        """Note a round as decided and forget its signals."""
        timeframe, at = key
        signals = self.signals.get(key, {})
        for voice in self._voices(key):
            known = self.spoken.get(voice, Spoken())
            if voice not in signals and (known.at is None or known.at < at):
                self.spoken[voice] = replace(known, missed=known.missed + 1)
        self.decided[timeframe] = at
        for old in [k for k in self.signals if k[0] == timeframe and k[1] <= at]:
            del self.signals[old]

    def _voices(self, key: RoundKey) -> Iterator[Voice]:
        """Yield who may speak in a round: running on its timeframe, and from a bar that is not before its anchor."""
        timeframe, at = key
        for strategy_id, strategy in self.running.items():
            if strategy.timeframe is not timeframe or strategy.stage is Stage.ALERT:
                continue
            if strategy.anchor is None or at > strategy.anchor:
                yield from ((strategy_id, symbol) for symbol in strategy.symbols)

    def _is_booked(self, account: str, key: RoundKey) -> bool:
        portfolio = self.portfolios.get(account)
        if portfolio is None or (portfolio.timeframe, portfolio.at) != key:
            return False
        return self.fills.get(account, 0) >= portfolio.fill_count

    def _is_in(self, voice: Voice, key: RoundKey) -> bool:
        """Tell whether the round need not wait for a voice: it spoke, will not speak of this bar, or sleeps."""
        timeframe, at = key
        spoken = self.spoken.get(voice, Spoken())
        if spoken.at is not None and spoken.at >= at:
            return True
        if spoken.missed >= ASLEEP_AFTER or not self._may_have_bar(voice, key):
            return True
        newest = self.newest.get(timeframe)
        return newest is not None and newest >= at + GRACE_BARS * timeframe.length

    def _may_have_bar(self, voice: Voice, key: RoundKey) -> bool:
        """Tell whether a voice's symbol has a bar of this close or later, or one may still come.

        A symbol that was never seen is given the benefit of the doubt for its first rounds: its first bar may be on its way.
        """
        timeframe, at = key
        last = self.bars.get((timeframe, voice[1]))
        if last is not None and last >= at:
            return True
        if self.newest_bar[timeframe] >= at + GRACE_BARS * timeframe.length:
            return False
        if last is None:
            return self.spoken.get(voice, Spoken()).missed < GRACE_BARS
        return at - last <= ASLEEP_AFTER * timeframe.length
