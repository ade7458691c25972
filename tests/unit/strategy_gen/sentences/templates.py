"""Sentences from templates: the vocabulary that the documents promise, put together at random by hypothesis."""

from hypothesis import strategies as st

WHOLE = st.integers(min_value=2, max_value=60)
PERCENT = st.sampled_from(["1%", "2.5%", "3 percent", "five percent", "10%"])
LEVEL = st.integers(min_value=1, max_value=99)
MORE = st.sampled_from(["above", "over", "more than", "greater than", "at least", ">", ">="])
LESS = st.sampled_from(["below", "under", "less than", "lower than", "at most", "<", "<="])
SIDE = st.one_of(MORE, LESS)
PRICE = st.sampled_from(["price", "the price", "the close", "the open", "the high", "the low"])
CROSSES = st.sampled_from(["crosses above", "crosses below", "crosses over", "crosses under"])


def _joined(*parts: object) -> st.SearchStrategy[str]:
    made = [part if isinstance(part, st.SearchStrategy) else st.just(str(part)) for part in parts]
    return st.tuples(*made).map(lambda found: "".join(str(each) for each in found))


def _averages(periods: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.one_of(
        _joined(st.sampled_from(["SMA ", "EMA ", "WMA "]), periods),
        _joined(
            "the ", periods, st.sampled_from(["-bar", "-period"]), st.sampled_from([" SMA", " EMA", " moving average"])
        ),
        _joined(st.sampled_from(["sma(", "ema(", "wma("]), periods, ")"),
    )


AVERAGES = _averages(WHOLE)
SHORT, LONG = _averages(st.integers(2, 30)), _averages(st.integers(31, 90))
"""Two that differ: a line that crosses itself is refused."""
OSCILLATORS = st.one_of(
    st.sampled_from(["RSI", "the RSI", "stochastic", "ADX", "ROC", "MACD", "ATR"]),
    _joined("RSI(", WHOLE, ")"),
    _joined("the ", WHOLE, "-period RSI"),
    _joined("ADX(", WHOLE, ")"),
)
CONDITIONS = st.one_of(
    _joined(OSCILLATORS, " is ", SIDE, " ", LEVEL),
    _joined("RSI is between ", st.integers(5, 40), " and ", st.integers(50, 95)),
    _joined("RSI ", CROSSES, " ", LEVEL),
    _joined(PRICE, " is ", SIDE, " ", AVERAGES),
    _joined(PRICE, " ", CROSSES, " ", AVERAGES),
    _joined(SHORT, " ", CROSSES, " ", LONG),
    _joined(AVERAGES, " is ", st.sampled_from(["rising", "falling"]), " for ", st.integers(1, 9), " bars"),
    _joined("price is within ", PERCENT, " of ", AVERAGES),
    _joined("price is ", SIDE, " the ", st.sampled_from(["upper", "middle", "lower"]), " Bollinger band"),
    _joined("price is ", SIDE, " VWAP"),
    st.sampled_from(["OBV is rising", "MACD is bullish", "MACD crosses above its signal line", "RSI is oversold", "RSI is overbought"]),
    _joined("price breaks out above the ", WHOLE, "-bar high"),
    _joined("price makes a new ", WHOLE, "-bar low"),
    _joined("price drops ", PERCENT, " from its ", WHOLE, "-bar high"),
    _joined("price is up ", st.sampled_from(["", "more than ", "at least "]), PERCENT, " in ", st.integers(1, 30), " bars"),
    _joined("price is down ", PERCENT, " in ", st.integers(1, 30), " bars"),
    _joined("price gaps ", st.sampled_from(["up", "down"]), " by more than ", PERCENT),
    _joined("volume is above ", st.sampled_from(["1.5x", "2x", "3 times", "twice"]), " average"),
    st.sampled_from(["volume is high", "volume is rising for 3 bars", "there is a volume spike"]),
)  # fmt: skip
CANDLES = _joined("after ", st.integers(2, 6), " ", st.sampled_from(["green", "red"]), " candles in a row")
FIGURES = st.one_of(
    _joined("P/E ", LESS, " ", LEVEL),
    _joined("a market cap over ", LEVEL, st.sampled_from([" billion", " million"])),
    _joined("a dividend yield above ", st.integers(1, 9), "%"),
    _joined("debt to equity below ", st.sampled_from(["0.5", "1", "1.5"])),
    _joined("P/B under ", st.integers(1, 9)),
    _joined("EPS above ", st.integers(0, 9)),
)
JOINED = st.one_of(
    CONDITIONS,
    _joined(CONDITIONS, st.sampled_from([" and ", " or ", " but "]), CONDITIONS),
    _joined(CONDITIONS, ", ", CONDITIONS, st.sampled_from([" and ", " or "]), CONDITIONS),
    _joined("(", CONDITIONS, " or ", CONDITIONS, ") and ", CONDITIONS),
    _joined("either ", CONDITIONS, " or ", CONDITIONS),
)
WAYS_OUT = st.one_of(
    _joined(st.sampled_from([" and sell when ", "; sell when ", ". Exit when "]), JOINED),
    _joined(" with a stop loss of ", PERCENT, st.one_of(st.just(""), _joined(" and a take profit of ", PERCENT))),
    _joined(" with a trailing stop of ", PERCENT),
    _joined(" and hold for ", st.integers(1, 30), " bars"),
    st.just(""),
)
TRADES = st.one_of(
    _joined(st.sampled_from(["Buy when ", "buy if ", "Go long when ", "Enter when "]), JOINED, WAYS_OUT),
    _joined("Buy ", CANDLES, WAYS_OUT),
)
SCREENS = st.one_of(
    _joined(st.sampled_from(["Find stocks with ", "Screen for stocks with "]), FIGURES),
    _joined("Find stocks with ", FIGURES, " and ", FIGURES),
    _joined("Find stocks where ", JOINED),
    _joined(st.sampled_from(["Alert me when ", "Tell me when "]), JOINED),
)
"""`SENTENCES` are what a person could write with these words, sense or no sense."""
SENTENCES = st.one_of(TRADES, SCREENS)
