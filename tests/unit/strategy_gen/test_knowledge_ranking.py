"""Words, vectors and the sum of both rankings."""

import hashlib
import math
from array import array

import pytest

from services.strategy_gen.knowledge.embedding import HashedWords, Vector
from services.strategy_gen.knowledge.fusion import fuse
from services.strategy_gen.knowledge.vectors import Near
from services.strategy_gen.knowledge.words import stem, words


def cosine(left: Vector, right: Vector) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize(
    "family",
    [
        "volatility volatilities",
        "diversify diversified diversification diversifying",
        "cross crosses crossed crossing",
        "trade trades traded trading trader traders",
        "stop stops stopped stopping",
        "company companies",
        "optimize optimization optimized",
        "average averages averaging",
        "price prices priced pricing",
        "strategy strategies",
    ],
)
def test_stem_forms_of_a_word_meet(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


def test_stem_different_words_stay_apart() -> None:
    different = {
        "gap",
        "risk",
        "stop",
        "high",
        "low",
        "loss",
        "less",
        "bus",
        "bias",
        "basis",
        "price",
        "prize",
        "mean",
        "move",
        "news",
    }
    meeting = {
        frozenset({one, other}) for one in different for other in different if one < other and stem(one) == stem(other)
    }
    assert meeting == set()


def test_words_case_accents_ratios_and_stop_words() -> None:
    assert words("What is the P/E of a Café, in S&P?") == ["pe", "cafe", "sp"]
    assert words("how do I what 🚀 ''") == []


def test_embedder_same_text_same_bytes_for_ever() -> None:
    vector = HashedWords().embed(["The stop loss is placed two ATR below the entry."])[0]
    assert isinstance(vector, array)
    same = "4988b2e08882"
    assert hashlib.sha256(vector.tobytes()).hexdigest()[:12] == same, (
        "other vectors need another name than hashed-words-1"
    )


def test_embedder_vectors_have_length_1_and_1024_places() -> None:
    embedder = HashedWords()
    for vector in embedder.embed(["one gap", "gap gap gap up", "x" * 10_000]):
        assert len(vector) == 1_024
        assert math.isclose(cosine(vector, vector), 1.0, abs_tol=1e-6)
    assert embedder.embed(["the of and"])[0] == array("f", [0.0] * 1_024)


def test_embedder_order_and_company_of_a_text_do_not_change_its_vector() -> None:
    embedder = HashedWords()
    alone = embedder.embed(["moving averages cross"])[0]
    assert embedder.embed(["other", "moving averages cross"])[1] == alone
    assert HashedWords().embed(["moving averages cross"])[0] == alone


def test_embedder_related_words_are_nearer_than_foreign_ones() -> None:
    question, near, misspelt, far = HashedWords().embed(
        ["portfolio diversification", "diversified portfolios", "portfolo diversifcation", "tulip bulbs in Holland"]
    )
    assert cosine(question, near) > 0.8
    assert cosine(question, misspelt) > 0.15
    assert abs(cosine(question, far)) < 0.1


def test_fuse_sums_halves_and_breaks_ties_by_key() -> None:
    near = [Near("c", 0.8), Near("a", 0.4), Near("low", 0.01), Near("against", -0.9)]
    assert fuse(near, [("b", 0.4), ("a", 0.4)], 0.5) == [("a", 0.4), ("c", 0.4), ("b", 0.2)]


def test_fuse_scores_stay_within_0_and_1() -> None:
    assert fuse([Near("a", 1.001), Near("b", -0.9)], [("a", 1.0), ("b", 1.0)], 0.35) == [("a", 1.0), ("b", 0.65)]
