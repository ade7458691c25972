"""Each kind of condition and way out once, on bars with ties, against what it means."""

from typing import Any as Anything

import numpy as np
import pytest

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
    Sentence,
    Span,
    Streak,
    Trend,
    Within,
)
from services.strategy_gen.compiler.writing.strategy import compile_sentence
from tests.unit.strategy_gen.compiler_write_meaning import Meaning, classified, positions, signals
from tests.unit.strategy_gen.compiler_write_trees import WORDS
from tests.unit.strategy_gen.test_compiler_write_trees import bars

FRAME = bars(90, 5, 0.5)
CLOSE, VOLUME = Column("close"), Column("volume")
TOP = Indicator("highest", (Span(5),), of="high", before=True)
RSI = Indicator("rsi", (Span(3),))
RISES = int(np.flatnonzero(np.diff(FRAME.close) > 0)[5])
TOUCHED = Number(float(FRAME.close[RISES]))
"""A level that the close stands on before it rises."""
SMA = Indicator("sma", (Span(4),))
UP = Compare(CLOSE, ">", Column("open"), WORDS)


def above(left: Anything, right: Anything) -> Compare:
    return Compare(left, ">", right, WORDS)


CASES: dict[str, Anything] = {
    "equal": Compare(CLOSE, "==", Column("close", Span(1)), WORDS),
    "at most": Compare(CLOSE, "<=", Column("low", Span(1)), WORDS),
    "number on the left": Compare(Number(100.0), ">=", CLOSE, WORDS),
    "breakout": above(CLOSE, TOP),
    "scaled average": above(VOLUME, Scaled(1.5, Indicator("sma", (Span(5),), of="volume", before=True))),
    "gap": Compare(Gap(), ">=", Number(0.005), WORDS),
    "scaled gap": above(Scaled(2.0, Gap()), Change(Span(1))),
    "gap near a gap": Within(Gap(), 0.5, Change(Span(2)), WORDS),
    "gap twice": Held(Compare(Gap(), "<=", Number(0.0), WORDS), Span(2), WORDS),
    "change of volume": above(Change(Span(2), "volume"), Number(0.5)),
    "from high": Compare(FromExtreme("high", Span(5)), "<=", Number(-0.01), WORDS),
    "from low": Compare(FromExtreme("low", Span(5)), "<", Number(0.005), WORDS),
    "between": Between(RSI, Number(40.0), Number(60.0), WORDS),
    "between closes": Between(CLOSE, Column("low", Span(1)), Column("high", Span(1)), WORDS),
    "cross of lines": Cross(SMA, "above", Indicator("ema", (Span(6),)), WORDS),
    "cross of a level": Cross(CLOSE, "above", Number(100.5), WORDS),
    "cross above after a touch": Cross(CLOSE, "above", TOUCHED, WORDS),
    "cross below after a touch": Cross(CLOSE, "below", Column("open", Span(1)), WORDS),
    "level crosses": Cross(Number(100.0), "below", CLOSE, WORDS),
    "rising": Trend(CLOSE, "rising", Span(2), WORDS),
    "falling volume": Trend(VOLUME, "falling", Span(3), WORDS),
    "within": Within(CLOSE, 0.005, SMA, WORDS),
    "within volume": Within(VOLUME, 0.3, Column("volume", Span(1)), WORDS),
    "streak": Streak("red", Span(2), WORDS),
    "held": Held(UP, Span(3), WORDS),
    "held from the start": Held(above(CLOSE, Number(float(FRAME.close[:4].min() - 0.5))), Span(4), WORDS),
    "held trend": Held(Trend(SMA, "rising", Span(2), WORDS), Span(2), WORDS),
    "either": Any((UP, All((above(RSI, Number(60.0)), Streak("green", Span(1), WORDS))))),
}


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_condition_and_its_negation_say_what_they_mean(name: str, holds: bool) -> None:
    tree = CASES[name] if holds else Not(CASES[name], WORDS)
    hits = Meaning(FRAME, {}).truth(tree)[0].tolist()
    code = compile_sentence(Sentence("x", "trade", tree, Not(tree, WORDS)), kind="python.signals").code
    assert [said == 1 for said in signals(code, FRAME)] == hits
    asked = compile_sentence(Sentence("x", "screen", tree), timeframe="1h")
    assert [said is not False and said["classification"] for said in classified(asked.code, FRAME, {})] == hits
    assert any(hits)


