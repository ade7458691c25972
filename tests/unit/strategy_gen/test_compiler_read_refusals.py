"""What is not understood is refused with its words, their place, and what is known instead."""

import pytest

from services.strategy_gen.compiler.errors import POINTER
from services.strategy_gen.compiler.reading.read import MOST_CHARACTERS, MOST_FINDINGS
from tests.unit.strategy_gen.compiler_read import refused

CASES = (
    ("Buy when the moon is full", "prompt.not_modelled", ("moon", "full")),
    ("Buy when RSI is below 30 and the Elliott wave is up", "prompt.not_modelled", ("Elliott wave",)),
    ("Buy if I feel good", "prompt.not_modelled", ("I feel good",)),
    ("Buy when RSI is below 30 with 10x leverage", "prompt.not_modelled", ("leverage",)),
    ("Buy call options when RSI is below 30", "prompt.not_modelled", ("call", "options")),
    ("Buy when CCI is below -100", "prompt.not_modelled", ("CCI",)),
    (
        "Buy when frobs are blue and RSI is below 30 and wibbles rise",
        "prompt.not_understood",
        ("frobs", "blue", "wibbles"),
    ),
    ("Buy when RSSI is below 30", "prompt.ambiguous", ("RSSI",)),
    ("Buy when rsii is below 30", "prompt.not_understood", ("rsii",)),
    ("Buy tsla when RSI is below 30", "prompt.not_understood", ("tsla",)),
    ("Find stocks near their 52-week low", "prompt.not_modelled", ("near",)),
    ("Buy when price is above", "prompt.incomplete", ("above",)),
    ("Buy when RSI is below 30 and", "prompt.incomplete", ("and",)),
    ("Buy when", "prompt.incomplete", ("when",)),
    ("Buy", "prompt.nothing_to_do", ("Buy",)),
    ("Find stocks", "prompt.nothing_to_do", ("Find",)),
    ("BTCUSDT", "prompt.nothing_to_do", ("BTCUSDT",)),
    ("Sell when RSI is above 70", "prompt.no_entry", ("Sell when RSI is above 70",)),
    ("Go short when RSI is above 70", "prompt.short", ("Go short",)),
    ("Buy when RSI is below 130", "prompt.out_of_range", ("RSI is below 130",)),
    ("Buy when RSI is between 40 and 10", "prompt.contradiction", ("between 40 and 10",)),
    ("Buy when RSI is above 70 and RSI is below 30", "prompt.contradiction", ("RSI is below 30",)),
    ("Buy when price is above price", "prompt.contradiction", ("price is above price",)),
    ("Buy when the 0-day average is above 10", "prompt.period", ("0-day",)),
    ("Buy when the 6000-day average is above 10", "prompt.period", ("6000-day",)),
    ("Buy when RSI(2.5) is below 30", "prompt.period", ("(2.5)",)),
    ("Buy when MACD(26, 12, 9) is above zero", "prompt.period", ("(26, 12, 9)",)),
    ("Buy on the weekly chart when RSI is below 30", "prompt.timeframe", ("weekly chart",)),
    ("Buy on the hourly chart when the daily RSI is below 30", "prompt.two_timeframes", ("daily",)),
    ("Buy AAPL when MSFT gaps up", "prompt.two_markets", ("MSFT",)),
    ("Buy when AAPL is above MSFT", "prompt.two_markets", ("MSFT",)),
    ("Buy when RSI crosses 30", "prompt.ambiguous", ("crosses",)),
    ("Buy when price is bullish", "prompt.not_understood", ("bullish",)),
    ("Buy when RSI is above volume", "prompt.cannot_compare", ("volume",)),
    ("Buy when it gaps up by 3", "prompt.unit", ("3",)),
    ("Buy when price is above 5%", "prompt.unit", ("5%",)),
    ("Buy when price is up 5% for 3 days", "prompt.ambiguous", ("price is up 5% for 3 days",)),
    ("Buy when RSI is 30", "prompt.no_comparison", ("30",)),
    ("Buy when above 30", "prompt.no_subject", ("above 30",)),
    ("Buy when RSI and volume is high", "prompt.no_comparison", ("RSI",)),
    ("Buy when RSI is below 30 and sell", "prompt.nothing_to_do", ("sell",)),
    ("Buy when RSI is below 30, stop loss 2%, stop loss 3%", "prompt.two_rules", ("stop loss 3%",)),
    ("Buy when RSI is below 30, stop loss 100%", "prompt.out_of_range", ("100%",)),
    ("Buy when RSI is below 30, stop loss 2", "prompt.misplaced", ("2",)),
    ("Buy when RSI is below 30, hold for at least 5 days", "prompt.not_modelled", ("hold for at least 5 days",)),
    ("Find stocks with RSI below 30, stop loss 2%", "prompt.exit_without_trade", ("stop loss 2%",)),
    ("Find stocks with RSI below 30 and alert me when RSI is above 70", "prompt.two_purposes", ("alert me",)),
    ("Buy when (RSI is below 30", "prompt.bracket", ("(",)),
    ("Buy when RSI is below 30 Buy when RSI is above 70", "prompt.two_rules", ("Buy",)),
    ("Buy when ((((((((((((((((((((((RSI is below 30))))))))))))))))))))))", "prompt.too_deep", ("(",)),
    ("Buy when RSI is not not below 30", "prompt.misplaced", ("not",)),
    ("Buy when price is above 99999999999999999", "prompt.out_of_range", ("99999999999999999",)),
    ("Buy when RSI is below 30 and sell when it is up 5%", "prompt.ambiguous", ("it is up 5%",)),
    ("When price drops 3%, sell; when RSI is below 30, buy", "prompt.ambiguous", ("price drops 3%",)),
    ("Buy when price is above EMA 20 plus 2 ATR", "prompt.not_understood", ("plus",)),
    ("Buy when price is above ATR", "prompt.cannot_compare", ("ATR",)),
    ("Buy when ATR is above its 20-day average", "prompt.cannot_compare", ("20-day average",)),
    ("Buy when RSI is above its 14-day average", "prompt.cannot_compare", ("14-day average",)),
    ("Buy when MACD crosses above its signal within 3 days", "prompt.misplaced", ("signal within 3 days",)),
    ("Buy when the 20-day MACD is above zero", "prompt.period", ("20-day MACD",)),
    ("Buy when the 20-day OBV is rising", "prompt.period", ("20-day OBV",)),
    ("Buy when the 20-day all-time high is above 10", "prompt.contradiction", ("20-day all-time high",)),
    ("Buy when the ATR of the high is above 2", "prompt.not_understood", ("ATR of the high",)),
    ("Buy when RSI(1) is below 30", "prompt.period", ("(1)",)),
    ("Buy when RSI is at least 30 or more", "prompt.contradiction", ("at least 30 or more",)),
    ("Buy when RSI is below 30 from entry", "prompt.misplaced", ("from entry",)),
    ("Buy 1 BTC when RSI is below 30", "prompt.not_modelled", ("1 BTC",)),
    ("Buy when price touches the lower Bollinger band", "prompt.not_modelled", ("touches",)),
    ("Buy 100 shares when RSI is below 30", "prompt.not_modelled", ("100 shares",)),
    ("Buy at 9:30 when RSI is below 30", "prompt.not_understood", ("9:30",)),
    ("Buy when price falls 5% from its 20-day low", "prompt.contradiction", ("falls 5% from its 20-day low",)),
    ("Buy when RSI is below 30 for at most 3 bars", "prompt.not_modelled", ("RSI is below 30 for at most 3 bars",)),
    ("Buy when price closes above the Bollinger bands", "prompt.not_modelled", ("Bollinger bands",)),
    ("Buy when the 20-day close is above 10", "prompt.not_understood", ("20-day close",)),
    ("Buy when the bar is above 10", "prompt.not_understood", ("bar",)),
)


