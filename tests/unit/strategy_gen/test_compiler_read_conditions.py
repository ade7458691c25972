"""What conditions mean: each phrase with the tree it must become, written short."""

import pytest

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.read import read
from tests.unit.strategy_gen.compiler_read import condition, entry, phrases

CASES = (
    ("RSI is below 30", "rsi(14) < 30"),
    ("14-day RSI is below 30", "rsi(14d) < 30"),
    ("RSI(7) < 30", "rsi(7) < 30"),
    ("the 20 EMA crosses above the 50 EMA", "ema(20) crosses above ema(50)"),
    ("EMA20 is above EMA50", "ema(20) > ema(50)"),
    ("price is above the 200-day moving average", "close > sma(200d)"),
    ("price is above the 50-day and the 200-day EMA", "close > ema(50d) & close > ema(200d)"),
    ("the 50-day crosses above the 200-day", "sma(50d) crosses above sma(200d)"),
    ("the 50-day crosses above the 200-day EMA", "ema(50d) crosses above ema(200d)"),
    ("MACD crosses above its signal line", "macd(12,26,9).line crosses above macd(12,26,9).signal"),
    ("MACD(8, 17, 9) is above its signal line", "macd(8,17,9).line > macd(8,17,9).signal"),
    ("the 8/17/9 MACD crosses below zero", "macd(8,17,9).line crosses below 0"),
    ("MACD histogram turns positive", "macd(12,26,9).histogram crosses above 0"),
    ("price closes below the lower Bollinger band", "close < bollinger(20).lower"),
    ("close crosses above the upper band of Bollinger(20, 2.5)", "close crosses above bollinger(20 x2.5).upper"),
    ("ATR is above 2% of price", "atr(14) > 0.02*close"),
    ("ADX is above 25 and +DI crosses above -DI", "adx(14).adx > 25 & adx(14).plus_di crosses above adx(14).minus_di"),
    ("%K crosses above %D", "stochastic(14,3,3).k crosses above stochastic(14,3,3).d"),
    ("stochastic is oversold", "stochastic(14,3,3).k < 20"),
    ("price is above VWAP", "close > vwap(20)"),
    ("OBV is rising for 5 bars", "obv() rising 5"),
    ("rate of change is above 5", "roc(10) > 5"),
    ("a golden cross occurs", "sma(50) crosses above sma(200)"),
    ("a death cross occurs", "sma(50) crosses below sma(200)"),
    ("the stock is overbought", "rsi(14) > 70"),
    ("price is 2% above its 50-day average", "close > 1.02*sma(50d)"),
    ("price is at least 2% below its 50-day average", "close <= 0.98*sma(50d)"),
    ("price is within 3% of its 20-day high", "close within 0.03 of highest(20d of high)"),
    ("price breaks out above the 20-day high", "close > highest(20d of high before)"),
    ("price breaks above the upper Bollinger band", "close crosses above bollinger(20).upper"),
    ("price breaks below the 20-day low", "close < lowest(20d of low before)"),
    ("price makes a new 52-week high", "close > highest(52w of high before)"),
    ("it hits a 20-day low", "close < lowest(20d of low before)"),
    ("price is above the highest high of the last 20 bars", "close > highest(20 of high before)"),
    ("price is above yesterday's high", "close > high[1d]"),
    ("the close is above the close 5 bars ago", "close > close[5]"),
    ("the close is higher than the previous close", "close > close[1]"),
    ("it gaps up by more than 3%", "gap > 0.03"),
    ("it gaps up by 5% or more", "gap >= 0.05"),
    ("it gaps down", "gap < 0"),
    ("it gaps down by at least two percent", "gap <= -0.02"),
    ("price is up 5% in 3 days", "change(3d) > 0.05"),
    ("price is up at least 5% over the last 3 days", "change(3d) >= 0.05"),
    ("price drops by 10 per cent within 5 days", "change(5d) < -0.1"),
    ("price drops 10% from its 52-week high", "from_high(52w) <= -0.1"),
    ("price is more than 10% below its 52-week high", "from_high(52w) < -0.1"),
    ("price rises 20% from its 20-day low", "from_low(20d) >= 0.2"),
    ("price falls more than 3%", "change(1) < -0.03"),
    ("the 5-day return is above 3%", "change(5d) > 0.03"),
    ("3 green candles in a row", "green 3"),
    ("the last three candles are red", "red 3"),
    ("it closes green", "green 1"),
    ("RSI is rising", "rsi(14) rising 3"),
    ("volume is falling for 4 bars", "volume falling 4"),
    ("price has risen for 3 bars in a row", "close rising 3"),
    ("volume is above average", "volume > sma(20 of volume before)"),
    ("volume is above its 50-day average", "volume > sma(50d of volume before)"),
    ("volume is at least twice its 20-day average", "volume >= 2*sma(20d of volume before)"),
    ("volume is 50% above average", "volume > 1.5*sma(20 of volume before)"),
    ("volume is greater than 150% of its 20-day average", "volume > 1.5*sma(20d of volume before)"),
    ("volume is high", "volume > 1.5*sma(20 of volume before)"),
    ("volume spikes", "volume > 2*sma(20 of volume before)"),
    ("volume spike above 2x average", "volume > 2*sma(20 of volume before)"),
    ("volume doubles", "volume > 2*sma(20 of volume before)"),
    ("volume is low", "volume < 0.5*sma(20 of volume before)"),
    ("volume is above 1.5 million", "volume > 1.5e+06"),
    ("RSI is between 30 and 40", "30 <= rsi(14) <= 40"),
    ("RSI is 30 or less", "rsi(14) <= 30"),
    ("RSI is not above 70", "not (rsi(14) > 70)"),
    ("RSI has been below 30 for 3 bars", "(rsi(14) < 30) for 3"),
    ("RSI is below 30 or above 70", "rsi(14) < 30 | rsi(14) > 70"),
    (
        "RSI is below 30 or RSI is above 70 and volume is high",
        "rsi(14) < 30 | rsi(14) > 70 & volume > 1.5*sma(20 of volume before)",
    ),
    (
        "(RSI is below 30 or RSI is above 70) and volume is high",
        "(rsi(14) < 30 | rsi(14) > 70) & volume > 1.5*sma(20 of volume before)",
    ),
    (
        "either RSI is below 30 or RSI is above 70, and volume is high",
        "(rsi(14) < 30 | rsi(14) > 70) & volume > 1.5*sma(20 of volume before)",
    ),
    (
        "RSI is below 30, volume is high and price is above 10",
        "rsi(14) < 30 & volume > 1.5*sma(20 of volume before) & close > 10",
    ),
    (
        "RSI is below 30, volume is high or price is above 10",
        "rsi(14) < 30 | volume > 1.5*sma(20 of volume before) | close > 10",
    ),
    ("RSI is below 30 but volume is not high", "rsi(14) < 30 & not (volume > 1.5*sma(20 of volume before))"),
    ("RSI is below 30 unless volume is high", "rsi(14) < 30 & not (volume > 1.5*sma(20 of volume before))"),
    ("RSI is below 30 without a volume spike", "rsi(14) < 30 & not (volume > 2*sma(20 of volume before))"),
    ("neither RSI is above 70 nor volume is high", "not (rsi(14) > 70 | volume > 1.5*sma(20 of volume before))"),
    ("RSI rises above 30", "rsi(14) crosses above 30"),
    ("price is above $1,000", "close > 1000"),
    ("price is above 10k", "close > 10000"),
    ("RSI is below twenty-five", "rsi(14) < 25"),
    ("the open and the close are above the 50-day average", "open > sma(50d) & close > sma(50d)"),
    ("price is above the average over 10 days", "close > sma(10d)"),
    ("volume is above the average volume of the last 10 bars", "volume > sma(10 of volume before)"),
    ("volume is above the volume SMA(50)", "volume > sma(50 of volume before)"),
    ("price is above the highest 20-bar close", "close > highest(20 before)"),
    ("the EMA of the high is above 10", "ema(20 of high) > 10"),
    ("price crosses 100 from below", "close crosses above 100"),
    ("price rose between 2% and 4% in 8 bars", "0.02 <= change(8) <= 0.04"),
    ("price falls below the 20-bar low", "close < lowest(20 of low before)"),
    ("the close is lower than it was 5 bars ago", "close < close[5]"),
    ("there is rising OBV", "obv() rising 3"),
    ("falling volume for 4 bars", "volume falling 4"),
    ("RSI and stochastic are both below 20", "rsi(14) < 20 & stochastic(14,3,3).k < 20"),
    ("volume is rising for 3 bars and the 20-bar SMA is above 10", "volume rising 3 & sma(20) > 10"),
    ("the 50-day SMA is rising and price is above it", "sma(50d) rising 3 & close > sma(50d)"),
    ("price is up more than 50% over the past year", "change(1y) > 0.5"),
    ("RSI climbs back above 50", "rsi(14) crosses above 50"),
    ("EMA 20 exceeds EMA 50 by at least 1%", "ema(20) >= 1.01*ema(50)"),
)


