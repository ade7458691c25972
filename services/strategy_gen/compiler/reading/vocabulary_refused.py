"""Words people use for what is not modelled. They are known so that the refusal can say why, and so that they are never taken for a symbol."""

from services.strategy_gen.compiler.reading.vocabulary import Row

_OTHER = "indicators known: RSI, SMA, EMA, WMA, MACD, Bollinger bands, ATR, ADX, stochastic, VWAP, OBV, ROC, N-day high and low"
_WORLD = "conditions are about prices, volume, indicators and company figures"
_ORDERS = "a strategy says when to be in; what it buys with is set by the risk limits of the account"

_PERIOD = 'name a length of time, as in "in 30 days"'

_MARKET = "name symbols, or give a universe beside the text; another market than the one traded cannot be looked at"

_NEAR = 'say how near, as in "within 2% of"'

_TOUCH = 'say "crosses below", "is below" or "within 1% of"'

SHORT_HINT = "agents do not go short: describe when to buy and when to sell what was bought"

SHORT = "short|shorts|shorting; go|going|enter short; sell short; short sell|selling; short position"

REFUSED: tuple[Row, ...] = (
    ("REFUSED", _TOUCH, "touch|touches|touching|touched|tests|tags|reverses|retests"),
    ("WHICHONE", "say which band: upper, middle or lower", "bollinger band|bands?; bb"),
    ("WHICHONE", "the stochastic known is the slow one: 14, 3, 3", "fast stochastic|stochastics oscillator?"),
    (
        "REFUSED",
        _NEAR,
        "near|nearing|around|about|approaching|approaches|approximately|roughly|almost|nearly; close to",
    ),
    ("SHORT", SHORT_HINT, SHORT),
    (
        "REFUSED",
        _OTHER,
        "cci|mfi|sar|trix|kst|dmi|cmf|hma|kama|dema|tema|vix|cvd|poc|zigzag|aroon|supertrend|ichimoku; parabolic sar; money flow index; commodity channel index; ichimoku cloud; heikin ashi; williams r|%r; keltner channel|channels; donchian channel|channels; pivot point|points; fibonacci retracement|levels?; support; resistance; trendline|trendlines; divergence|divergences; elliott wave|waves; order flow; doji; hammer; engulfing; head and shoulders; double bottom|top; cup and handle",
    ),
    (
        "REFUSED",
        _WORLD,
        "news|sentiment|twitter|reddit|tweets|headline|headlines|fed|fomc|cpi|gdp|nfp|ceo|ipo|sec|ai|moon|weather; interest rate|rates; analyst rating|ratings|upgrade|upgrades|downgrade; earnings report|reports|surprise|announcement|beat|date|call; insider buying|selling; fear and greed; social media; short interest; i feel good; feel|feels|feeling",
    ),
    (
        "REFUSED",
        _ORDERS,
        "leverage|leveraged|margin; option|options|call|calls|put|puts|futures|perpetual|perps; all in; half my money; limit order|orders; market order; pyramid|martingale|dca; average|scale in|out; hedge; position size|sizing; portfolio; capital; money",
    ),
    (
        "REFUSED",
        _PERIOD,
        "ytd|mtd|qtd|eod|eow|eom|yoy|qoq; year|quarter|month|week to date; end of day|week|month|year",
    ),
    ("REFUSED", _MARKET, "us|usa|uk|eu|s&p|dow|dax|ftse|nikkei; s&p 500; dow jones"),
    ("REFUSED", _WORLD, "yolo|fomo|hodl|usd|nyse|nasdaq|sp500|etf|etfs|otc|am|pm|utc|est|gmt"),
)
