"""What holds for every condition of the language, on random ones: no look-ahead, one spelling, and the same truth as told slowly."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.strategy.conditions.evaluate import Evaluator
from libs.strategy.conditions.lexer import tokens
from libs.strategy.conditions.opposite import opposite
from libs.strategy.conditions.parser import parse_condition
from libs.strategy.conditions.schema import Condition, ConditionRules
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import Numeric, Truth
from libs.strategy.conditions.view import View
from libs.strategy.conditions.words import facts, warm_at
from libs.strategy.rules import combined, each_vote
from tests.unit.market.series import HOUR, walk
from tests.unit.strategy.conditions_slowly import NearTie, Slowly
from tests.unit.strategy.conditions_trees import numerics, truths

BARS = 36
FRAMES = [walk(BARS, seed) for seed in range(3)]
FRAMES.append(
    Frame(
        FRAMES[0].ts,
        *(
            np.round(column, -1) + 10
            for column in (FRAMES[0].open, FRAMES[0].high, FRAMES[0].low, FRAMES[0].close, FRAMES[0].volume)
        ),
    )
)
LONG = [walk(90, seed) for seed in range(3)]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(truths())
def test_text_of_a_condition_reads_back_as_the_same_condition(tree: Truth) -> None:
    text = text_of(tree)
    assume(len(text) <= 1_000)
    assert parse_condition(text) == tree


@settings(max_examples=30, deadline=None, derandomize=True)
@given(truths(), st.randoms(use_true_random=False))
def test_letter_case_and_white_space_mean_nothing(tree: Truth, random: object) -> None:
    text = text_of(tree)
    assume(len(text) <= 400)
    spaced = "\n ".join(token.text.upper() for token in tokens(text, "/at"))
    assert parse_condition(f" {spaced}\t") == tree
    assert parse_condition(f"(({text}))") == tree


@settings(max_examples=30, deadline=None, derandomize=True)
@given(numerics(), st.integers(0, 3))
def test_value_of_every_bar_equals_the_one_computed_slowly(node: Numeric, which: int) -> None:
    frame = FRAMES[which]
    found, slowly = Evaluator(frame).number(node), Slowly(frame)
    wanted = np.array([slowly.number(node, bar) for bar in range(BARS)])
    scale = np.maximum(1.0, np.nanmax(np.abs(wanted), initial=0.0))
    assume(scale < 1e12)
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    assert np.allclose(found, wanted, rtol=1e-7, atol=1e-7 * scale, equal_nan=True)
    assert np.isnan(found[: min(BARS, warm_at(node))]).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(truths(), st.integers(0, 3))
def test_truth_of_every_bar_equals_the_one_told_slowly(tree: Truth, which: int) -> None:
    frame = FRAMES[which]
    slowly = Slowly(frame)
    try:
        wanted = [slowly.truth(tree, bar) for bar in range(BARS)]
    except NearTie:
        assume(False)
    found = Evaluator(frame).truth(tree)
    assert not (found.true & found.false).any()
    assert [True if a else False if b else None for a, b in zip(found.true, found.false, strict=True)] == wanted


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(truths(), st.sampled_from([None, Timeframe.H4])), min_size=1, max_size=2),
    st.lists(st.tuples(truths(), st.sampled_from([None, Timeframe.H4])), max_size=2),
    st.integers(0, 90),
    st.integers(0, 2),
)
def test_signals_of_a_prefix_equal_the_full_run_bit_for_bit(
    entry: list[tuple[Truth, Timeframe | None]], exits: list[tuple[Truth, Timeframe | None]], cut: int, which: int
) -> None:
    rules = ConditionRules(tuple(Condition(*one) for one in entry), tuple(Condition(*one) for one in exits))
    whole, part = LONG[which], LONG[which].until(int(LONG[which].ts[0]) + HOUR * (cut - 1))
    all_votes, votes = (each_vote(rules, frame, Timeframe.H1) for frame in (whole, part))
    assert combined(rules, votes).tolist() == combined(rules, all_votes).tolist()[:cut]
    for vote, full in zip(votes, all_votes, strict=True):
        assert vote.buy.tolist() == full.buy.tolist()[:cut]
        for title, column in vote.columns.items():
            assert column.tobytes() == full.columns[title][:cut].tobytes()
        if cut:
            assert vote.silence(cut - 1) == full.silence(cut - 1)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(truths(), st.integers(0, 3))
def test_reason_is_told_exactly_where_a_condition_is_known(tree: Truth, which: int) -> None:
    view = View(FRAMES[which])
    found = view.truth(tree)
    for bar in range(0, BARS, 5):
        assert bool(list(facts(view, tree, bar))) or not found.true[bar]
        assert bool(list(facts(view, tree, bar, holds=False))) or not found.false[bar]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(truths())
def test_opposite_never_holds_together_with_the_condition_and_turns_back(tree: Truth) -> None:
    evaluator = Evaluator(FRAMES[0])
    assert not (evaluator.truth(tree).true & evaluator.truth(opposite(tree)).true).any()
    assert opposite(parse_condition("rsi(14) < 30")) == parse_condition("rsi(14) >= 30")
