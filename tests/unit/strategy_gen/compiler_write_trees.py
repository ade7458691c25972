"""Random trees of what sentences may say, for the property tests of the writer; every length of time is in bars."""

from typing import Any as Anything

from hypothesis import strategies as st

from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Change,
    Column,
    Compare,
    Condition,
    Cross,
    Exits,
    Figure,
    FromExtreme,
    Gap,
    Held,
    Indicator,
    Not,
    Number,
    Phrase,
    Scaled,
    Sector,
    Sentence,
    Span,
    Streak,
    Trend,
    Within,
)

WORDS = Phrase('a "phrase" \\ of\n it', 0, 5)
PERIODS = st.integers(2, 6).map(Span)
BARS = st.integers(1, 4).map(Span)
PRICES = st.sampled_from(["open", "high", "low", "close", "volume"])
COLUMNS = st.builds(Column, PRICES, st.sampled_from([Span(0), Span(0), Span(1), Span(3)]))
ONE_PERIOD = ("sma", "ema", "wma", "rsi", "roc", "highest", "lowest", "atr", "vwap")
PARTS = {
    "bollinger": ("upper", "middle", "lower"),
    "adx": ("adx", "plus_di", "minus_di"),
}


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    name: Anything = draw(st.sampled_from((*ONE_PERIOD, *PARTS, "macd", "stochastic", "obv")))
    of: Anything = draw(PRICES)
    before = draw(st.booleans())
    if name == "macd":
        fast = draw(st.integers(2, 4))
        spans = (Span(fast), Span(fast + draw(st.integers(1, 3))), draw(PERIODS))
        return Indicator(name, spans, of, draw(st.sampled_from(["", "line", "signal", "histogram"])), before=before)
    if name == "stochastic":
        return Indicator(name, (draw(PERIODS), draw(BARS), draw(BARS)), part=draw(st.sampled_from(["k", "d"])))
    if name == "obv":
        return Indicator(name, before=before)
    part = draw(st.sampled_from(PARTS[name])) if name in PARTS else ""
    return Indicator(name, (draw(PERIODS),), of, part, draw(st.sampled_from([1.0, 2.0])), before)


LEVELS = st.sampled_from([-0.02, 0.0, 0.01, 1.0, 30.0, 50.0, 70.0, 99.5, 100.0, 101.0]).map(Number)
MOVES = st.one_of(
    st.builds(Change, BARS, PRICES), st.just(Gap()), st.builds(FromExtreme, st.sampled_from(["high", "low"]), PERIODS)
)
SERIES = st.one_of(COLUMNS, indicators(), MOVES)
SCALED = st.builds(Scaled, st.sampled_from([0.5, 1.02, 2.0]), SERIES)
TERMS = st.one_of(SERIES, SERIES, SCALED)
ENDS = st.one_of(LEVELS, TERMS)
OPS = st.sampled_from(["<", "<=", ">", ">=", "=="])
WAYS = st.sampled_from(["above", "below"])
TRENDS = st.sampled_from(["rising", "falling"])


def pairs(kind: Anything, middle: st.SearchStrategy[Anything]) -> st.SearchStrategy[Anything]:
    """Conditions of two terms, one of which may be a number on either side."""
    either = st.one_of(st.tuples(TERMS, ENDS), st.tuples(LEVELS, TERMS))
    return st.builds(lambda ends, between: kind(ends[0], between, ends[1], WORDS), either, middle)


LEAVES: st.SearchStrategy[Anything] = st.one_of(
    pairs(Compare, OPS),
    pairs(Compare, OPS),
    pairs(Cross, WAYS),
    st.builds(Between, TERMS, ENDS, ENDS, st.just(WORDS)),
    st.builds(Trend, TERMS, TRENDS, BARS, st.just(WORDS)),
    st.builds(Within, ENDS, st.sampled_from([0.001, 0.02, 0.3]), TERMS, st.just(WORDS)),
    st.builds(Streak, st.sampled_from(["green", "red"]), BARS, st.just(WORDS)),
)
FIGURES: st.SearchStrategy[Anything] = st.one_of(
    st.builds(Compare, st.sampled_from(["pe_ratio", "beta"]).map(Figure), OPS, LEVELS, st.just(WORDS)),
    st.builds(Between, st.just(Figure("pe_ratio")), LEVELS, LEVELS, st.just(WORDS)),
    st.builds(Sector, st.sampled_from(["Technology", "Health Care", "Shipping"]), st.just(WORDS)),
    st.builds(Compare, COLUMNS, OPS, st.just(Scaled(10.0, Figure("eps"))), st.just(WORDS)),
)


def several(parts: st.SearchStrategy[Anything]) -> st.SearchStrategy[Anything]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(All, some), st.builds(Any, some), st.builds(Not, parts, st.just(WORDS)))


def trees(leaves: st.SearchStrategy[Anything] = LEAVES) -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves, lambda inner: st.one_of(several(inner), st.builds(Held, inner, BARS, st.just(WORDS))), max_leaves=5
    )


SHARES = st.none() | st.sampled_from([0.005, 0.02])
EXITS = st.builds(Exits, SHARES, SHARES, SHARES, st.none() | BARS)


def traded() -> st.SearchStrategy[Sentence]:
    """Sentences that a strategy of signals carries."""
    return st.builds(
        lambda entry, end, exits: Sentence(WORDS.text, "trade", entry, end, exits), trees(), st.none() | trees(), EXITS
    )


def is_level(node: Anything) -> bool:
    """Tell whether a tree asks for the level of the on-balance volume, which a classifier refuses."""
    if isinstance(node, Indicator):
        return node.name == "obv"
    if isinstance(node, Trend):
        return False
    inner = node if isinstance(node, tuple) else [getattr(node, name) for name in getattr(node, "__slots__", ())]
    return any(is_level(part) for part in inner)


def screened() -> st.SearchStrategy[Sentence]:
    """Sentences that a classifier carries; company figures stand beside prices, and not inside `Held`."""
    prices = trees().filter(lambda tree: not is_level(tree))
    whole = several(st.one_of(FIGURES, prices))
    return st.builds(
        lambda entry, bars: Sentence(WORDS.text, "screen", entry, exits=Exits(hold=bars)), whole, st.none() | BARS
    )