@pytest.mark.parametrize(
    "exits",
    [
        Exits(hold=Span(1)),
        Exits(hold=Span(4)),
        Exits(stop_loss=0.01),
        Exits(take_profit=0.01),
        Exits(trailing_stop=0.015),
        Exits(0.01, 0.02, 0.015, Span(6)),
    ],
)
@pytest.mark.parametrize("end", [None, Compare(CLOSE, "<", Column("low", Span(2)), WORDS)])
def test_way_out_leaves_where_it_means_to(exits: Exits, end: Anything) -> None:
    meaning = Meaning(FRAME, {})
    buy = meaning.truth(UP)[0]
    sell = meaning.truth(end)[0] if end else np.zeros(len(FRAME), bool)
    wanted = positions(FRAME, buy, sell, exits)
    assert signals(compile_sentence(Sentence("x", "trade", UP, end, exits)).code, FRAME) == wanted
    assert {0, 1} == set(wanted)


@pytest.mark.parametrize(
    ("tree", "figures", "hit"),
    [
        (Sector("Technology", WORDS), {"sector": "Information Technology"}, True),
        (Sector("Health Care", WORDS), {"sector": "Healthcare"}, True),
        (Sector("Shipping", WORDS), {"sector": "shipping"}, True),
        (Sector("Technology", WORDS), {"sector": "Energy"}, False),
        (Not(Sector("Technology", WORDS), WORDS), {"sector": "Energy"}, True),
        (Not(Sector("Technology", WORDS), WORDS), {}, False),
        (Compare(Figure("pe_ratio"), "<", Number(15.0), WORDS), {"pe_ratio": 14.9}, True),
        (Not(Compare(Figure("pe_ratio"), "<", Number(15.0), WORDS), WORDS), {"pe_ratio": 15.0}, True),
        (Not(Compare(Figure("pe_ratio"), "<", Number(15.0), WORDS), WORDS), {}, False),
        (Compare(CLOSE, ">", Scaled(10.0, Figure("eps")), WORDS), {"eps": 5.0}, True),
    ],
)
def test_company_figure_is_compared_and_unknown_is_neither(
    tree: Anything, figures: dict[str, Anything], hit: bool
) -> None:
    code = compile_sentence(Sentence("x", "screen", tree), timeframe="1h").code
    assert {said["classification"] for said in classified(code, FRAME, figures)} == {hit}


@pytest.mark.parametrize(
    ("tree", "score"),
    [
        (Compare(CLOSE, ">", Number(80.0), WORDS), lambda close: (close - 80) / 80),
        (Compare(CLOSE, "<=", Number(80.0), WORDS), lambda close: (80 - close) / 80),
        (
            All((Streak("green", Span(1), WORDS), Cross(CLOSE, "below", Number(80.0), WORDS))),
            lambda close: (80 - close) / 80,
        ),
        (Compare(CLOSE, ">", Number(0.0), WORDS), lambda close: close),
        (Compare(CLOSE, ">", Indicator("sma", (Span(500),)), WORDS), lambda _: None),
        (Streak("green", Span(1), WORDS), lambda _: None),
    ],
)
def test_score_is_how_far_the_first_comparison_is_beyond_its_limit(tree: Anything, score: Anything) -> None:
    said = classified(compile_sentence(Sentence("x", "screen", tree), timeframe="1h").code, FRAME, {})[-1]
    expected = score(float(FRAME.close[-1]))
    assert said.get("score") == (expected if expected is None else pytest.approx(expected))


def test_hit_tells_the_values_that_decided_to_four_digits_and_no_hit_tells_none() -> None:
    average = Indicator("sma", (Span(5),))
    tree = All((Compare(CLOSE, ">", average, WORDS), Compare(Change(Span(3)), ">", Number(0.0), WORDS)))
    answers = classified(compile_sentence(Sentence("x", "alert", tree), timeframe="1h").code, FRAME, {})
    hits = [bar for bar, said in enumerate(answers) if isinstance(said, dict) and said["classification"]]
    assert 0 < len(hits) < len(answers)
    for bar in hits:
        mean, change = FRAME.close[bar - 4 : bar + 1].mean(), FRAME.close[bar] / FRAME.close[bar - 3] - 1
        assert answers[bar]["data"] == {"sma": float(f"{mean:.4g}"), "change": float(f"{change:.4g}")}
    assert all("data" not in said for bar, said in enumerate(answers) if said is not False and bar not in hits)


def test_hit_tells_of_no_more_than_three_terms_and_of_none_that_is_not_known() -> None:
    spans = (2, 3, 4, 5, 10_000)
    rising = tuple(Compare(CLOSE, ">", Indicator("sma", (Span(bars),)), WORDS) for bars in spans[::-1])
    tree = Any((Compare(CLOSE, ">", Number(0.0), WORDS), *rising))
    said = classified(compile_sentence(Sentence("x", "alert", tree), timeframe="1h").code, FRAME, {})[-1]
    assert list(said["data"]) == ["sma_4", "sma_3"]