@pytest.mark.parametrize(("words", "meaning"), CASES)
def test_condition_reads_as_its_tree(words: str, meaning: str) -> None:
    assert entry(f"Buy when {words}") == meaning


def test_trees_are_the_same_whatever_case_space_and_typography() -> None:
    for words, meaning in CASES:
        text = f"Buy when {words}"
        spaced = "  " + text.replace(" ", "  \n\t") + " "
        for other in (text.upper(), text.lower(), spaced, _typographic(text), f"Please, {text}!"):
            assert entry(other) == meaning, other


def _typographic(text: str) -> str:
    return text.replace("'", "’").replace("-day", "‑day").replace(" ", "\u00a0")


def test_phrases_are_cut_from_the_text_at_word_ends() -> None:
    for words, _ in CASES:
        text = f"Buy when {words}, please"
        for phrase in phrases(read(text).entry):
            assert phrase.text == text[phrase.start : phrase.end] != ""
            assert text[phrase.start - 1] in " ("
            assert not text[phrase.start].isspace()
            assert not text[phrase.end].isalnum()


def test_phrases_of_joined_conditions_cover_their_own_words_alone() -> None:
    found = read("Buy when the RSI is not below 30 and  volume is high, or price gaps up by 5% or more").entry
    assert [phrase.text for phrase in phrases(found)] == [
        "RSI is not below 30",
        "RSI is not below 30",
        "volume is high",
        "price gaps up by 5% or more",
    ]


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("Buy when RSI is below 30", [("RSI", "RSI over 14 bars")]),
        ("Buy when RSI is below 30 or RSI is above 70", [("RSI", "RSI over 14 bars")]),
        ("Buy when RSI(14) is below 30", []),
        ("Buy when volume is high", [("volume is high", "volume above 1.5 times the average of the 20 bars before")]),
        (
            "Find stocks with P/E under 15",
            [("stocks", "every symbol of the universe"), ("P/E under 15", "and above 0: a loss has no P/E")],
        ),
        (
            "Find value names with P/B under 2",
            [
                ("value", "as the other conditions say"),
                ("P/B under 2", "and above 0: a negative book value is not cheap"),
            ],
        ),
        ("RSI(14) < 30", [("RSI(14) < 30", "find what fulfils this")]),
        ("Buy when price falls more than 3%", [("price falls more than 3%", "over one bar")]),
        ("Buy when price drops 5% from its high", [("high", "of the last 252 bars")]),
    ],
)
def test_defaults_are_told_once_with_the_words_that_left_them_open(text: str, assumed: list[tuple[str, str]]) -> None:
    assert [(one.phrase, one.meaning) for one in read(text).assumed] == assumed


def test_ellipsis_and_pronoun_keep_the_subject_of_the_sentence_before() -> None:
    understood = read("Buy when the 7-bar RSI crosses above 30 and stays below 50; sell when it crosses below 30")
    assert understood.exit is not None
    assert (condition(understood.entry), condition(understood.exit)) == (
        "rsi(7) crosses above 30 & rsi(7) < 50",
        "rsi(7) crosses below 30",
    )


def test_price_that_exceeds_an_extreme_leaves_the_current_bar_out_and_a_distance_does_not() -> None:
    for words, before in (("above", True), ("within 2% of", False), ("below", False)):
        found = read(f"Buy when the close is {words} the 20-bar high").entry
        assert isinstance(found, t.Compare | t.Within)
        assert isinstance(found.right, t.Indicator)
        assert found.right.before is before
