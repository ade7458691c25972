"""RSI, stochastic, ADX and rate of change."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade(
        "Buy when RSI is below 30 and sell when RSI is above 70",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 70,
        assumes=("14",),
    ),
    trade(
        "Buy when the RSI drops under 35, sell when it gets over 65",
        lambda d: r.down_cross(r.rsi(d), 35),
        lambda d: r.up_cross(r.rsi(d), 65),
    ),
    trade("buy if rsi(14) < 30; sell if rsi(14) > 70", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) > 70),
    trade(
        "Go long when RSI(7) is under 25. Exit when RSI(7) is over 75.",
        lambda d: r.rsi(d, 7) < 25,
        lambda d: r.rsi(d, 7) > 75,
    ),
    trade(
        "Buy when the 14-day RSI is below 30 and sell when the 14-day RSI is above 70",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 70,
        bars="1d",
        own=True,
    ),
    trade("Buy when RSI crosses above 30", lambda d: r.up_cross(r.rsi(d), 30), lambda d: r.down_cross(r.rsi(d), 30)),
    trade(
        "Enter long when RSI crosses back above 30 and exit when RSI crosses below 70",
        lambda d: r.up_cross(r.rsi(d), 30),
        lambda d: r.down_cross(r.rsi(d), 70),
    ),
    trade(
        "Buy when oversold and sell when overbought",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 70,
        assumes=("30", "70"),
    ),
    trade("Buy oversold, sell overbought", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) > 70),
    trade("Buy when RSI is oversold", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) >= 30, assumes=("30",)),
    trade("buy when rsi is at most 28", lambda d: r.rsi(d) <= 28, lambda d: r.rsi(d) > 28),
    trade(
        "Purchase when RSI falls below 40 and sell when RSI exceeds 60",
        lambda d: r.down_cross(r.rsi(d), 40),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when RSI is between 30 and 40; sell when RSI is above 60",
        lambda d: (r.rsi(d) >= 30) & (r.rsi(d) <= 40),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when RSI is rising, sell when RSI is falling",
        lambda d: r.rising(r.rsi(d)),
        lambda d: r.falling(r.rsi(d)),
        assumes=("3",),
    ),
    trade("Buy when RSI has been rising for 4 bars", lambda d: r.rising(r.rsi(d), 4), hold=5, assumes=("5 bars",)),
    trade(
        "buy when the 21-period RSI is above 50 and sell when the 21-period RSI is below 50",
        lambda d: r.rsi(d, 21) > 50,
        lambda d: r.rsi(d, 21) < 50,
    ),
    trade("Buy when the relative strength index is less than 30", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) >= 30),
    trade(
        "Buy whenever the 2-period RSI is lower than 10, and sell once it is higher than 60",
        lambda d: r.rsi(d, 2) < 10,
        lambda d: r.rsi(d, 2) > 60,
    ),
    trade(
        "Buy when RSI is not above 40 and sell when RSI is not below 60",
        lambda d: r.rsi(d) <= 40,
        lambda d: r.rsi(d) >= 60,
    ),
    trade(
        "Buy when RSI 9 is above RSI 21", lambda d: r.rsi(d, 9) > r.rsi(d, 21), lambda d: r.rsi(d, 9) <= r.rsi(d, 21)
    ),
    trade(
        "Long when 5-period RSI crosses above 14-period RSI",
        lambda d: r.up_cross(r.rsi(d, 5), r.rsi(d)),
        lambda d: r.down_cross(r.rsi(d, 5), r.rsi(d)),
    ),
    trade(
        "Buy when RSI is below 30 for 3 bars in a row", lambda d: r.lasted(r.rsi(d) < 30, 3), lambda d: r.rsi(d) >= 30
    ),
    screen("Find stocks with RSI below 30", lambda d: r.rsi(d) < 30, bars="1d"),
    screen("Show me symbols whose RSI is over 70", lambda d: r.rsi(d) > 70),
    screen("Screen for overbought coins", lambda d: r.rsi(d) > 70),
    screen("Which stocks are oversold on the daily chart?", lambda d: r.rsi(d) < 30, bars="1d", own=True),
    screen("Scan for anything with an RSI of at least 75", lambda d: r.rsi(d) >= 75),
    alert("Alert me when RSI drops below 25", lambda d: r.down_cross(r.rsi(d), 25)),
    alert("Tell me when BTCUSDT is overbought", lambda d: r.rsi(d) > 70, symbols=("BTCUSDT",)),
    alert(
        "Notify me if the hourly RSI of ETHUSDT crosses below 30",
        lambda d: r.down_cross(r.rsi(d), 30),
        own=True,
        symbols=("ETHUSDT",),
    ),
    trade(
        "Buy when stochastic is below 20 and sell when stochastic is above 80",
        lambda d: r.stochastic(d)[0] < 20,
        lambda d: r.stochastic(d)[0] > 80,
        assumes=("14",),
    ),
    trade(
        "Buy when stochastic %K crosses above %D",
        lambda d: r.up_cross(*r.stochastic(d)),
        lambda d: r.down_cross(*r.stochastic(d)),
    ),
    trade(
        "Buy when stochastic K crosses above stochastic D and exit when stochastic K crosses below stochastic D",
        lambda d: r.up_cross(*r.stochastic(d)),
        lambda d: r.down_cross(*r.stochastic(d)),
    ),
    trade(
        "Go long when the stochastic oscillator is under 15; close the position when the stochastic oscillator is over 85",
        lambda d: r.stochastic(d)[0] < 15,
        lambda d: r.stochastic(d)[0] > 85,
    ),
    screen("find coins with stochastic %D below 20", lambda d: r.stochastic(d)[1] < 20),
    screen("List stocks with stochastic(5, 3, 3) above 90", lambda d: r.stochastic(d, 5)[0] > 90, bars="1d"),
    trade(
        "Buy when ADX is above 25 and sell when ADX is below 20",
        lambda d: r.adx(d) > 25,
        lambda d: r.adx(d) < 20,
        assumes=("14",),
    ),
    trade(
        "Buy when +DI crosses above -DI and sell when +DI crosses below -DI",
        lambda d: r.up_cross(r.plus_di(d), r.minus_di(d)),
        lambda d: r.down_cross(r.plus_di(d), r.minus_di(d)),
    ),
    trade(
        "buy when adx(10) is over 30 and +di is greater than -di; sell when adx(10) is under 20",
        lambda d: (r.adx(d, 10) > 30) & (r.plus_di(d) > r.minus_di(d)),
        lambda d: r.adx(d, 10) < 20,
    ),
    screen("Find stocks where ADX is rising and above 25", lambda d: r.rising(r.adx(d)) & (r.adx(d) > 25), bars="1d"),
    screen("Look for symbols with an ADX greater than 30", lambda d: r.adx(d) > 30),
    trade(
        "Buy when rate of change is above 5 and sell when rate of change is below 0",
        lambda d: r.roc(d) > 5,
        lambda d: r.roc(d) < 0,
        assumes=("10",),
    ),
    trade(
        "Buy when ROC(20) crosses above 0",
        lambda d: r.up_cross(r.roc(d, 20), 0),
        lambda d: r.down_cross(r.roc(d, 20), 0),
    ),
    trade(
        "buy when the 12-period ROC is over 2; sell when the 12-period ROC is under -2",
        lambda d: r.roc(d, 12) > 2,
        lambda d: r.roc(d, 12) < -2,
    ),
    alert("Let me know when ROC is above 8", lambda d: r.roc(d) > 8),
)
