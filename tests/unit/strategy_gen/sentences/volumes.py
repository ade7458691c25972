"""Volume against its average, spikes, and volume beside price."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade


def usual(d: r.Bars, factor: float, period: int = 20) -> r.Term:
    return factor * r.usual_volume(d, period)


CASES = (
    trade(
        "Buy when volume is above 2x average and price is up more than 1%; sell when price is below SMA 10",
        lambda d: (d["volume"] > usual(d, 2)) & (r.change(d) > 0.01),
        lambda d: d["close"] < r.sma(d, 10),
        assumes=("20",),
    ),
    trade(
        "Buy on a volume spike with a green candle and hold for 4 bars",
        lambda d: (d["volume"] > usual(d, 2)) & r.green(d),
        hold=4,
        assumes=("2",),
    ),
    trade(
        "Buy when volume is high and the close is above EMA 20, sell when the close is below EMA 20",
        lambda d: (d["volume"] > usual(d, 1.5)) & (d["close"] > r.ema(d, 20)),
        lambda d: d["close"] < r.ema(d, 20),
        assumes=("1.5",),
    ),
    trade(
        "Buy when volume is greater than twice its 20-period average and RSI is below 40; sell when RSI is above 60",
        lambda d: (d["volume"] > usual(d, 2)) & (r.rsi(d) < 40),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when volume exceeds three times the average volume; exit when volume is below the average volume",
        lambda d: d["volume"] > usual(d, 3),
        lambda d: d["volume"] < usual(d, 1),
    ),
    trade(
        "buy when volume > 1.5 * average volume and close > open, sell when close < open",
        lambda d: (d["volume"] > usual(d, 1.5)) & (d["close"] > d["open"]),
        lambda d: d["close"] < d["open"],
    ),
    trade(
        "Buy when volume doubles and price closes higher, hold for 3 bars",
        lambda d: (d["volume"] > usual(d, 2)) & (r.change(d) > 0),
        hold=3,
    ),
    trade(
        "Buy when volume is rising for 3 bars and RSI is above 50; sell when RSI is below 45",
        lambda d: r.rising(d["volume"]) & (r.rsi(d) > 50),
        lambda d: r.rsi(d) < 45,
    ),
    trade(
        "Buy when volume is at least double the 50-period average volume",
        lambda d: d["volume"] >= usual(d, 2, 50),
        lambda d: d["volume"] < usual(d, 2, 50),
    ),
    trade(
        "Buy on heavy volume when price crosses above SMA 20; exit when price crosses below SMA 20",
        lambda d: (d["volume"] > usual(d, 1.5)) & r.up_cross(d["close"], r.sma(d, 20)),
        lambda d: r.down_cross(d["close"], r.sma(d, 20)),
    ),
    trade(
        "Buy when price drops 3% in 5 bars on low volume; sell when RSI is above 55",
        lambda d: (r.change(d, 5) < -0.03) & (d["volume"] < usual(d, 0.5)),
        lambda d: r.rsi(d) > 55,
        assumes=("0.5",),
    ),
    trade(
        "Buy if there's a volume spike and RSI is oversold",
        lambda d: (d["volume"] > usual(d, 2)) & (r.rsi(d) < 30),
        lambda d: (d["volume"] <= usual(d, 2)) | (r.rsi(d) >= 30),
    ),
    screen(
        "Find stocks with RSI below 30 and volume spike above 2x average",
        lambda d: (r.rsi(d) < 30) & (d["volume"] > usual(d, 2)),
        bars="1d",
        assumes=("14", "20"),
    ),
    screen("Find stocks with unusual volume", lambda d: d["volume"] > usual(d, 1.5), bars="1d", assumes=("1.5",)),
    screen("Find stocks with volume above 2x average", lambda d: d["volume"] > usual(d, 2), bars="1d"),
    screen("find coins with volume at least 3x average", lambda d: d["volume"] >= usual(d, 3)),
    screen("Find stocks with a volume spike of 4x average volume", lambda d: d["volume"] > usual(d, 4), bars="1d"),
    screen("Show stocks trading on low volume", lambda d: d["volume"] < usual(d, 0.5), bars="1d"),
    screen(
        "Find coins with below average volume and RSI above 60", lambda d: (d["volume"] < usual(d, 1)) & (r.rsi(d) > 60)
    ),
    screen(
        "Find stocks where volume is more than 50% above its 20-day average",
        lambda d: d["volume"] > usual(d, 1.5),
        bars="1d",
        own=True,
    ),
    screen("Find coins with volume over 5000", lambda d: d["volume"] > 5000),
    screen("Find stocks trading more than 1 million shares", lambda d: d["volume"] > 1e6, bars="1d"),
    screen(
        "Find stocks with volume over 2 million and price above $90",
        lambda d: (d["volume"] > 2e6) & (d["close"] > 90),
        bars="1d",
    ),
    screen(
        "Find stocks where volume is double its 10-day average and the candle is green",
        lambda d: (d["volume"] > usual(d, 2, 10)) & r.green(d),
        bars="1d",
        own=True,
    ),
    screen(
        "Scan for heavy volume and price up more than 2%",
        lambda d: (d["volume"] > usual(d, 1.5)) & (r.change(d) > 0.02),
    ),
    screen("Find coins with falling volume for 4 bars", lambda d: r.falling(d["volume"], 4)),
    alert("Alert me when BTCUSDT has a volume spike", lambda d: d["volume"] > usual(d, 2), symbols=("BTCUSDT",)),
    alert("Alert me on unusual volume in ETHUSDT", lambda d: d["volume"] > usual(d, 1.5), symbols=("ETHUSDT",)),
    alert("Notify me when volume is 2.5 times the average", lambda d: d["volume"] > usual(d, 2.5)),
    alert("Alert me when volume is more than triple the 30-period average", lambda d: d["volume"] > usual(d, 3, 30)),
    alert(
        "Tell me when volume is higher than average and price is falling for 3 bars",
        lambda d: (d["volume"] > usual(d, 1)) & r.falling(d["close"]),
    ),
    screen(
        "Find coins where volume is rising for 3 bars and the 20-bar SMA is above the 50-bar SMA",
        lambda d: r.rising(d["volume"]) & (r.sma(d, 20) > r.sma(d, 50)),
    ),
)
