"""The words for what is measured: indicators, columns, facts that need no number, units and numbers in words.

The value of a TERM row is `indicator` or `indicator.part`; of a FACT row the key under which `facts.py` keeps its meaning.
"""

from services.strategy_gen.compiler.reading.vocabulary import Row

INDICATORS: tuple[Row, ...] = (
    ("TERM", "rsi", "rsi indicator|value|reading|level|line?; relative strength index; relative strength index rsi"),
    (
        "TERM",
        "sma",
        "sma line|average?; ma|mas|smas; moving average|averages line|lines?; simple moving average|averages; simple ma|average; dma; moving avg; simple moving avg",
    ),
    (
        "TERM",
        "ema",
        "ema line?; emas; exponential moving average|averages; exponential ma|average; exponentially weighted? moving average; exponential moving avg",
    ),
    (
        "TERM",
        "wma",
        "wma line?; wmas; weighted moving average|averages; linearly? weighted moving average; weighted ma|average",
    ),
    ("TERM", "average", "average|avg|mean; averages; average price; average close; average closing price; mean price"),
    ("TERM", "macd.line", "macd line|indicator|value?; moving average convergence divergence; macd main line"),
    ("TERM", "macd.signal", "macd signal line?; signal line of the? macd; macd 's signal line?"),
    ("TERM", "signal", "signal line?"),
    ("TERM", "macd.histogram", "macd histogram|hist|bars; histogram; macd 's histogram"),
    (
        "TERM",
        "bollinger.upper",
        "upper bollinger band|bands line?; bollinger upper band?; bollinger band|bands upper band?; upper bb|band; bb upper; top|upper of the bollinger band|bands; upper band|line of the? bollinger band|bands?; bollinger 's? top|upper band; top bollinger band",
    ),
    (
        "TERM",
        "bollinger.lower",
        "lower bollinger band|bands line?; bollinger lower band?; bollinger band|bands lower band?; lower bb|band; bb lower; bottom|lower of the bollinger band|bands; lower band|line of the? bollinger band|bands?; bollinger 's? bottom|lower band; bottom bollinger band",
    ),
    (
        "TERM",
        "bollinger.middle",
        "middle bollinger band|bands; bollinger middle|mid band?; bollinger band|bands middle band?; middle|mid bb|band; bb middle|mid; middle band|line of the? bollinger band|bands?; bollinger midline",
    ),
    ("TERM", "atr", "atr indicator|value?; average true range"),
    (
        "TERM",
        "adx.adx",
        "adx indicator|value|reading|line?; average directional index; average directional movement index",
    ),
    ("TERM", "adx.plus_di", "plus di; +di; positive directional indicator|index|movement"),
    ("TERM", "adx.minus_di", "minus di; -di; negative directional indicator|index|movement"),
    (
        "TERM",
        "stochastic.k",
        "stochastic|stochastics|stoch oscillator|k|%k|value|reading|line?; slow stochastic|stochastics oscillator?; %k line?; stochastic k|%k line",
    ),
    ("TERM", "stochastic.d", "stochastic|stochastics|stoch d|%d line?; %d line?; stochastic signal line?"),
    ("TERM", "vwap", "vwap line?; volume weighted average price"),
    ("TERM", "obv", "obv indicator|line?; on balance volume"),
    ("TERM", "roc", "roc indicator|value?; rate of change; price rate of change"),
    (
        "TERM",
        "volume.average",
        "average|avg|mean|normal|usual|typical volume; average|avg trading|daily volume; average daily trading volume; volume average|avg|mean; volume moving average; volume sma|ma; average|mean|avg of the? volume; moving average|averages of the? volume; simple moving average of the? volume; sma of the? volume; its average trading? volume",
    ),
    ("TERM", "volume.ema", "ema of the? volume; volume ema; exponential moving average of the? volume"),
    ("TERM", "volume.wma", "wma of the? volume; volume wma; weighted moving average of the? volume"),
    ("TERM", "extreme.high.high", "highest high; highest price; highest; recent high|highs"),
    ("TERM", "extreme.high.close", "highest close; highest closing price"),
    ("TERM", "extreme.low.low", "lowest low; lowest price; lowest; recent low|lows"),
    ("TERM", "extreme.low.close", "lowest close; lowest closing price"),
    ("TERM", "extreme.high.volume", "highest volume"),
    ("TERM", "extreme.low.volume", "lowest volume"),
    ("TERM", "alltime.high", "all time high|highs; record high|highs; ath"),
    ("TERM", "alltime.low", "all time low|lows; record low|lows; atl"),
    (
        "TERM",
        "change",
        "change|return|performance; price change; percentage|percent change|return; percent change in price; price performance|return; return|change in price; percentage price change; gain",
    ),
)

