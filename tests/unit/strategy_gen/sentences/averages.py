"""Simple, exponential and weighted averages, and their crosses."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade(
        "Buy when price is above the 50-day moving average",
        lambda d: d["close"] > r.sma(d, 50),
        lambda d: d["close"] <= r.sma(d, 50),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when the close is above SMA 20 and sell when the close is below SMA 20",
        lambda d: d["close"] > r.sma(d, 20),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when price crosses above EMA 20, sell when price crosses below EMA 20",
        lambda d: r.up_cross(d["close"], r.ema(d, 20)),
        lambda d: r.down_cross(d["close"], r.ema(d, 20)),
    ),
    trade(
        "Buy when the 50-day crosses above the 200-day",
        lambda d: r.up_cross(r.sma(d, 50), r.sma(d, 200)),
        lambda d: r.down_cross(r.sma(d, 50), r.sma(d, 200)),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy the golden cross and sell the death cross",
        lambda d: r.up_cross(r.sma(d, 50), r.sma(d, 200)),
        lambda d: r.down_cross(r.sma(d, 50), r.sma(d, 200)),
        assumes=("50", "200"),
    ),
    trade(
        "Buy on a golden cross",
        lambda d: r.up_cross(r.sma(d, 50), r.sma(d, 200)),
        lambda d: r.down_cross(r.sma(d, 50), r.sma(d, 200)),
    ),
    trade(
        "Buy when EMA 12 crosses above EMA 26 and sell when EMA 12 crosses below EMA 26",
        lambda d: r.up_cross(r.ema(d, 12), r.ema(d, 26)),
        lambda d: r.down_cross(r.ema(d, 12), r.ema(d, 26)),
    ),
    trade(
        "buy when ema(9) > ema(21), sell when ema(9) < ema(21)",
        lambda d: r.ema(d, 9) > r.ema(d, 21),
        lambda d: r.ema(d, 9) < r.ema(d, 21),
    ),
    trade(
        "Go long if the 10-period EMA is above the 30-period EMA",
        lambda d: r.ema(d, 10) > r.ema(d, 30),
        lambda d: r.ema(d, 10) <= r.ema(d, 30),
    ),
    trade(
        "Buy when the 20 period exponential moving average crosses over the 50 period exponential moving average",
        lambda d: r.up_cross(r.ema(d, 20), r.ema(d, 50)),
        lambda d: r.down_cross(r.ema(d, 20), r.ema(d, 50)),
    ),
    trade(
        "Buy when price is above its moving average",
        lambda d: d["close"] > r.sma(d, 20),
        lambda d: d["close"] <= r.sma(d, 20),
        assumes=("20",),
    ),
    trade(
        "Buy when WMA 10 crosses above WMA 30",
        lambda d: r.up_cross(r.wma(d, 10), r.wma(d, 30)),
        lambda d: r.down_cross(r.wma(d, 10), r.wma(d, 30)),
    ),
    trade(
        "buy when the 15-period weighted moving average is rising and sell when it is falling",
        lambda d: r.rising(r.wma(d, 15)),
        lambda d: r.falling(r.wma(d, 15)),
    ),
    trade(
        "Buy when the simple moving average of 30 bars is rising for 5 bars; sell when the close is below SMA 30",
        lambda d: r.rising(r.sma(d, 30), 5),
        lambda d: d["close"] < r.sma(d, 30),
    ),
    trade(
        "Buy when price is 2% above the 20-period moving average, sell when price is below the 20-period moving average",
        lambda d: d["close"] > 1.02 * r.sma(d, 20),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when price is more than 3% below the 50-period SMA; sell when price is above the 50-period SMA",
        lambda d: d["close"] < 0.97 * r.sma(d, 50),
        lambda d: d["close"] > r.sma(d, 50),
    ),
    trade(
        "Buy when price is within 1% of the 50-period SMA and RSI is above 50; sell when RSI is below 45",
        lambda d: r.near(d["close"], r.sma(d, 50), 0.01) & (r.rsi(d) > 50),
        lambda d: r.rsi(d) < 45,
    ),
    trade(
        "Buy when the low is below EMA 20 and the close is above EMA 20; exit when the close is below EMA 20",
        lambda d: (d["low"] < r.ema(d, 20)) & (d["close"] > r.ema(d, 20)),
        lambda d: d["close"] < r.ema(d, 20),
    ),
    trade(
        "Buy when SMA 10 is above SMA 20 and SMA 20 is above SMA 50",
        lambda d: (r.sma(d, 10) > r.sma(d, 20)) & (r.sma(d, 20) > r.sma(d, 50)),
        lambda d: (r.sma(d, 10) <= r.sma(d, 20)) | (r.sma(d, 20) <= r.sma(d, 50)),
    ),
    trade(
        "Enter when the fast 5-period SMA crosses above the slow 20-period SMA and exit when the 5-period SMA crosses below the 20-period SMA",
        lambda d: r.up_cross(r.sma(d, 5), r.sma(d, 20)),
        lambda d: r.down_cross(r.sma(d, 5), r.sma(d, 20)),
    ),
    trade(
        "Buy when the 5-period moving average crosses the 20-period moving average from below",
        lambda d: r.up_cross(r.sma(d, 5), r.sma(d, 20)),
        lambda d: r.down_cross(r.sma(d, 5), r.sma(d, 20)),
    ),
    trade(
        "buy when ma(10) crosses above ma(40) and sell when ma(10) crosses under ma(40)",
        lambda d: r.up_cross(r.sma(d, 10), r.sma(d, 40)),
        lambda d: r.down_cross(r.sma(d, 10), r.sma(d, 40)),
    ),
    trade(
        "Buy when the 100-period EMA is below the price and sell when the 100-period EMA is above the price",
        lambda d: r.ema(d, 100) < d["close"],
        lambda d: r.ema(d, 100) > d["close"],
    ),
    trade(
        "Buy when the close is over the 9 EMA, sell when the close is under the 9 EMA",
        lambda d: d["close"] > r.ema(d, 9),
        lambda d: d["close"] < r.ema(d, 9),
    ),
    trade(
        "Buy when the open is above the 20-period SMA",
        lambda d: d["open"] > r.sma(d, 20),
        lambda d: d["open"] <= r.sma(d, 20),
    ),
    trade(
        "buy once price moves above the 200 EMA, sell once price moves below the 200 EMA",
        lambda d: r.up_cross(d["close"], r.ema(d, 200)),
        lambda d: r.down_cross(d["close"], r.ema(d, 200)),
    ),
    trade(
        "Buy when price has been above EMA 20 for 5 bars; sell when price is below EMA 20",
        lambda d: r.lasted(d["close"] > r.ema(d, 20), 5),
        lambda d: d["close"] < r.ema(d, 20),
    ),
    trade(
        "Long when EMA 20 exceeds EMA 50 by at least 1%; exit when EMA 20 is below EMA 50",
        lambda d: r.ema(d, 20) >= 1.01 * r.ema(d, 50),
        lambda d: r.ema(d, 20) < r.ema(d, 50),
    ),
    trade(
        "Buy when the 20-day EMA crosses above the 50-day SMA",
        lambda d: r.up_cross(r.ema(d, 20), r.sma(d, 50)),
        lambda d: r.down_cross(r.ema(d, 20), r.sma(d, 50)),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price is above the 5-day moving average",
        lambda d: d["close"] > r.sma(d, 120),
        lambda d: d["close"] <= r.sma(d, 120),
        assumes=("120",),
    ),
    trade(
        "Buy when price crosses above the 2-day EMA",
        lambda d: r.up_cross(d["close"], r.ema(d, 12)),
        lambda d: r.down_cross(d["close"], r.ema(d, 12)),
        bars="4h",
        assumes=("12",),
    ),
    screen(
        "Find stocks trading above their 200-day moving average",
        lambda d: d["close"] > r.sma(d, 200),
        bars="1d",
        own=True,
    ),
    screen(
        "find stocks with price above the 50 day SMA and the 50 day SMA above the 200 day SMA",
        lambda d: (d["close"] > r.sma(d, 50)) & (r.sma(d, 50) > r.sma(d, 200)),
        bars="1d",
        own=True,
    ),
    screen(
        "Screen for stocks that crossed above their 50-day moving average",
        lambda d: r.up_cross(d["close"], r.sma(d, 50)),
        bars="1d",
        own=True,
    ),
    screen("Show coins with a death cross", lambda d: r.down_cross(r.sma(d, 50), r.sma(d, 200))),
    screen(
        "Find stocks within 2% of their 50-day moving average",
        lambda d: r.near(d["close"], r.sma(d, 50), 0.02),
        bars="1d",
        own=True,
    ),
    screen(
        "Find stocks at least 5% under the 20-day average",
        lambda d: d["close"] <= 0.95 * r.sma(d, 20),
        bars="1d",
        own=True,
    ),
    screen(
        "Give me all coins where the EMA 8 is above the EMA 21 and the EMA 21 is above the EMA 55",
        lambda d: (r.ema(d, 8) > r.ema(d, 21)) & (r.ema(d, 21) > r.ema(d, 55)),
    ),
    alert(
        "Alert me when the 50-day crosses below the 200-day",
        lambda d: r.down_cross(r.sma(d, 50), r.sma(d, 200)),
        bars="1d",
        own=True,
    ),
    alert(
        "Alert me when BTCUSDT closes below its 20-period EMA",
        lambda d: d["close"] < r.ema(d, 20),
        symbols=("BTCUSDT",),
    ),
    alert("Warn me when price is less than the 30-period WMA", lambda d: d["close"] < r.wma(d, 30)),
    alert("Send an alert when SMA(5) is falling for 6 bars", lambda d: r.falling(r.sma(d, 5), 6)),
)
