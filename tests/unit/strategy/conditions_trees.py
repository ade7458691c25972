"""Random trees of the condition language for the property tests, in the form the parser builds them."""

from typing import Any, cast

from hypothesis import strategies as st

from libs.strategy.conditions.opposite import TURNED
from libs.strategy.conditions.tree import (
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Not,
    Number,
    Numeric,
    Shift,
    Truth,
    all_of,
    any_of,
)

PERIODS = st.integers(2, 5).map(float)
COLUMNS = st.sampled_from(["open", "high", "low", "close", "volume"]).map(Column)
NUMBERS = st.one_of(st.integers(-120, 120).map(float), st.sampled_from([0.5, 1.25, 1e-8, 1e6])).map(Number)
OF_A_SOURCE = ("sma", "ema", "wma", "rsi", "roc", "change", "highest", "lowest")
OF_THE_BARS = {"atr": 1, "adx": 1, "plus_di": 1, "minus_di": 1, "obv": 0, "vwap": 1}
SIGNS = st.sampled_from(sorted(TURNED))


def _negative(of: Numeric) -> Numeric:
    return of.of if isinstance(of, Negative) else Negative(of)


@st.composite
def _of_a_source(draw: st.DrawFn, inner: st.SearchStrategy[Numeric]) -> Indicator:
    source: Numeric | None = draw(inner)
    name = draw(st.sampled_from((*OF_A_SOURCE, "macd", "bollinger")))
    if source == Column("close") and name not in ("highest", "lowest"):
        source = None
    if name == "macd":
        fast = draw(PERIODS)
        settings: tuple[float, ...] = (fast, fast + draw(PERIODS), draw(PERIODS))
        return Indicator(name, source, settings, draw(st.sampled_from(["line", "signal", "histogram"])))
    if name == "bollinger":
        bands = st.sampled_from(["upper", "middle", "lower"])
        return Indicator(name, source, (draw(PERIODS), draw(st.sampled_from([0.5, 2.0]))), draw(bands))
    return Indicator(name, source, (draw(PERIODS),), "")


@st.composite
def _of_the_bars(draw: st.DrawFn) -> Indicator:
    name = draw(st.sampled_from((*OF_THE_BARS, "donchian", "stochastic")))
    if name == "donchian":
        return Indicator(name, None, (draw(PERIODS),), draw(st.sampled_from(["upper", "middle", "lower"])))
    if name == "stochastic":
        settings = (draw(PERIODS), draw(PERIODS), draw(PERIODS))
        return Indicator(name, None, settings, draw(st.sampled_from(["k", "d"])))
    return Indicator(name, None, tuple(draw(PERIODS) for _ in range(OF_THE_BARS[name])), "")


def _larger(inner: st.SearchStrategy[Numeric]) -> st.SearchStrategy[Numeric]:
    """Return trees around `inner` that depend on the bars."""
    other = st.one_of(inner, NUMBERS)
    joined = st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, other)
    turned = st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), other, inner)
    shifted = st.builds(Shift, inner, st.integers(1, 4))
    return st.one_of(_of_a_source(inner), joined, turned, shifted, inner.map(_negative))


def numerics() -> st.SearchStrategy[Numeric]:
    """Return numbers that depend on the bars."""
    leaves = cast(st.SearchStrategy[Numeric], st.one_of(COLUMNS, _of_the_bars()))
    return st.recursive(leaves, _larger, max_leaves=4)


def truths() -> st.SearchStrategy[Truth]:
    """Return conditions."""
    moving = numerics()
    other = st.one_of(moving, NUMBERS)
    leaves: Any = st.one_of(
        st.builds(lambda a, sign, b: Comparison((a, b), (sign,)), moving, SIGNS, other),
        st.builds(lambda a, sign, b: Comparison((a, b), (sign,)), NUMBERS, SIGNS, moving),
        st.builds(lambda a, one, b, two, c: Comparison((a, b, c), (one, two)), other, SIGNS, moving, SIGNS, other),
        st.builds(Crossing, st.booleans(), moving, other),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: all_of(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: any_of(tuple(parts))),
        ),
        max_leaves=4,
    )
