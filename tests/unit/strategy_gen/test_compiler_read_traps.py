"""Sentences that are easily read as something else than a person means: read as meant, or refused."""

import pytest

from services.strategy_gen.compiler.reading.read import read
from tests.unit.strategy_gen.compiler_read import condition, refused

REFUSED = (
    ("Buy when RSI drops below 30 and then rises above 40", "prompt.not_modelled", "and then"),
    ("Buy when RSI is below 30, then price crosses above SMA 20", "prompt.not_modelled", "then"),
    ("Buy when RSI crosses below 30 and later above 50", "prompt.not_modelled", "later"),
    ("Buy after 2 green candles and then 1 red candle", "prompt.not_modelled", "and then"),
    ("Buy when RSI crosses below 30 and crosses above 40", "prompt.contradiction", "crosses above 40"),
    ("Buy when RSI is above 60 and crosses below 50", "prompt.contradiction", "crosses below 50"),
    ("Buy when RSI is above 30 and below 30", "prompt.contradiction", "below 30"),
    ("Buy when price is rising for 3 bars and falling for 2 bars", "prompt.contradiction", "falling for 2 bars"),
    ("Buy after 2 green candles and 1 red candle", "prompt.contradiction", "1 red candle"),
    ("Buy when price is above SMA 50 and price is below SMA 50", "prompt.contradiction", "price is below SMA 50"),
    ("Find stocks in technology and healthcare", "prompt.contradiction", "healthcare"),
    ("Find financial and energy stocks with P/E under 15", "prompt.contradiction", "energy"),
    ("Buy when price is above the 50 and 200 day moving averages", "prompt.ambiguous", "200 day moving averages"),
    ("Buy when price crosses above the 20 and the 50-day EMA", "prompt.ambiguous", "50-day EMA"),
    ("Buy when volume is half the average", "prompt.ambiguous", "half the average"),
    ("Buy when price falls less than 2% in a day", "prompt.ambiguous", "falls less than 2% in a day"),
    ("Buy when price is up at most 5% in 10 days", "prompt.ambiguous", "is up at most 5% in 10 days"),
    ("Buy when RSI is not above 70 or below 30", "prompt.ambiguous", "RSI is not above 70 or below 30"),
    ("Find stocks that are not oversold or overbought", "prompt.ambiguous", "not oversold or overbought"),
    ("Buy when price is not rising or falling", "prompt.ambiguous", "price is not rising or falling"),
    ("Find stocks with a dividend yield above 0.03", "prompt.unit", "0.03"),
    ("Find stocks with a market cap over 10 B", "prompt.not_understood", "B"),
    ("Buy when volume is over 2 M and RSI is below 30", "prompt.not_understood", "M"),
    ("Find stocks up 10% YTD", "prompt.not_modelled", "YTD"),
    ("Find stocks in the US with P/E below 10", "prompt.not_modelled", "US"),
    ("Buy if the S&P is above its 200-day SMA", "prompt.not_modelled", "S&P"),
    ("Buy AT&T when RSI is below 30", "prompt.not_understood", "AT&T"),
    ("Buy when price is above SMA 20 on H1", "prompt.timeframe", "H1"),
    ("Buy LOW when RSI is below 30", "prompt.misplaced", "LOW"),
    ("Buy open when RSI is below 30", "prompt.misplaced", "open"),
    ("Alert me when AAPL is up or down 5%", "prompt.ambiguous", "is up or down 5%"),
    ("Alert me when AAPL gaps up or down by more than 5%", "prompt.ambiguous", "gaps up or down by"),
    ("Buy when price closes at the high of the day", "prompt.misplaced", "high of the day"),
    ("Buy when the gap up is less than 2%", "prompt.ambiguous", "gap up is less than 2%"),
)

MEANT = (
    ("it opens below yesterday's low and closes above it", "open < low[1d] & close > low[1d]"),
    ("the open is below SMA 20 and closes above SMA 20", "open < sma(20) & close > sma(20)"),
    ("RSI is above 50 and price closes above SMA 20", "rsi(14) > 50 & close > sma(20)"),
    (
        "the sector is technology or healthcare with P/E above 20",
        "(sector Technology | sector Health Care) & pe_ratio > 20",
    ),
    ("price is above 50 and the 200-day EMA is rising for 3 days", "close > 50 & ema(200d) rising 3d"),
    ("volume is at most half the average", "volume <= 0.5*sma(20 of volume before)"),
    ("RSI is not above 70 or RSI is below 30", "not (rsi(14) > 70) | rsi(14) < 30"),
    ("RSI is not oversold and not overbought", "not (rsi(14) < 30) & not (rsi(14) > 70)"),
    ("a golden cross occurs or RSI is not above 70", "sma(50) crosses above sma(200) | not (rsi(14) > 70)"),
    ("the dividend yield is above 0.5%", "dividend_yield > 0.5"),
    ("price is up 5% or down 5%", "change(1) > 0.05 | change(1) < -0.05"),
    ("price is not up more than 5% in 10 days", "not (change(10d) > 0.05)"),
)


@pytest.mark.parametrize(("text", "code", "phrase"), REFUSED)
def test_sentence_that_would_be_misread_is_refused_at_its_words(text: str, code: str, phrase: str) -> None:
    error = refused(text)
    assert (error.code, error.diagnostics[0]["phrase"]) == (code, phrase)
    assert error.hint


@pytest.mark.parametrize(("text", "meaning"), MEANT)
def test_condition_is_read_as_meant(text: str, meaning: str) -> None:
    assert condition(read(f"Buy when {text}").entry) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "If RSI is below 30 then buy, and then sell when RSI is above 70",
        "Buy when RSI is below 30 and then sell when RSI is above 70",
        "Buy when RSI is below 30, then later sell when RSI is above 70",
        "If RSI is below 30 buy, then if RSI is above 70 sell",
    ],
)
def test_then_before_an_action_orders_nothing(text: str) -> None:
    sentence = read(text)
    assert sentence.exit is not None
    assert (condition(sentence.entry), condition(sentence.exit)) == ("rsi(14) < 30", "rsi(14) > 70")


@pytest.mark.parametrize("symbol", ["LOW", "OPEN", "H1", "US"])
def test_symbol_that_is_a_word_is_written_with_a_dollar_sign(symbol: str) -> None:
    assert read(f"Buy ${symbol} when RSI is below 30").symbols == (symbol,)
