"""The engine again, written for reading: a diary of fills in exact decimals, summed up anew at every bar.

Shares no code with the engine or with libs/market/fills. Prices are floats, because the price a bar shows is one; all money and
quantities are decimals with 60 digits, rounded where the engine must round.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

STEP = Decimal("1e-8")
LONG, SHORT, FLAT = 1, -1, 0


@dataclass(frozen=True)
class Bar:
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True)
class Fill:
    """One execution: units bought (> 0) or sold (< 0) at a price; what it costs in fees."""

    bar: int
    units: Decimal
    price: float
    notional: Decimal
    fee: Decimal


@dataclass
class Trade:
    """Everything from flat to flat."""

    side: int
    entries: list[Fill] = field(default_factory=list)
    exits: list[Fill] = field(default_factory=list)
    reason: str = "open"
    best: float = 0.0

    @property
    def units(self) -> Decimal:
        return sum((fill.units for fill in self.entries + self.exits), Decimal(0))

    @property
    def price(self) -> float:
        entered = sum(fill.units for fill in self.entries)
        return float(sum(Decimal(fill.price) * fill.units for fill in self.entries) / entered)

    def profit(self, last_close: float) -> Decimal:
        paid = [-self.side * fill.notional - fill.fee for fill in self.entries]
        got = [self.side * fill.notional - fill.fee for fill in self.exits]
        return sum(paid + got, Decimal(0)) + self.side * money(abs(self.units) * Decimal(last_close))


@dataclass
class Expected:
    """What a run must come to."""

    equity: list[Decimal] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    cash: Decimal = Decimal(0)
    ruined_at: int = -1
    pending: int = FLAT


def money(amount: Decimal) -> Decimal:
    return amount.quantize(STEP, ROUND_HALF_UP)


def expected(actions: Sequence[int], bars: Sequence[Bar], terms: dict[str, float], **modes: Any) -> Expected:
    """Return what the engine must find; terms: the fields of engine.Terms; modes: position_mode, allow_short, horizon."""
    with localcontext() as context:
        context.prec = 60
        return Reference(bars, terms, modes).run(actions)


class Reference:
    """One account on one symbol, told bar by bar."""

    def __init__(self, bars: Sequence[Bar], terms: dict[str, float], modes: dict[str, Any]):
        self.bars, self.terms, self.modes = bars, terms, modes
        self.found = Expected()
        self.trade: Trade | None = None
        self.leaving = False
        self.wish = FLAT
        self.budget: Decimal | None = None
        self.stopped_out_of = FLAT
        self.room = Decimal(0)

    def run(self, actions: Sequence[int]) -> Expected:
        for t, bar in enumerate(self.bars):
            self.room = self.volume_limit(bar)
            self.at_open(t, bar)
            self.inside(t, bar)
            self.found.equity.append(self.worth(bar.close))
            if self.found.equity[-1] <= 0:
                self.found.equity[t:] = [Decimal(0)] * (len(self.bars) - t)
                self.found.ruined_at, self.leaving, self.wish = t, False, FLAT
                break
            self.at_close(t, actions[t])
        self.found.cash = self.cash()
        self.found.pending = -self.side if self.leaving else self.wish
        return self.found

    def cash(self) -> Decimal:
        left = money(Decimal(self.terms["initial_capital"]))
        for trade in self.found.trades:
            for fill in trade.entries + trade.exits:
                left += (fill.notional if fill.units < 0 else -fill.notional) - fill.fee
        return left

    def worth(self, close: float) -> Decimal:
        return self.cash() + (self.trade.units * Decimal(close) if self.trade else 0)

    @property
    def side(self) -> int:
        return self.trade.side if self.trade else FLAT

    def volume_limit(self, bar: Bar) -> Decimal:
        cap = self.terms.get("volume_cap", 0.0)
        return Decimal(cap * bar.volume).quantize(STEP, ROUND_FLOOR) if cap else Decimal("Infinity")

    def at_open(self, t: int, bar: Bar) -> None:
        if self.leaving:
            self.leave(t, bar.open, market=True)
        if self.wish and not self.leaving:
            self.enter(t, bar.open)

    def enter(self, t: int, price: float) -> None:
        price *= 1 + self.wish * self.terms["slippage"]
        if self.budget is None:
            self.budget = money(Decimal(self.terms["fraction"]) * self.cash())
        wanted = self.affordable(price)
        units = min(wanted, self.room)
        if units > 0:
            fill = self.fill(t, self.wish * units, price)
            if self.trade is None:
                self.trade = Trade(self.wish, best=price)
                self.found.trades.append(self.trade)
                self.stopped_out_of = FLAT
            self.trade.entries.append(fill)
            self.budget -= fill.notional + fill.fee
        if units >= wanted:
            self.wish = FLAT

    def leave(self, t: int, price: float, market: bool) -> None:
        assert self.trade is not None
        if market:
            price *= 1 - self.trade.side * self.terms["slippage"]
        units = min(abs(self.trade.units), self.room)
        if units > 0:
            self.trade.exits.append(self.fill(t, -self.trade.side * units, price))
        if self.trade.units == 0:
            self.trade, self.leaving = None, False

    def fill(self, t: int, units: Decimal, price: float) -> Fill:
        self.room -= abs(units)
        notional = money(abs(units) * Decimal(price))
        return Fill(t, units, price, notional, money(notional * Decimal(self.terms["fee"])))

    def affordable(self, price: float) -> Decimal:
        assert self.budget is not None
        fee = Decimal(self.terms["fee"])
        rounding_may_give = 2 * STEP / Decimal(price)
        units = (self.budget / Decimal(price) / (1 + fee) + rounding_may_give).quantize(STEP, ROUND_FLOOR) + 10 * STEP
        while units > 0:
            notional = money(units * Decimal(price))
            if notional + money(notional * fee) <= self.budget:
                return units
            units -= STEP
        return Decimal(0)

    def inside(self, t: int, bar: Bar) -> None:
        if self.trade is None:
            return
        trade, side = self.trade, self.trade.side
        anchors = {"stop_loss": trade.price, "trailing_stop": trade.best}
        levels = {name: at - side * at * self.terms[name] for name, at in anchors.items() if self.terms.get(name)}
        worst, best = (bar.low, bar.high) if side == LONG else (bar.high, bar.low)
        target = trade.price + side * trade.price * self.terms.get("take_profit", 0.0)
        nearest = max(levels, key=lambda name: side * levels[name]) if levels else ""
        if levels and side * worst <= side * levels[nearest]:
            at_least_as_bad = min(side * bar.open, side * levels[nearest]) * side
            self.force_out(t, nearest, at_least_as_bad, market=True)
        elif self.terms.get("take_profit") and side * best >= side * target:
            self.force_out(t, "take_profit", max(side * bar.open, side * target) * side, market=False)
        trade.best = max(side * trade.best, side * best) * side
        if self.trade and side == SHORT and self.worth(bar.high) <= 0:
            broke = float(self.cash() / abs(trade.units))
            self.room = Decimal("Infinity")
            self.force_out(t, "ruin", max(bar.open, broke), market=False)

    def force_out(self, t: int, reason: str, price: float, market: bool) -> None:
        assert self.trade is not None
        if not self.leaving:
            self.trade.reason = reason
        self.leaving, self.wish, self.stopped_out_of = True, FLAT, self.trade.side
        self.leave(t, price, market)

    def at_close(self, t: int, action: int) -> None:
        horizon = self.modes.get("horizon", 0)
        if horizon and self.trade and not self.leaving and t + 1 >= self.trade.entries[0].bar + horizon:
            self.trade.reason, self.leaving, self.wish = "horizon", True, FLAT
            return
        if action == 0 and not self.modes["position_mode"]:
            return
        target = action if self.modes.get("allow_short") else max(action, FLAT)
        if self.modes["position_mode"] and self.stopped_out_of:
            if target == self.stopped_out_of:
                target = FLAT
            else:
                self.stopped_out_of = FLAT
        if self.trade is None:
            self.ask(target)
        elif self.leaving:
            self.ask(target if target == -self.side else FLAT)
        elif target != self.side:
            self.trade.reason, self.leaving = "signal", True
            self.ask(target)

    def ask(self, target: int) -> None:
        if self.wish != target:
            self.wish, self.budget = target, None