COLUMNS: tuple[Row, ...] = (
    ("COLUMN", "open", "open; opening price; open price; opens|opened|opening"),
    (
        "COLUMN",
        "high",
        "high; high price; highs; high of the? day|bar|candle; day 's high; intraday high; session high",
    ),
    ("COLUMN", "low", "low; low price; lows; low of the? day|bar|candle; day 's low; intraday low; session low"),
    ("COLUMN", "close", "close; closing price; close price; closing value"),
    ("COLUMN", "volume", "volume; trading|traded volume; volumes"),
    (
        "PRICE",
        "close",
        "price|prices; current|market|stock|share|asset price; last price; price of the? stock|share|asset|coin|token|pair|company|security; price of it",
    ),
    (
        "STOCK",
        "close",
        "stock|stocks|share|shares|company|companies|anything|something|everything|equity|equities|coin|coins|token|tokens|crypto|cryptos|cryptocurrency|cryptocurrencies|asset|assets|security|securities|name|names|symbol|symbols|ticker|tickers|pair|pairs|instrument|instruments|firm|firms|business|businesses",
    ),
    ("IT", "close", "it|they|them|these|those; that one"),
    ("COLOUR", "green", "green|white"),
    ("COLOUR", "green~", "bullish"),
    ("COLOUR", "red", "red|black"),
    ("COLOUR", "red~", "bearish"),
    ("COLOUR", "green!", "closes|closed|close|closing|ends|ended|finishes|finished green"),
    ("COLOUR", "red!", "closes|closed|close|closing|ends|ended|finishes|finished red"),
)

FACTS: tuple[Row, ...] = (
    (
        "FACT",
        "oversold",
        "oversold; over sold; in oversold territory|zone|region|area|conditions; oversold territory|zone|levels|condition|conditions",
    ),
    (
        "FACT",
        "overbought",
        "overbought; over bought; in overbought territory|zone|region|area|conditions; overbought territory|zone|levels|condition|conditions",
    ),
    ("FACT", "golden_cross", "golden cross|crosses|crossover"),
    ("FACT", "death_cross", "death cross|crosses|crossover"),
    (
        "FACT",
        "macd_cross_up",
        "bullish macd cross|crossover; macd bullish cross|crossover; macd crosses|turns bullish; macd bullish crossing",
    ),
    (
        "FACT",
        "macd_cross_down",
        "bearish macd cross|crossover; macd bearish cross|crossover; macd crosses|turns bearish; macd bearish crossing",
    ),
    ("FACT", "macd_bullish", "bullish macd"),
    ("FACT", "macd_bearish", "bearish macd"),
    (
        "FACT",
        "high_volume",
        "high|heavy|unusual|strong|elevated|big|large trading? volume; unusually|very high|heavy|large trading? volume; volume is|are|was|being? unusually|very? high|heavy|unusual|elevated|strong|big; volumes is|are|was? high|heavy|unusual|elevated; volume confirmation",
    ),
    (
        "NOTFACT",
        "high_volume",
        "volume is|are not very|unusually? high|heavy|unusual|elevated; volume isn't very|unusually? high|heavy|unusual|elevated",
    ),
    ("NOTFACT", "low_volume", "volume is|are not very? low|light|thin|weak; volume isn't very? low|light|thin|weak"),
    (
        "FACT",
        "above_volume",
        "above average trading? volume; higher than average|usual|normal trading? volume; volume is? above average|normal|usual; volume higher than usual|normal",
    ),
    (
        "FACT",
        "below_volume",
        "below average trading? volume; lower than average|usual|normal trading? volume; volume is? below average|normal|usual; volume lower than usual|normal",
    ),
    (
        "FACT",
        "low_volume",
        "low|light|thin|weak trading? volume; very low|light trading? volume; volume is|are|was? very? low|light|thin|weak",
    ),
    (
        "FACT",
        "volume_spike",
        "volume spike|spikes|spiked|spiking|surge|surges|surged|jump|explosion|burst; spike|spikes|surge|surges|jump in trading? volume; volume doubles|doubled|doubling; doubling of volume; spiking volume; double volume",
    ),
    ("FACT", "volume_triple", "volume triples|tripled; triple volume"),
    (
        "FACT",
        "strong_balance",
        "strong balance sheet|sheets; healthy|solid balance sheet|sheets; balance sheet|sheets is|are? strong; low debt",
    ),
    ("FACT", "large_cap", "large|big cap|caps; large capitalization|capitalisation; largecap|largecaps"),
    ("FACT", "mid_cap", "mid|medium cap|caps; midcap|midcaps"),
    ("FACT", "small_cap", "small cap|caps; smallcap|smallcaps"),
    ("FACT", "profitable", "profitable; making money; positive earnings|eps"),
    ("FACT", "unprofitable", "unprofitable; loss making; negative earnings|eps"),
    ("FACT", "value", "value"),
    ("FACT", "dividend", "dividend paying; pays|pay|paying a? dividend|dividends; dividend payers"),
)

UNITS: dict[str, str] = {
    "bar": "bar|bars|candle|candles|candlestick|candlesticks|period|periods|session|sessions",
    "minute": "minute|minutes|min|mins",
    "hour": "hour|hours|hr|hrs",
    "day": "day|days|d",
    "week": "week|weeks|wk|wks|w",
    "month": "month|months|mo",
    "year": "year|years|yr|yrs|y",
}

NUMBERS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

MAGNITUDES: dict[str, float] = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "mm": 1e6,
    "mio": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
    "b": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
    "t": 1e12,
}

MULTIPLES: dict[str, float] = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "triple": 3.0, "half": 0.5, "quadruple": 4.0}
