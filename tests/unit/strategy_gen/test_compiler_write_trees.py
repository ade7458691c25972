"""Every tree becomes code that passes the checker, runs on any bars and says what the tree means."""

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.market.frame import Frame
from libs.strategy.check import check
from services.strategy_gen.compiler.tree import Sentence
from services.strategy_gen.compiler.writing.exits import completed, has_exits
from services.strategy_gen.compiler.writing.strategy import compile_sentence
from tests.support import build
from tests.unit.strategy_gen.compiler_write_meaning import Meaning, classified, positions, signals
from tests.unit.strategy_gen.compiler_write_trees import screened, traded

BARS = 50
FIGURES = st.fixed_dictionaries(
    {},
    optional={
        "pe_ratio": st.sampled_from([0.5, 30.0, 45.0]),
        "beta": st.sampled_from([0.9, 1.0]),
        "eps": st.sampled_from([-1.0, 9.5, 12.0]),
        "sector": st.sampled_from(["Information Technology", "Healthcare", "Energy"]),
    },
)


def bars(count: int, seed: int, step: float) -> Frame:
    """Random bars around 100, whose values are multiples of `step`: a coarse one gives ties, flat bars and bars without volume."""
    random = np.random.default_rng(seed)
    close = 100 + np.cumsum(np.round(random.normal(0, 0.8, count) / step) * step)
    opened = close + np.round(random.normal(0, 0.6, count) / step) * step
    reach = np.round(np.abs(random.normal(0, 0.7, (2, count))) / step) * step
    high, low = np.maximum(opened, close) + reach[0], np.minimum(opened, close) - reach[1]
    volume = np.round(np.maximum(random.normal(60, 50, count), 0) / step) * step
    return Frame.of(build.walk(count).ts if count else build.walk(1).ts[:0], opened, high, low, close, volume)


FRAMES = st.builds(bars, st.just(BARS), st.integers(0, 50), st.sampled_from([0.5, 1e-6]))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=traded(), frame=FRAMES)
def test_signals_of_any_tree_are_what_it_means(sentence: Sentence, frame: Frame) -> None:
    written = compile_sentence(sentence)
    report = check(written.code)
    assert (report.ok, report.diagnostics) == (True, ())
    meaning = Meaning(frame, {})
    whole, _ = completed(sentence)
    buy = meaning.truth(whole.entry)[0]
    sell = meaning.truth(whole.exit)[0] if whole.exit else np.zeros(len(frame), bool)
    said = signals(written.code, frame)
    assume(not meaning.close_calls.any())
    if has_exits(whole.exits):
        assert said == positions(frame, buy, sell, whole.exits)
    else:
        assert said == np.where(sell, -1, np.where(buy, 1, 0)).tolist()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=screened(), frame=FRAMES, figures=FIGURES)
def test_classifier_of_any_tree_is_what_it_means(sentence: Sentence, frame: Frame, figures: dict[str, Any]) -> None:
    written = compile_sentence(sentence, timeframe="1h")
    report = check(written.code)
    assert (report.ok, report.diagnostics) == (True, ())
    meaning = Meaning(frame, figures)
    hits = meaning.truth(sentence.entry)[0]
    said = classified(written.code, frame, figures)
    assume(not meaning.close_calls.any())
    assert [answer is not False and answer["classification"] for answer in said] == hits.tolist()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=traded(), count=st.sampled_from([0, 1, 2, 5]), seed=st.integers(0, 9))
def test_signals_of_any_tree_run_on_a_short_history(sentence: Sentence, count: int, seed: int) -> None:
    said = signals(compile_sentence(sentence).code, bars(count, seed, 0.5))
    assert len(said) == count


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=traded(), price=st.sampled_from([64.0, 100.1]), volume=st.sampled_from([0.0, 3.7]))
def test_signals_of_any_tree_run_on_bars_that_do_not_move(sentence: Sentence, price: float, volume: float) -> None:
    still = np.full(40, price)
    frame = Frame.of(build.walk(40).ts, still, still, still, still, np.full(40, volume))
    assert len(signals(compile_sentence(sentence).code, frame)) == 40


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=traded(), frame=FRAMES, cut=st.integers(1, BARS - 1))
def test_signals_of_any_tree_do_not_change_when_later_bars_come(sentence: Sentence, frame: Frame, cut: int) -> None:
    code = compile_sentence(sentence).code
    assert signals(code, frame.until(int(frame.ts[cut - 1]))) == signals(code, frame)[:cut]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(sentence=st.one_of(traded(), screened()))
def test_same_tree_gives_the_same_bytes(sentence: Sentence) -> None:
    assert compile_sentence(sentence) == compile_sentence(sentence)
