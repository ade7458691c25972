"""What trees mean, computed directly on columns by the project's own indicators: the reference for the code the writer makes.

True and false are told apart from unknown, as rules do. Also the simplest way to run generated code in this process.
"""

from collections.abc import Mapping
from typing import Any as Anything

import numpy as np

from libs.market import indicators as ta
from libs.market.frame import Frame
from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Change,
    Column,
    Compare,
    Cross,
    Exits,
    Figure,
    FromExtreme,
    Gap,
    Held,
    Indicator,
    Not,
    Number,
    Scaled,
    Sector,
    Streak,
    Trend,
    Within,
)

SAME = {"Technology": ("technology", "information technology"), "Health Care": ("healthcare", "health care")}
COLUMNS = ("open", "high", "low", "close", "volume")


class Meaning:
    """Values and truths of trees on one frame. close_calls: bars where a comparison hangs on the last digits."""

    def __init__(self, frame: Frame, figures: Mapping[str, Anything]):
        self.frame = frame
        self.figures = figures
        self.bars = len(frame)
        self.close_calls = np.zeros(self.bars, bool)

    def value(self, term: Anything) -> Anything:
        match term:
            case Number(value=value):
                return np.full(self.bars, value)
            case Figure(name=name):
                return np.full(self.bars, self.figures.get(name, np.nan))
            case Column(name=name, shift=shift):
                return shifted(getattr(self.frame, name), shift.count)
            case Scaled(factor=factor, term=inner):
                return factor * self.value(inner)
            case Indicator(before=before):
                return shifted(self.indicator(term), int(before))
        return self.move(term)

    def move(self, term: Anything) -> Anything:
        match term:
            case Gap():
                return self.frame.open / shifted(self.frame.close, 1) - 1
            case Change(over=over, of=of):
                column = getattr(self.frame, of)
                return ratio(column, shifted(column, over.count)) - 1
            case FromExtreme(extreme="high", over=over):
                return self.frame.close / ta.highest(self.frame.high, over.count) - 1
            case FromExtreme(over=over):
                return self.frame.close / ta.lowest(self.frame.low, over.count) - 1

    def indicator(self, term: Indicator) -> Anything:
        high, low, close, volume = (getattr(self.frame, name) for name in COLUMNS[1:])
        of, periods = getattr(self.frame, term.of), [span.count for span in term.spans]
        match term.name:
            case "macd":
                return ta.macd(of, *periods)[("line", "signal", "histogram").index(term.part or "line")]
            case "bollinger":
                return ta.bollinger(of, periods[0], term.width)[("upper", "middle", "lower").index(term.part)]
            case "stochastic":
                return ta.stochastic(high, low, close, *periods)[("k", "d").index(term.part)]
            case "adx":
                return ta.directional(high, low, close, *periods)[("plus_di", "minus_di", "adx").index(term.part)]
            case "atr":
                return ta.atr(high, low, close, *periods)
            case "vwap":
                return ta.vwap(high, low, close, volume, *periods)
            case "obv":
                return ta.obv(close, volume)
        return getattr(ta, term.name)(of, *periods)

    def truth(self, tree: Anything) -> Anything:
        """Return where the tree is true and where it is false."""
        match tree:
            case Not(condition=inner):
                return self.truth(inner)[::-1]
            case All(conditions=parts):
                found = [self.truth(part) for part in parts]
                return np.all([true for true, _ in found], 0), np.any([false for _, false in found], 0)
            case Any(conditions=parts):
                found = [self.truth(part) for part in parts]
                return np.any([true for true, _ in found], 0), np.all([false for _, false in found], 0)
            case Held(condition=inner, over=over):
                true, false = self.truth(inner)
                return each(true, over.count), some(false, over.count)
        return self.leaf(tree)

    def leaf(self, leaf: Anything) -> Anything:
        match leaf:
            case Compare(left=left, op=op, right=right):
                return self.compared(self.value(left), op, self.value(right))
            case Between(term=term, low=low, high=high):
                value = self.value(term)
                return self.both(
                    self.compared(value, ">=", self.value(low)), self.compared(value, "<=", self.value(high))
                )
            case Cross(left=left, direction=direction, right=right):
                now, before = (">", "<=") if direction == "above" else ("<", ">=")
                one, other = self.value(left), self.value(right)
                return self.both(self.compared(one, now, other), self.compared(shifted(one), before, shifted(other)))
            case Trend(term=term, direction=direction, over=over):
                value = self.value(term)
                true, false = self.compared(value, ">" if direction == "rising" else "<", shifted(value))
                return each(true, over.count), some(false, over.count)
            case Within(left=left, fraction=fraction, right=right):
                return self.compared(
                    abs(ratio(self.value(left), self.value(right)) - 1), "<=", np.full(self.bars, fraction)
                )
            case Streak(colour=colour, over=over):
                true, false = self.compared(self.frame.close, ">" if colour == "green" else "<", self.frame.open)
                return each(true, over.count), some(false, over.count)
            case Sector(name=name):
                return self.sector(name)

    def sector(self, name: str) -> Anything:
        known = self.figures.get("sector", "").lower()
        inside = known in SAME.get(name, (name.lower(),))
        return np.full(self.bars, bool(known) and inside), np.full(self.bars, bool(known) and not inside)

    def compared(self, left: Anything, op: str, right: Anything) -> Anything:
        with np.errstate(invalid="ignore"):
            near = abs(left - right) <= 1e-7 * (abs(left) + abs(right)) + 1e-12
        self.close_calls |= near & ~(np.isin(left, RAW) & np.isin(right, RAW)) if len(left) else near
        known = ~np.isnan(left) & ~np.isnan(right)
        holds = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "==": left == right}[
            op
        ]
        return known & holds, known & ~holds

    @staticmethod
    def both(first: Anything, second: Anything) -> Anything:
        return first[0] & second[0], first[1] | second[1]


