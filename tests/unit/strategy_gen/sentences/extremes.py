"""N-day highs and lows: breakouts, new extremes, distances from them."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade(
        "Buy when price breaks out above the 20-day high and sell when price breaks below the 10-day low",
        lambda d: d["close"] > r.high_before(d, 20),
        lambda d: d["close"] < r.low_before(d, 10),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price breaks out above the 55-period high and exit when price falls below the 20-period low",
        lambda d: d["close"] > r.high_before(d, 55),
        lambda d: d["close"] < r.low_before(d, 20),
    ),
    trade(
        "buy on a breakout above the 20-bar high",
        lambda d: d["close"] > r.high_before(d, 20),
        lambda d: d["close"] <= r.high_before(d, 20),
    ),
    trade(
        "Buy a new 20-day high, sell a new 10-day low",
        lambda d: d["close"] > r.high_before(d, 20),
        lambda d: d["close"] < r.low_before(d, 10),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price makes a new 50-period high; sell when price makes a new 25-period low",
        lambda d: d["close"] > r.high_before(d, 50),
        lambda d: d["close"] < r.low_before(d, 25),
    ),
    trade(
        "Go long when the close is above the highest high of the last 10 bars, exit when the close is below the lowest low of the last 5 bars",
        lambda d: d["close"] > r.high_before(d, 10),
        lambda d: d["close"] < r.low_before(d, 5),
    ),
    trade(
        "Buy the breakout above the 3-day high",
        lambda d: d["close"] > r.high_before(d, 72),
        lambda d: d["close"] <= r.high_before(d, 72),
        assumes=("72",),
    ),
    trade(
        "Buy when price drops 10% from its 20-day high and sell when RSI is above 60",
        lambda d: d["close"] / r.high_of(d, 20) - 1 <= -0.1,
        lambda d: r.rsi(d) > 60,
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price drops 5% from its 30-period high",
        lambda d: d["close"] / r.high_of(d, 30) - 1 <= -0.05,
        lambda d: d["close"] / r.high_of(d, 30) - 1 > -0.05,
    ),
    trade(
        "Buy when price is within 2% of its 50-period low and RSI is below 40; sell when RSI is above 50",
        lambda d: r.near(d["close"], r.low_of(d, 50), 0.02) & (r.rsi(d) < 40),
        lambda d: r.rsi(d) > 50,
    ),
    trade(
        "buy when the close is above yesterday's high, sell when the close is below yesterday's low",
        lambda d: d["close"] > d["high"].shift(),
        lambda d: d["close"] < d["low"].shift(),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when the close is above the previous high; sell when the close is below the previous low",
        lambda d: d["close"] > d["high"].shift(),
        lambda d: d["close"] < d["low"].shift(),
    ),
    trade(
        "Buy when price breaks above the 20-period high with volume above 1.5x average; sell when price drops below the 20-period low",
        lambda d: (d["close"] > r.high_before(d, 20)) & (d["volume"] > 1.5 * r.usual_volume(d)),
        lambda d: d["close"] < r.low_before(d, 20),
    ),
    trade(
        "Buy when price rises 8% from its 20-period low and sell when it drops 8% from its 20-period high",
        lambda d: d["close"] / r.low_of(d, 20) - 1 >= 0.08,
        lambda d: d["close"] / r.high_of(d, 20) - 1 <= -0.08,
    ),
    screen(
        "Find stocks breaking out above their 20-day high on high volume",
        lambda d: (d["close"] > r.high_before(d, 20)) & (d["volume"] > 1.5 * r.usual_volume(d)),
        bars="1d",
        own=True,
        assumes=("1.5",),
    ),
    screen(
        "Find stocks hitting a new 52-week high",
        lambda d: d["close"] > r.high_before(d, 252),
        bars="1d",
        own=True,
        assumes=("252",),
    ),
    screen("find stocks at a new 52-week low", lambda d: d["close"] < r.low_before(d, 252), bars="1d", own=True),
    screen(
        "Find stocks within 3% of their 20-day high",
        lambda d: r.near(d["close"], r.high_of(d, 20), 0.03),
        bars="1d",
        own=True,
    ),
    screen(
        "Find stocks down more than 20% from their 100-day high",
        lambda d: d["close"] / r.high_of(d, 100) - 1 < -0.2,
        bars="1d",
        own=True,
    ),
    screen(
        "List coins that dropped at least 6% from their 24-bar high",
        lambda d: d["close"] / r.high_of(d, 24) - 1 <= -0.06,
    ),
    screen(
        "Show stocks more than 15% below their 50-day high",
        lambda d: d["close"] / r.high_of(d, 50) - 1 < -0.15,
        bars="1d",
        own=True,
    ),
    screen(
        "Screen for coins that are at least 10% above their 40-period low",
        lambda d: d["close"] / r.low_of(d, 40) - 1 >= 0.1,
    ),
    screen(
        "Find stocks making a new 10-day low with RSI under 35",
        lambda d: (d["close"] < r.low_before(d, 10)) & (r.rsi(d) < 35),
        bars="1d",
        own=True,
    ),
    screen("Find breakouts above the 30-day high", lambda d: d["close"] > r.high_before(d, 30), bars="1d", own=True),
    alert(
        "Alert me when BTCUSDT breaks out above its 20-day high",
        lambda d: d["close"] > r.high_before(d, 20),
        bars="1d",
        own=True,
        symbols=("BTCUSDT",),
    ),
    alert(
        "Alert me when AAPL drops 10% from its 30-day high",
        lambda d: d["close"] / r.high_of(d, 30) - 1 <= -0.1,
        bars="1d",
        own=True,
        symbols=("AAPL",),
    ),
    alert("Notify me when price breaks down below the 20-period low", lambda d: d["close"] < r.low_before(d, 20)),
    alert(
        "Tell me when ETH/USDT makes a new 5-day high",
        lambda d: d["close"] > r.high_before(d, 30),
        bars="4h",
        symbols=("ETHUSDT",),
        assumes=("30",),
    ),
)
