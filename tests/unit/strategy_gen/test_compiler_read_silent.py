"""Words that were easily dropped or read as half of what they say: told as an assumption, or refused with what to write instead."""

import pytest

from services.strategy_gen.compiler.compile import compile_text
from services.strategy_gen.compiler.reading.read import read
from services.strategy_gen.compiler.tree import Assumed
from tests.unit.strategy_gen.compiler_read import entry, refused

EVERY = "every symbol of the universe"
COIN_OR_NOT = f"{EVERY}, coin or not"

CAPITALS = (
    ("Buy NOW when RSI is below 30", "NOW"),
    ("Buy ARM, ALL and NOW when RSI is below 30", "ALL"),
    ("Buy ALL, NOW, IT and SO when RSI is below 30", "ALL"),
    ("Buy A when RSI is below 30", "A"),
    ("Buy IT when RSI is below 30", "IT"),
    ("Buy ARE when RSI is below 30", "ARE"),
    ("Buy COIN when RSI is below 30", "COIN"),
    ("Buy ON when RSI is below 30", "ON"),
    ("Buy UP when RSI is below 30", "UP"),
    ("Buy TECH when RSI is below 30", "TECH"),
    ("Alert me when NOW is above 1000", "NOW"),
    ("Alert me when ALL gaps up", "ALL"),
)

REFUSED = (
    ("Find crypto stocks with RSI below 30", "prompt.not_modelled", "stocks", "universe"),
    ("Find stocks and crypto with RSI below 30", "prompt.not_modelled", "crypto", "universe"),
    ("Find symbols that are crypto with RSI below 30", "prompt.not_modelled", "crypto", "universe"),
    ("Find assets in crypto with RSI below 30", "prompt.not_modelled", "crypto", "universe"),
    ("Find stocks with debt to equity below 50", "prompt.unit", "50", '"0.5" or "50%"'),
    ("Find stocks with debt to equity between 20 and 50", "prompt.unit", "20", '"0.2" or "20%"'),
    ("Buy when price is above the 20 day high or low", "prompt.ambiguous", "high or low", "write both out"),
    ("Find stocks at a 20-day high or low", "prompt.ambiguous", "high or low", "write both out"),
    ("Buy when price is above yesterday's high or low", "prompt.ambiguous", "high or low", "write both out"),
    ("Buy when price is above the 20-day low and high", "prompt.ambiguous", "low and high", "write both out"),
    ("Buy when the 20-day high and low are rising", "prompt.ambiguous", "high and low", "write both out"),
    (
        "Buy when price is above the high or low of the last 20 days",
        "prompt.ambiguous",
        "high or low",
        "write both out",
    ),
    ("Find stocks at an all-time high", "prompt.not_modelled", "at an all-time high", "N-day high"),
    ("Find stocks at all-time lows", "prompt.not_modelled", "at all-time lows", "N-day low"),
    ("Buy when RSI crosses 50", "prompt.ambiguous", "crosses", '"crosses above" or "crosses below"'),
)

BOTH_NEEDED = (
    ("sell when RSI > 70 and after 10 days", "70 and after 10 days"),
    ("sell when RSI > 70, and after 10 days", "70, and after 10 days"),
    ("sell when RSI > 70 and 10 days later", "70 and 10 days later"),
    ("sell after 10 days and when RSI > 70", "after 10 days and when RSI"),
)

EITHER = (
    "sell when RSI > 70 or after 10 days",
    "sell after 10 days or when RSI > 70",
    "sell when RSI > 70. Sell after 10 days",
)


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("Find crypto with RSI below 30", Assumed("crypto", COIN_OR_NOT)),
        ("Find crypto coins up 5% in 3 days", Assumed("crypto", COIN_OR_NOT)),
        ("Alert me when a coin is oversold", Assumed("coin", COIN_OR_NOT)),
        ("Buy crypto when RSI is below 30", Assumed("crypto", COIN_OR_NOT)),
        ("Find large cap stocks with P/E below 15", Assumed("stocks", EVERY)),
    ],
)
def test_noun_for_all_there_is_filters_nothing_and_says_so(text: str, assumed: Assumed) -> None:
    found = compile_text(text).assumptions
    assert found[0] == assumed
    assert [one.meaning for one in found if EVERY in one.meaning] == [assumed.meaning]


@pytest.mark.parametrize(
    "text",
    ["Find BTCUSDT crypto with RSI below 30", "Buy when volume is above 1 million shares", "Buy when RSI is below 30"],
)
def test_sentence_with_symbols_or_without_such_a_noun_says_nothing_of_a_universe(text: str) -> None:
    assert all(EVERY not in one.meaning for one in read(text).assumed)