RAW = np.arange(0.0, 400.0, 0.5)
"""Values that halves of whole numbers are compared by exactly, whatever computed them."""


def positions(frame: Frame, buy: Anything, sell: Anything, exits: Exits) -> list[int]:
    """Return the position after each bar, found afresh from every entry: bought at the open behind it, left by the first way out."""
    held = [0] * len(frame)
    bar = 0
    while bar < len(frame):
        if not buy[bar] or sell[bar]:
            bar += 1
            continue
        later = range(bar + 1, len(frame))
        out = next((at for at in later if leaves(frame, bar, at, sell, exits)), len(frame))
        held[bar:out] = [1] * (out - bar)
        bar = out + 1
    return held


def leaves(frame: Frame, bought: int, at: int, sell: Anything, exits: Exits) -> bool:
    entry, close = frame.open[bought + 1], frame.close[at]
    best = max(entry, *frame.close[bought + 1 : at + 1])
    return bool(
        sell[at]
        or (exits.stop_loss is not None and close <= entry * (1 - exits.stop_loss))
        or (exits.take_profit is not None and close >= entry * (1 + exits.take_profit))
        or (exits.trailing_stop is not None and close <= best * (1 - exits.trailing_stop))
        or (exits.hold is not None and at - bought >= exits.hold.count)
    )


def signals(code: str, frame: Frame) -> list[int]:
    """Return what generated code says on the bars."""
    return [int(value) for value in run(code)["generate_signals"](frame.to_pandas())]


def classified(code: str, frame: Frame, figures: Mapping[str, Anything]) -> list[Anything]:
    """Return what generated code answers bar by bar."""
    stop = 0

    def get_price_data(_symbol: str, timeframe: str, days: int) -> dict[str, list[float]]:
        assert timeframe == "1h"
        return {name: getattr(frame, name)[max(stop - days, 0) : stop].tolist() for name in COLUMNS}

    space = run(code, get_price_data=get_price_data, get_fundamental_data=lambda _symbol: dict(figures))
    answers = []
    while stop < len(frame):
        stop += 1
        answers.append(space["classify_symbol"]("X"))
    return answers


def run(code: str, **given: Anything) -> dict[str, Anything]:
    """Return the names of a module of generated code, with the data functions it is given."""
    space: dict[str, Anything] = dict(given)
    exec(compile(code, "<written>", "exec"), space)
    return space


def shifted(values: Anything, bars: int = 1) -> Anything:
    result = np.full(len(values), np.nan)
    result[bars:] = values[: max(len(values) - bars, 0)]
    return result


def ratio(part: Anything, whole: Anything) -> Anything:
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def each(true: Anything, bars: int) -> Anything:
    return np.array([at + 1 >= bars and bool(true[at + 1 - bars : at + 1].all()) for at in range(len(true))], bool)


def some(false: Anything, bars: int) -> Anything:
    return np.array([bool(false[max(at + 1 - bars, 0) : at + 1].any()) for at in range(len(false))], bool)
