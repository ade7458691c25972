"""Sentences put together from templates: all compile, pass the checker and run, and mean the same by both contracts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from libs.strategy.spec import parse
from services.strategy_gen.compiler.compile import Compiled, compile_text
from services.strategy_gen.compiler.errors import BadPromptError
from tests.unit.strategy_gen.sentences.bars import FIGURES, made
from tests.unit.strategy_gen.sentences.running import loaded
from tests.unit.strategy_gen.sentences.templates import JOINED, SENTENCES

FRAME = made("1h", 420, 3)
SHORT = FRAME.tail(160)
ASKED = (*range(0, 70, 7), *range(70, 420, 23))


def examples(count: int) -> Callable[[Any], Any]:
    """The same examples every time; how long one takes depends on the machine."""
    return settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def read(text: str) -> Compiled:
    """Return what the sentence becomes; what cannot ever be true is no example."""
    try:
        return compile_text(text, timeframe="1h")
    except BadPromptError as error:
        assume(error.code != "prompt.contradiction")
        raise


def runs(text: str) -> None:
    found = read(text)
    strategy = parse(kind=found.kind, code=found.code, symbols=("AAA",), timeframe="1h")
    assert strategy.kind == found.kind
    seen = [0]
    space = loaded(found.code, {"AAA": SHORT}, FIGURES, seen)
    if found.kind == "python.signals":
        said = np.asarray(space["generate_signals"](SHORT.to_pandas()))
        assert said.shape == (len(SHORT),)
        assert set(np.unique(said)) <= ({0, 1} if space.get("SIGNAL_MODE") == "position" else {-1, 0, 1})
        return
    for bar in (0, 1, 40, len(SHORT) - 1):
        seen[0] = bar
        assert isinstance(space["classify_symbol"]("AAA"), bool | dict)


def agrees(condition: str) -> None:
    """The code that sees all bars at once and the code that is asked bar by bar were written apart."""
    signals = read(f"Buy when {condition}; sell when the close is below 0.001")
    buys = np.asarray(loaded(signals.code, {}, {}, [0])["generate_signals"](FRAME.to_pandas())) == 1
    seen = [0]
    code = read(f"Find coins where {condition}").code
    classify = loaded(code, {"AAA": FRAME}, {}, seen)["classify_symbol"]
    hits = []
    for bar in ASKED:
        seen[0] = bar
        answer = classify("AAA")
        hits.append(answer["classification"] if isinstance(answer, dict) else answer)
    assert hits == buys[list(ASKED)].tolist()


@examples(50)
@given(SENTENCES)
def test_sentence_of_the_templates_compiles_passes_the_checker_and_runs(text: str) -> None:
    runs(text)


@examples(30)
@given(JOINED)
def test_condition_of_the_templates_means_the_same_by_both_contracts(condition: str) -> None:
    agrees(condition)


@pytest.mark.full
@examples(1_000)
@given(SENTENCES)
def test_a_thousand_sentences_of_the_templates_compile_pass_the_checker_and_run(text: str) -> None:
    runs(text)


@pytest.mark.full
@examples(500)
@given(JOINED)
def test_five_hundred_conditions_mean_the_same_by_both_contracts(condition: str) -> None:
    agrees(condition)
