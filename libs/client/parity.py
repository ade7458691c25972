"""Is the live path the backtest replayed? Compares what came over the bus with what `evaluate` and the backtest say.

Pure: values in, differences out. Decides the tolerances: actions, times and prices equal exactly, quantities within one lot
step, fees within one money step. Refuses to decide which run is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from libs.common.values import from_epoch_ms
from libs.strategy.signals import Signals
from libs.strategy.spec import Strategy

LOT = Decimal("0.00000001")
MONEY = Decimal("0.00000001")

_ACTIONS = {1: "buy", 0: "hold", -1: "sell"}
_POSITIONS = {1: "buy", 0: "sell", -1: "sell"}


@dataclass(frozen=True)
class Filled:
    """A fill as either side tells it. at_ms: time of the fill, epoch ms; fee in the quote asset."""

    at_ms: int
    side: str
    price: float
    quantity: Decimal
    fee: Decimal


@dataclass(frozen=True)
class Difference:
    """One place where the two disagree; None = this side has nothing there."""

    what: str
    at: str
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class Certificate:
    """What was compared, and every difference, in order of time."""

    bars: int
    signals: int
    fills: int
    differences: tuple[Difference, ...]


def compare(
    strategy: Strategy,
    said: Signals,
    actions: Mapping[int, str],
    fills: Sequence[Filled],
    trades: Sequence[Mapping[str, Any]],
) -> Certificate:
    """Return how the live run of `strategy` on one symbol differs from the backtest.

    said: what `evaluate` says on the (T,) bars of the window from the strategy's anchor on. actions: open time (ms) -> what the agent said of that bar.
    fills: what the paper account did. trades: the trade log of the backtest's report on the same window.
    """
    expected = expected_fills(trades)
    differences = [*_signals(strategy, said, actions), *_fills(expected, sorted(fills, key=lambda fill: fill.at_ms))]
    return Certificate(len(said), len(actions), len(fills), tuple(differences))


def expected_fills(trades: Sequence[Mapping[str, Any]]) -> list[Filled]:
    """Return the fills a report's trade log stands for, in order of time; an open trade has only its entry."""
    found: list[Filled] = []
    for trade in trades:
        quantity = _decimal(trade["quantity"])
        entry = Filled(trade["entry_time"], "buy", trade["entry_price"], quantity, _decimal(trade["entry_fee"]))
        found.append(entry)
        if not trade["open"]:
            found.append(Filled(trade["exit_time"], "sell", trade["exit_price"], quantity, _decimal(trade["exit_fee"])))
    return sorted(found, key=lambda fill: fill.at_ms)


def _signals(strategy: Strategy, said: Signals, actions: Mapping[int, str]) -> list[Difference]:
    spoken = _POSITIONS if strategy.signal_mode == "position" else _ACTIONS
    expected = {int(ts): spoken[int(action)] for ts, action in zip(said.frame.ts, said.actions, strict=True)}
    return [
        Difference("signal", _time(ts), expected.get(ts), actions.get(ts))
        for ts in sorted(expected.keys() | actions.keys())
        if expected.get(ts) != actions.get(ts)
    ]


def _fills(expected: Sequence[Filled], found: Sequence[Filled]) -> list[Difference]:
    differences: list[Difference] = []
    for place in range(max(len(expected), len(found))):
        if place >= min(len(expected), len(found)):
            differences += [Difference("fill", _time(fill.at_ms), _told(fill), None) for fill in expected[place:]]
            differences += [Difference("fill", _time(fill.at_ms), None, _told(fill)) for fill in found[place:]]
            break
        want, have = expected[place], found[place]
        if not _agree(want, have):
            differences.append(Difference("fill", _time(want.at_ms), _told(want), _told(have)))
    return differences


def _agree(want: Filled, have: Filled) -> bool:
    same = (want.at_ms, want.side, want.price) == (have.at_ms, have.side, have.price)
    return same and abs(want.quantity - have.quantity) <= LOT and abs(want.fee - have.fee) <= MONEY


def _told(fill: Filled) -> str:
    return f"{fill.side} {fill.quantity} at {fill.price!r}, fee {fill.fee}, {_time(fill.at_ms)}"


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number)).quantize(MONEY)


def _time(milliseconds: int) -> str:
    return from_epoch_ms(milliseconds).isoformat().replace("+00:00", "Z")
