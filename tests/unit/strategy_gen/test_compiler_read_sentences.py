"""Whole sentences: what is to be done, when to leave, on which markets and bars, in the word orders people use."""

from typing import Any

import pytest

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.read import known_phrases, read
from tests.unit.strategy_gen.compiler_read import condition, span

CASES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Buy when RSI < 30 and sell when RSI > 70", "trade", "rsi(14) < 30", {"exit": "rsi(14) > 70"}),
    ("Sell when RSI > 70 and buy when RSI < 30", "trade", "rsi(14) < 30", {"exit": "rsi(14) > 70"}),
    ("When RSI is below 30, buy; when RSI is above 70, sell.", "trade", "rsi(14) < 30", {"exit": "rsi(14) > 70"}),
    ("If RSI < 30 buy, if RSI > 70 sell", "trade", "rsi(14) < 30", {"exit": "rsi(14) > 70"}),
    ("Go long if RSI < 30. Exit when it is above 70.", "trade", "rsi(14) < 30", {"exit": "rsi(14) > 70"}),
    (
        "Please enter long when RSI < 30 and close the position when RSI > 70",
        "trade",
        "rsi(14) < 30",
        {"exit": "rsi(14) > 70"},
    ),
    ("I want to buy BTCUSDT whenever RSI < 30", "trade", "rsi(14) < 30", {"symbols": ("BTCUSDT",)}),
    ("BUY WHEN RSI IS BELOW 30", "trade", "rsi(14) < 30", {}),
    (
        "buy BTC/USDT on the 4h chart when RSI < 30",
        "trade",
        "rsi(14) < 30",
        {"symbols": ("BTCUSDT",), "timeframe": "4h"},
    ),
    ("Buy AAPL and MSFT when RSI < 30", "trade", "rsi(14) < 30", {"symbols": ("AAPL", "MSFT")}),
    (
        "On the daily chart, buy ETHUSDT when RSI < 30",
        "trade",
        "rsi(14) < 30",
        {"symbols": ("ETHUSDT",), "timeframe": "1d"},
    ),
    (
        "Buy when RSI < 30 on btcusdt using 15-minute candles",
        "trade",
        "rsi(14) < 30",
        {"symbols": ("BTCUSDT",), "timeframe": "15m"},
    ),
    ("Buy when the 4-hour RSI is below 30", "trade", "rsi(14) < 30", {"timeframe": "4h"}),
    ("Alert me when ARM gaps up by 5% or more", "alert", "gap >= 0.05", {"symbols": ("ARM",)}),
    ("Tell me when $AAPL closes below 150", "alert", "close < 150", {"symbols": ("AAPL",)}),
    ("Find stocks with RSI below 30", "screen", "rsi(14) < 30", {}),
    ("Show me oversold large cap tech stocks", "screen", "rsi(14) < 30 & market_cap > 1e+10 & sector Technology", {}),
    ("Which stocks have a P/E under 15?", "screen", "pe_ratio < 15 & pe_ratio > 0", {}),
    (
        "Identify profitable companies in the energy sector with a dividend yield of at least 4%",
        "screen",
        "eps > 0 & sector Energy & dividend_yield >= 4",
        {},
    ),
    ("Screen for value stocks with P/B below 1.5", "screen", "pb_ratio < 1.5 & pb_ratio > 0", {}),
    ("Find value stocks", "screen", "pe_ratio < 15 & pe_ratio > 0", {}),
    (
        "Find stocks whose sector is not technology and whose ROE is above 20%",
        "screen",
        "not (sector Technology) & return_on_equity > 20",
        {},
    ),
    (
        "List healthcare or energy stocks with a market cap over $10B",
        "screen",
        "(sector Health Care | sector Energy) & market_cap > 1e+10",
        {},
    ),
    ("Find small caps with debt to equity below 50%", "screen", "market_cap < 2e+09 & debt_to_equity < 0.5", {}),
    (
        "P/E ratio under 15 and strong balance sheets",
        "screen",
        "pe_ratio < 15 & pe_ratio > 0 & debt_to_equity < 0.5",
        {},
    ),
    (
        "Buy when RSI < 30 with a stop loss of 2% and a take profit at 5%",
        "trade",
        "rsi(14) < 30",
        {"stop_loss": 0.02, "take_profit": 0.05},
    ),
    (
        "Buy with a 2% stop loss and a 5% profit target when RSI < 30",
        "trade",
        "rsi(14) < 30",
        {"stop_loss": 0.02, "take_profit": 0.05},
    ),
    (
        "Buy when RSI < 30, trailing stop of 3%, hold for 5 days",
        "trade",
        "rsi(14) < 30",
        {"unit_timeframe": "1d", "trailing_stop": 0.03, "hold": "5d"},
    ),
    ("Buy when RSI < 30; exit after ten bars", "trade", "rsi(14) < 30", {"hold": "10"}),
    (
        "Buy when RSI < 30. Sell when RSI > 50 or after 10 bars",
        "trade",
        "rsi(14) < 30",
        {"exit": "rsi(14) > 50", "hold": "10"},
    ),
    (
        "Buy when RSI < 30 and exit when RSI > 70 or price drops 5% from entry",
        "trade",
        "rsi(14) < 30",
        {"exit": "rsi(14) > 70", "stop_loss": 0.05},
    ),
    (
        "Create a strategy that buys when RSI < 30; exit after 3 days or when RSI > 60",
        "trade",
        "rsi(14) < 30",
        {"exit": "rsi(14) > 60", "unit_timeframe": "1d", "hold": "3d"},
    ),
    (
        "Buy when RSI < 30 and sell when the trade is up 3% or down 2%",
        "trade",
        "rsi(14) < 30",
        {"stop_loss": 0.02, "take_profit": 0.03},
    ),
    (
        "Buy stocks with RSI < 30 when volume is above 1 million shares",
        "trade",
        "rsi(14) < 30 & volume > 1e+06",
        {},
    ),
    (
        "Sell at 5% profit or 2% loss, buy when RSI < 30",
        "trade",
        "rsi(14) < 30",
        {"stop_loss": 0.02, "take_profit": 0.05},
    ),
    (
        "Buy when the 20 EMA crosses above the 50 EMA and sell when it crosses below",
        "trade",
        "ema(20) crosses above ema(50)",
        {"exit": "ema(20) crosses below ema(50)"},
    ),
    (
        "Buy when price is above the 50-day average, sell when it falls below it",
        "trade",
        "close > sma(50d)",
        {"exit": "close crosses below sma(50d)", "unit_timeframe": "1d"},
    ),
)


