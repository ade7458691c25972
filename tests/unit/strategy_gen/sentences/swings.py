"""MACD, Bollinger bands, ATR, VWAP and on-balance volume."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade(
        "Buy when MACD crosses above its signal line and sell when MACD crosses below its signal line",
        lambda d: r.up_cross(*r.macd(d)[:2]),
        lambda d: r.down_cross(*r.macd(d)[:2]),
        assumes=("12",),
    ),
    trade(
        "Buy when the MACD line crosses above the signal line",
        lambda d: r.up_cross(*r.macd(d)[:2]),
        lambda d: r.down_cross(*r.macd(d)[:2]),
    ),
    trade(
        "Buy when MACD is bullish, sell when MACD is bearish",
        lambda d: r.macd(d)[0] > r.macd(d)[1],
        lambda d: r.macd(d)[0] < r.macd(d)[1],
    ),
    trade(
        "Buy when MACD is above zero and sell when MACD is below zero",
        lambda d: r.macd(d)[0] > 0,
        lambda d: r.macd(d)[0] < 0,
    ),
    trade(
        "Buy when the MACD histogram is positive and sell when the MACD histogram is negative",
        lambda d: r.macd(d)[2] > 0,
        lambda d: r.macd(d)[2] < 0,
    ),
    trade(
        "Buy when the MACD histogram is rising for 3 bars; exit when the MACD histogram is falling for 3 bars",
        lambda d: r.rising(r.macd(d)[2]),
        lambda d: r.falling(r.macd(d)[2]),
    ),
    trade(
        "buy when macd(5, 35, 5) crosses above its signal, sell when macd(5, 35, 5) crosses below its signal",
        lambda d: r.up_cross(*r.macd(d, 5, 35, 5)[:2]),
        lambda d: r.down_cross(*r.macd(d, 5, 35, 5)[:2]),
    ),
    trade(
        "Go long on a bullish MACD crossover and exit on a bearish MACD crossover",
        lambda d: r.up_cross(*r.macd(d)[:2]),
        lambda d: r.down_cross(*r.macd(d)[:2]),
    ),
    trade(
        "Buy when MACD is above its signal and RSI is below 60",
        lambda d: (r.macd(d)[0] > r.macd(d)[1]) & (r.rsi(d) < 60),
        lambda d: (r.macd(d)[0] <= r.macd(d)[1]) | (r.rsi(d) >= 60),
    ),
    trade(
        "Buy when MACD crosses above 0", lambda d: r.up_cross(r.macd(d)[0], 0), lambda d: r.down_cross(r.macd(d)[0], 0)
    ),
    trade(
        "Enter when the MACD histogram crosses above zero, leave when the MACD histogram crosses below zero",
        lambda d: r.up_cross(r.macd(d)[2], 0),
        lambda d: r.down_cross(r.macd(d)[2], 0),
    ),
    screen("Find stocks with a bullish MACD cross", lambda d: r.up_cross(*r.macd(d)[:2]), bars="1d"),
    screen("Find coins where the MACD line is under the signal line", lambda d: r.macd(d)[0] < r.macd(d)[1]),
    alert(
        "Alert me when MACD crosses below its signal line on ETHUSDT",
        lambda d: r.down_cross(*r.macd(d)[:2]),
        symbols=("ETHUSDT",),
    ),
    trade(
        "Buy when price is below the lower Bollinger band and sell when price is above the upper Bollinger band",
        lambda d: d["close"] < r.bands(d)[2],
        lambda d: d["close"] > r.bands(d)[0],
        assumes=("20",),
    ),
    trade(
        "Buy when price closes below the lower bollinger band, sell when price crosses above the middle bollinger band",
        lambda d: d["close"] < r.bands(d)[2],
        lambda d: r.up_cross(d["close"], r.bands(d)[1]),
    ),
    trade(
        "Buy when the low is below the lower Bollinger band; exit when the high is above the upper Bollinger band",
        lambda d: d["low"] < r.bands(d)[2],
        lambda d: d["high"] > r.bands(d)[0],
    ),
    trade(
        "Buy when price breaks above the upper Bollinger band",
        lambda d: r.up_cross(d["close"], r.bands(d)[0]),
        lambda d: r.down_cross(d["close"], r.bands(d)[0]),
    ),
    trade(
        "Buy when the close crosses above the lower band of Bollinger(20, 2.5) and sell when the close is above the upper band of Bollinger(20, 2.5)",
        lambda d: r.up_cross(d["close"], r.bands(d, 20, 2.5)[2]),
        lambda d: d["close"] > r.bands(d, 20, 2.5)[0],
    ),
    trade(
        "buy when close < lower bollinger band(10, 1.5); sell when close > middle bollinger band(10, 1.5)",
        lambda d: d["close"] < r.bands(d, 10, 1.5)[2],
        lambda d: d["close"] > r.bands(d, 10, 1.5)[1],
    ),
    trade(
        "Buy when price is within 1% of the lower Bollinger band and RSI is below 40; sell when RSI is above 55",
        lambda d: r.near(d["close"], r.bands(d)[2], 0.01) & (r.rsi(d) < 40),
        lambda d: r.rsi(d) > 55,
    ),
    screen("Find stocks trading below their lower Bollinger band", lambda d: d["close"] < r.bands(d)[2], bars="1d"),
    screen(
        "Show me coins closing above the upper Bollinger band with volume above average",
        lambda d: (d["close"] > r.bands(d)[0]) & (d["volume"] > r.usual_volume(d)),
    ),
    alert(
        "Alert me when SOLUSDT crosses below the lower bollinger band",
        lambda d: r.down_cross(d["close"], r.bands(d)[2]),
        symbols=("SOLUSDT",),
    ),
    trade(
        "Buy when ATR is rising for 3 bars and the close is above SMA 20; sell when the close is below SMA 20",
        lambda d: r.rising(r.atr(d)) & (d["close"] > r.sma(d, 20)),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when ATR(7) is above ATR(21), sell when ATR(7) is below ATR(21)",
        lambda d: r.atr(d, 7) > r.atr(d, 21),
        lambda d: r.atr(d, 7) < r.atr(d, 21),
    ),
    screen("Find coins with ATR above 2", lambda d: r.atr(d) > 2, assumes=("14",)),
    screen(
        "Find stocks where the 10-day ATR is falling and price is above the 20-day SMA",
        lambda d: r.falling(r.atr(d, 10)) & (d["close"] > r.sma(d, 20)),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price is above VWAP and sell when price is below VWAP",
        lambda d: d["close"] > r.vwap(d),
        lambda d: d["close"] < r.vwap(d),
        assumes=("20",),
    ),
    trade(
        "Buy when price crosses above VWAP",
        lambda d: r.up_cross(d["close"], r.vwap(d)),
        lambda d: r.down_cross(d["close"], r.vwap(d)),
    ),
    trade(
        "buy when close is above vwap(50) and rsi is above 55, sell when close is below vwap(50)",
        lambda d: (d["close"] > r.vwap(d, 50)) & (r.rsi(d) > 55),
        lambda d: d["close"] < r.vwap(d, 50),
    ),
    screen("Which coins are trading at least 2% below VWAP?", lambda d: d["close"] <= 0.98 * r.vwap(d)),
    alert("Ping me when price falls below the VWAP", lambda d: r.down_cross(d["close"], r.vwap(d))),
    trade(
        "Buy when OBV is rising for 5 bars and sell when OBV is falling for 3 bars",
        lambda d: r.rising(r.obv(d), 5),
        lambda d: r.falling(r.obv(d), 3),
    ),
    trade(
        "Buy when on-balance volume is rising and price is above SMA 20; sell when price is below SMA 20",
        lambda d: r.rising(r.obv(d)) & (d["close"] > r.sma(d, 20)),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    screen("Find stocks with OBV falling for 4 days", lambda d: r.falling(r.obv(d), 4), bars="1d", own=True),
    screen("Find coins with rising OBV and RSI below 50", lambda d: r.rising(r.obv(d)) & (r.rsi(d) < 50)),
)