@pytest.mark.parametrize(("text", "word"), CAPITALS)
def test_word_in_capitals_that_may_be_a_symbol_is_refused(text: str, word: str) -> None:
    error = refused(text)
    assert (error.code, error.diagnostics[0]["phrase"]) == ("prompt.ambiguous", word)
    assert f"${word}" in str(error.hint)


@pytest.mark.parametrize("symbol", ["NOW", "ALL", "COIN", "A", "ON"])
def test_word_with_a_dollar_sign_is_the_symbol(symbol: str) -> None:
    assert read(f"Buy ${symbol} when RSI is below 30").symbols == (symbol,)


@pytest.mark.parametrize(
    "text",
    [
        "BUY when RSI is below 30 AND price is above SMA 50",
        "buy WHEN RSI is below 30",
        "BUY BTCUSDT NOW WHEN THE RSI IS BELOW 30 on the 1h chart",
        "A stock is oversold",
    ],
)
def test_word_in_capitals_that_is_stressed_is_a_word(text: str) -> None:
    assert "rsi(14) < 30" in entry(text)


@pytest.mark.parametrize(("text", "code", "phrase", "hint"), REFUSED)
def test_sentence_of_which_half_would_be_lost_is_refused(text: str, code: str, phrase: str, hint: str) -> None:
    error = refused(text)
    assert (error.code, error.diagnostics[0]["phrase"]) == (code, phrase)
    assert hint in str(error.hint)


@pytest.mark.parametrize(("way_out", "phrase"), BOTH_NEEDED)
def test_way_out_after_a_condition_and_a_time_is_refused(way_out: str, phrase: str) -> None:
    error = refused(f"Buy when RSI < 30. {way_out}")
    assert (error.code, error.diagnostics[0]["phrase"]) == ("prompt.ambiguous", phrase)
    assert "or after 10 days" in str(error.hint)


def test_way_out_after_a_time_and_a_stop_is_read() -> None:
    exits = read("Buy when RSI < 30, sell after 10 days and use a 5% stop loss").exits
    assert (exits.hold is not None, exits.stop_loss) == (True, 0.05)


@pytest.mark.parametrize("way_out", EITHER)
def test_way_out_after_a_condition_or_a_time_is_the_first_of_them(way_out: str) -> None:
    sentence = read(f"Buy when RSI < 30. {way_out}")
    assert sentence.exit is not None
    assert sentence.exits.hold is not None
    assert sentence.exits.hold.count == 10


@pytest.mark.parametrize(
    ("claim", "meaning", "why"),
    [
        ("P/B under 1", "pb_ratio < 1 & pb_ratio > 0", "book value"),
        ("P/S at most 2", "ps_ratio <= 2 & ps_ratio > 0", "sales"),
        ("PEG 1 or less", "peg_ratio <= 1 & peg_ratio > 0", "loss"),
        ("EV/EBITDA below 8", "ev_to_ebitda < 8 & ev_to_ebitda > 0", "loss"),
        ("P/E below 15", "pe_ratio < 15 & pe_ratio > 0", "loss"),
        ("debt to equity below 50%", "debt_to_equity < 0.5", ""),
        ("debt to equity above 2", "debt_to_equity > 2", ""),
    ],
)
def test_small_ratio_is_above_zero_and_a_percentage_is_a_share(claim: str, meaning: str, why: str) -> None:
    sentence = read(f"Find firms with {claim}")
    assert entry(f"Find firms with {claim}") == meaning
    told = [one.meaning for one in sentence.assumed if one.meaning.startswith("and above 0")]
    assert len(told) == bool(why)
    assert why in "".join(told)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("buy btc when rsi is below 30", "btc"),
        ("buy when rsi is below 30, sell eth when rsi is above 70", "eth"),
        ("alert me when rsi is below 30 on doge", "doge"),
    ],
)
def test_unknown_word_where_a_symbol_stands_is_told_to_be_in_capitals(text: str, word: str) -> None:
    found = refused(text).diagnostics[0]
    assert (found["phrase"], found["nearest"]) == (word, [])
    assert found["hint"] == "A symbol is written in capitals, as in BTC or BTCUSDT."


def test_misspelt_word_after_buy_is_still_put_right() -> None:
    assert "when" in refused("buy wehn rsi is below 30").diagnostics[0]["nearest"]


@pytest.mark.parametrize("whose", ["the", "its", "a"])
def test_fall_from_a_high_is_read_whatever_stands_before_the_high(whose: str) -> None:
    assert entry(f"Buy when price falls 5% from {whose} 20-day high") == "from_high(20d) <= -0.05"


def test_price_above_the_high_or_another_condition_on_the_low_is_read() -> None:
    text = "Buy when price is above the 20-day high or low is below 50"
    assert entry(text) == "close > highest(20d of high before) | low < 50"