def told(understood: t.Sentence) -> dict[str, Any]:
    """Return what a sentence says besides its entry, without what it leaves open."""
    exits = understood.exits
    found = {
        "exit": condition(understood.exit) if understood.exit else None,
        "symbols": understood.symbols,
        "timeframe": understood.timeframe,
        "unit_timeframe": understood.unit_timeframe,
        "stop_loss": exits.stop_loss,
        "take_profit": exits.take_profit,
        "trailing_stop": exits.trailing_stop,
        "hold": span(exits.hold) if exits.hold else None,
    }
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize(("text", "purpose", "meaning", "more"), CASES)
def test_sentence_reads_as_its_purpose_entry_and_exits(
    text: str, purpose: str, meaning: str, more: dict[str, Any]
) -> None:
    understood = read(text)
    assert (understood.purpose, condition(understood.entry), told(understood)) == (purpose, meaning, more)
    assert understood.text == text


def test_sentences_read_twice_are_the_same_values() -> None:
    assert [read(text) for text, *_ in CASES] == [read(text) for text, *_ in CASES]


def test_exits_keep_the_phrases_they_were_read_from() -> None:
    text = "Buy when RSI < 30 with a 2% stop loss, take profit at 5% and hold for 10 bars"
    assert [phrase.text for phrase in read(text).exits.phrases] == [
        "2% stop loss",
        "take profit at 5%",
        "hold for 10 bars",
    ]


@pytest.mark.parametrize(
    ("words", "timeframe", "units"),
    [
        ("price is above the 200-day average", None, "1d"),
        ("price is up 5% in 4 hours", None, "1h"),
        ("price is up 5% in 30 minutes and above the 5-day average", None, "1m"),
        ("the 4-hour RSI is below 30", "4h", None),
        ("price is above the 20-hour average", None, "1h"),
        ("price is above yesterday's high", "1d", None),
        ("RSI is below 30", None, None),
    ],
)
def test_bar_length_comes_from_charts_that_are_named_and_from_units(
    words: str, timeframe: str | None, units: str | None
) -> None:
    understood = read(f"Buy when {words}")
    assert (understood.timeframe, understood.unit_timeframe) == (timeframe, units)


def test_known_phrases_are_sorted_unique_and_hold_no_word_that_is_refused() -> None:
    phrases = known_phrases()
    assert list(phrases) == sorted(set(phrases))
    assert {"rsi", "golden cross", "crosses above", "stop loss", "market cap"} <= set(phrases)
    assert not {"moon", "leverage", "the", "please"} & set(phrases)