@pytest.mark.parametrize(("text", "code", "phrases"), CASES)
def test_sentence_is_refused_with_the_phrases_and_their_places(text: str, code: str, phrases: tuple[str, ...]) -> None:
    error = refused(text)
    assert (error.code, tuple(one["phrase"] for one in error.diagnostics)) == (code, phrases)
    assert error.pointer == POINTER
    assert error.hint
    for one in error.diagnostics:
        assert one["phrase"] == text[one["start"] : one["end"]]
        assert one["line"] == 1
        assert one["column"] == one["start"] + 1
        assert one["phrase"] in one["message"] or one["message"].count("\\")
        assert len(one["nearest"]) <= 3


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Buy when rsii is below 30", "rsi"),
        ("Buy when price is below the lower bolinger band", "bollinger band"),
        ("Buy when price crosess above 10", "crosses above"),
        ("Buy when the 50-day movng average is above 10", "moving average"),
        ("Find stocks with a divident yield above 3%", "dividend yield"),
        ("Bye when RSI is below 30", "buy"),
        ("Buy when RSI is below 30 with a treiling stop of 3%", "trailing stop"),
    ],
)
def test_misspelt_word_is_refused_with_the_phrase_that_was_meant(text: str, nearest: str) -> None:
    (found,) = refused(text).diagnostics
    assert nearest in found["nearest"]


def test_place_counts_lines_and_columns_from_one() -> None:
    (found,) = refused("Buy when RSI is below 30\n  and frobs rise").diagnostics
    assert (found["phrase"], found["line"], found["column"], found["start"]) == ("frobs", 2, 7, 31)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "prompt.empty", (0, 0)),
        (" \n\t ", "prompt.empty", (0, 4)),
        ("Buy when RSI\x00 < 30", "prompt.control", (12, 13)),
        ("Buy when RSI\u200b < 30", "prompt.control", (12, 13)),
        ("Buy when RSI\u202e < 30", "prompt.control", (12, 13)),
        ("x" * (MOST_CHARACTERS + 1), "prompt.too_long", (MOST_CHARACTERS, MOST_CHARACTERS + 1)),
        (". , ;", "prompt.nothing_to_do", None),
        ("please", "prompt.nothing_to_do", (0, 6)),
    ],
)
def test_text_without_a_sentence_is_refused(text: str, code: str, place: tuple[int, int] | None) -> None:
    error = refused(text)
    (found,) = error.diagnostics
    assert error.code == code
    assert place is None or (found["start"], found["end"]) == place


def test_many_unknown_phrases_are_told_up_to_a_limit() -> None:
    error = refused("buy when " + "xqzt is above 5 and " * 120)
    assert len(error.diagnostics) == MOST_FINDINGS
    assert {one["phrase"] for one in error.diagnostics} == {"xqzt"}
