"""Sentences that are not understood in full: refused, quoted at their place, and never half done."""

import time

import pytest

from services.strategy_gen.compiler.compile import compile_text
from services.strategy_gen.compiler.errors import BadPromptError
from tests.unit.strategy_gen.sentences.refused import ALL, MISSPELT, Refused


def refusal(text: str, timeframe: str | None = "1h") -> BadPromptError:
    with pytest.raises(BadPromptError) as caught:
        compile_text(text, timeframe=timeframe)
    return caught.value


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.text[:60])
def test_refusal_quotes_the_phrase_at_its_place(case: Refused) -> None:
    error = refusal(case.text, case.timeframe)
    assert error.pointer == "/text"
    assert error.detail
    quoted = []
    for found in error.diagnostics:
        assert case.text[found["start"] : found["end"]] == found["phrase"]
        before = case.text[: found["start"]]
        assert found["line"] == before.count("\n") + 1
        assert found["column"] == len(before) - (before.rfind("\n") + 1) + 1
        assert found["message"]
        quoted.append(found["phrase"])
    assert case.phrase in quoted


@pytest.mark.parametrize("case", [case for case in ALL if case.near or case.hint], ids=lambda case: case.text[:60])
def test_refusal_offers_what_is_known(case: Refused) -> None:
    error = refusal(case.text, case.timeframe)
    told = " ".join(f"{found['message']} {found['hint']}" for found in error.diagnostics).casefold()
    assert case.hint in told
    offered = {each.casefold() for found in error.diagnostics for each in found["nearest"]}
    assert not case.near or offered & set(case.near), offered


def test_refusals_are_enough() -> None:
    assert len(ALL) >= 70
    assert len(MISSPELT) >= 15
    assert len({case.text for case in ALL}) == len(ALL)


def test_refusal_in_a_text_of_lines_counts_lines_and_columns_from_one() -> None:
    text = "Buy when RSI is below 30\nand the moon is full,\nsell when RSI is above 70"
    found = [each for each in refusal(text).diagnostics if "moon" in each["phrase"]]
    assert [(each["line"], each["column"] + each["phrase"].index("moon")) for each in found] == [(2, 9)]


def test_refusal_of_several_phrases_names_the_first_and_counts_on() -> None:
    error = refusal("Buy when the supertrend is up and sell when the ichimoku cloud is red")
    assert "supertrend" in error.detail
    assert error.diagnostics[0]["start"] <= len("Buy when the ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "(" * 5_000,
        "buy when rsi is below 30 and " * 2_000,
        "x" * 100_000,
        "not " * 3_000 + "oversold",
        "\x00buy\x00",
    ],
    ids=["empty", "blank", "brackets", "long", "one word", "nots", "zero bytes"],
)
def test_refusal_of_what_is_no_sentence_is_quick_and_typed(text: str) -> None:
    start = time.perf_counter()
    refusal(text)
    assert time.perf_counter() - start < 1.0
