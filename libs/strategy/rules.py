"""What JSON rules say: one vote per indicator or condition and bar, from whole columns.

Decides the votes of the first form, how votes of both forms combine, and the words that explain one. Nothing here looks ahead: a
vote of a bar uses that bar and earlier ones only.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from libs.common.values import Timeframe
from libs.market.frame import FloatArray, Frame
from libs.market.indicators import ema, macd, rsi, sma
from libs.strategy.conditions.digits import apart, plain
from libs.strategy.conditions.votes import ConditionVote, condition_votes
from libs.strategy.rules_schema import Average, ConditionRules, Indicator, Macd, Rsi, Rules

__all__ = ["ActionArray", "IndicatorVote", "Vote", "apart", "combined", "each_vote", "plain", "votes"]

ActionArray: TypeAlias = npt.NDArray[np.int8]
_BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorVote:
    """What one indicator says on T bars.

    title: `rsi(14)`. warm_at: first bar that can have a value. buy, sell: (T,) votes, False where the indicator is not warm. columns: (T,) values by title, the two that are
    compared; NaN until warm. buy_limit, sell_limit: thresholds where a column is compared with a number, else None.
    """

    title: str
    warm_at: int
    buy: _BoolArray
    sell: _BoolArray
    columns: dict[str, FloatArray]
    buy_limit: float | None = None
    sell_limit: float | None = None

    def silence(self, bar: int) -> str | None:
        """Return in words why the indicator has no value on the bar, None if it has one."""
        if not any(np.isnan(column[bar]) for column in self.columns.values()):
            return None
        return (
            f"{self.title} is not warm yet"
            if bar < self.warm_at
            else f"{self.title} has no value: the price stood still"
        )

    def says(self, bar: int, side: Literal["buy", "sell"]) -> str:
        """Return in words why the indicator voted `side` on the bar."""
        limit, sign, word = {
            "buy": (self.buy_limit, "<", "above"),
            "sell": (self.sell_limit, ">", "below"),
        }[side]
        values = [(title, float(column[bar])) for title, column in self.columns.items()]
        if limit is not None:
            shown, bound = apart(values[0][1], limit, 3)
            return f"{values[0][0]} {shown} {sign} {bound}"
        first, second = apart(values[0][1], values[1][1], 6)
        return f"{values[0][0]} {first} crossed {word} {values[1][0]} {second}"


Vote: TypeAlias = IndicatorVote | ConditionVote


def votes(rules: Rules, frame: Frame, timeframe: Timeframe | None = None) -> ActionArray:
    """Return (T,) int8: 1 buy, -1 sell, 0 hold."""
    return combined(rules, each_vote(rules, frame, timeframe))


def each_vote(rules: Rules, frame: Frame, timeframe: Timeframe | None = None) -> tuple[Vote, ...]:
    """Return the votes of each indicator, in the order of `rules.indicators`, or of each entry and then each exit condition.

    timeframe: of the bars; needed where a condition names one. Raises BadStrategyError for a condition on bars that cannot be
    made of these.
    """
    if isinstance(rules, ConditionRules):
        return condition_votes(rules, frame, timeframe)
    return tuple(_vote(indicator, frame) for indicator in rules.indicators)


def combined(rules: Rules, each: tuple[Vote, ...]) -> ActionArray:
    """Return (T,) int8; buy and sell at once is sell.

    Indicators: one is enough with `any`, `all` needs every one. Conditions: every entry buys, one exit sells.
    """
    if isinstance(rules, ConditionRules):
        buy = np.logical_and.reduce([vote.buy for vote in each[: len(rules.entry)]])
        sell = np.logical_or.reduce([vote.sell for vote in each[len(rules.entry) :]])
    else:
        join = np.logical_or if rules.combine == "any" else np.logical_and
        buy = join.reduce([vote.buy for vote in each])
        sell = join.reduce([vote.sell for vote in each])
    actions: ActionArray = np.where(sell, -1, np.where(buy, 1, 0)).astype(np.int8)
    return actions


def _vote(indicator: Indicator, frame: Frame) -> IndicatorVote:
    if isinstance(indicator, Rsi):
        return _rsi_vote(indicator, frame)
    if isinstance(indicator, Macd):
        return _macd_vote(indicator, frame)
    return _average_vote(indicator, frame)


def _rsi_vote(rule: Rsi, frame: Frame) -> IndicatorVote:
    column = rsi(frame.close, rule.period)
    title = f"rsi({rule.period})"
    # A comparison with NaN is False, so a bar that is not warm never votes.
    return IndicatorVote(
        title,
        rule.period,
        column < rule.buy_below,
        column > rule.sell_above,
        {title: column},
        rule.buy_below,
        rule.sell_above,
    )


def _average_vote(rule: Average, frame: Frame) -> IndicatorVote:
    column = (ema if rule.kind == "ema" else sma)(frame.close, rule.period)
    title = f"{rule.kind}({rule.period})"
    above, below = _crossings(frame.close, column)
    none = np.zeros(len(frame), np.bool_)
    return IndicatorVote(
        title,
        rule.period - 1,
        above if rule.buy_crosses_above else none,
        below if rule.sell_crosses_below else none,
        {"close": frame.close, title: column},
    )


def _macd_vote(rule: Macd, frame: Frame) -> IndicatorVote:
    line, signal_line, _ = macd(frame.close, rule.fast, rule.slow, rule.signal)
    above, below = _crossings(line, signal_line)
    title = f"macd({rule.fast},{rule.slow})"
    warm_at = rule.slow + rule.signal - 2
    return IndicatorVote(title, warm_at, above, below, {title: line, f"signal({rule.signal})": signal_line})


def _crossings(first: FloatArray, second: FloatArray) -> tuple[_BoolArray, _BoolArray]:
    """Tell where `first` went from at or below `second` to above it, and where from at or above to below."""
    above = np.zeros(len(first), np.bool_)
    below = np.zeros(len(first), np.bool_)
    above[1:] = (first[:-1] <= second[:-1]) & (first[1:] > second[1:])
    below[1:] = (first[:-1] >= second[:-1]) & (first[1:] < second[1:])
    return above, below
