"""Every sentence, compiled and run on made bars, against its reference meaning."""

from collections import Counter

import pytest

from libs.market.frame import Frame
from services.strategy_gen.compiler.errors import BadPromptError
from tests.unit.strategy_gen.sentences.bars import FIGURES, made
from tests.unit.strategy_gen.sentences.case import Case
from tests.unit.strategy_gen.sentences.every import CASES, TOPICS
from tests.unit.strategy_gen.sentences.running import agreement, compiled, complaints, strategy

BARS = 700
ASKED = {True: 20, False: 80}
"""Bars on which a classifier is asked about a symbol, of each company where figures count, else of one."""


def frames(case: Case) -> dict[str, Frame]:
    names = ("AAA",) if case.figures is None else tuple(FIGURES)
    return {name: made(case.bars, BARS, 1 + place) for place, name in enumerate(names)}


def faults(case: Case) -> list[str]:
    """Return one line for everything that is wrong with what a sentence becomes."""
    try:
        found = compiled(case)
    except BadPromptError as error:
        return [f"  refused                {case.text}: {error.detail}"]
    strategy(case, found)
    each = agreement(case, found, frames(case), FIGURES, ASKED[case.figures is not None])
    silent = [] if each.proves else [f"  never or always true    {case.text}"]
    return [*complaints(case, found), *silent, *([] if each.holds else [each.line])]


@pytest.mark.parametrize("topic", TOPICS)
def test_sentence_means_what_its_reference_says_on_made_bars(topic: str) -> None:
    found = [line for case in TOPICS[topic] for line in faults(case)]
    assert not found, "\n".join(
        [f"{len(TOPICS[topic])} sentences on {topic}", "equal bars   signals        sentence", *found]
    )


def test_sentences_are_enough_and_different() -> None:
    assert len(CASES) >= 320
    assert max(Counter(case.text.casefold() for case in CASES).values()) == 1
