"""Gaps, moves over a time, and rows of candles."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade("Buy when price gaps up by more than 3%", lambda d: r.gap(d) > 0.03, hold=5, bars="1d", assumes=("5 bars",)),
    trade(
        "Buy when the stock gaps down by more than 2% and hold for 3 days",
        lambda d: r.gap(d) < -0.02,
        hold=3,
        bars="1d",
        own=True,
    ),
    trade("Buy stocks that gap up by 5% or more and hold for 10 bars", lambda d: r.gap(d) >= 0.05, hold=10, bars="1d"),
    trade(
        "Buy when it gaps up at least 2 percent, sell when it gaps down",
        lambda d: r.gap(d) >= 0.02,
        lambda d: r.gap(d) < 0,
        bars="1d",
    ),
    trade(
        "Buy gap downs of at least 4% and sell when RSI is above 50",
        lambda d: r.gap(d) <= -0.04,
        lambda d: r.rsi(d) > 50,
        bars="1d",
    ),
    screen(
        "Find stocks that gap up by more than 3% with high volume",
        lambda d: (r.gap(d) > 0.03) & (d["volume"] > 1.5 * r.usual_volume(d)),
        bars="1d",
        assumes=("1.5", "20"),
    ),
    screen("Find stocks gapping up more than four percent", lambda d: r.gap(d) > 0.04, bars="1d"),
    screen(
        "find stocks gapping down 3% or more on unusual volume",
        lambda d: (r.gap(d) <= -0.03) & (d["volume"] > 1.5 * r.usual_volume(d)),
        bars="1d",
    ),
    screen("Which stocks gapped up?", lambda d: r.gap(d) > 0, bars="1d"),
    screen(
        "Show me stocks with a gap up over 2% that closed green",
        lambda d: (r.gap(d) > 0.02) & (d["close"] > d["open"]),
        bars="1d",
    ),
    screen("Stocks gapping up between 1% and 3%", lambda d: (r.gap(d) >= 0.01) & (r.gap(d) <= 0.03), bars="1d"),
    alert("Alert me when ARM gaps up by 5% or more", lambda d: r.gap(d) >= 0.05, bars="1d", symbols=("ARM",)),
    alert("Alert me if TSLA gaps down by more than 3%", lambda d: r.gap(d) < -0.03, bars="1d", symbols=("TSLA",)),
    trade("Buy when price is up 5% in 3 days", lambda d: r.change(d, 3) > 0.05, hold=5, bars="1d", own=True),
    trade(
        "Buy when price is up more than 2% in 4 hours and sell when price is down more than 1% in 2 hours",
        lambda d: r.change(d, 4) > 0.02,
        lambda d: r.change(d, 2) < -0.01,
    ),
    trade(
        "Buy when price is down at least 6% in 10 bars; sell when price is up at least 4% in 10 bars",
        lambda d: r.change(d, 10) <= -0.06,
        lambda d: r.change(d, 10) >= 0.04,
    ),
    trade("Buy after a drop of more than 3% in 5 bars and hold for 6 bars", lambda d: r.change(d, 5) < -0.03, hold=6),
    trade(
        "Buy when the price has fallen by 8% or more over the last 20 bars; exit when RSI crosses above 50",
        lambda d: r.change(d, 20) <= -0.08,
        lambda d: r.up_cross(r.rsi(d), 50),
    ),
    trade(
        "buy the dip when price falls more than 4% in 1 day, sell when price is above SMA 10",
        lambda d: r.change(d, 1) < -0.04,
        lambda d: d["close"] > r.sma(d, 10),
        bars="1d",
        own=True,
    ),
    trade(
        "Buy when price rises more than 3% in 6 bars and sell when price falls more than 3% in 6 bars",
        lambda d: r.change(d, 6) > 0.03,
        lambda d: r.change(d, 6) < -0.03,
    ),
    screen("Find stocks up more than 10% in 20 days", lambda d: r.change(d, 20) > 0.1, bars="1d", own=True),
    screen("Find stocks down more than 5% today", lambda d: r.change(d) < -0.05, bars="1d"),
    screen("find coins up at least 5% in the last 24 hours", lambda d: r.change(d, 24) >= 0.05),
    screen("Show coins that lost more than 3% over the past 12 hours", lambda d: r.change(d, 12) < -0.03),
    screen(
        "Find stocks that gained at least 8% over the last 5 days",
        lambda d: r.change(d, 5) >= 0.08,
        bars="1d",
        own=True,
    ),
    screen("Find coins up five percent in ten bars", lambda d: r.change(d, 10) > 0.05),
    screen("Find coins up 12% in 7 days", lambda d: r.change(d, 168) > 0.12, assumes=("168",)),
    screen("find stocks up 3% or more", lambda d: r.change(d) >= 0.03, bars="1d", assumes=("bar",)),
    screen(
        "Find coins that rose between 2% and 4% in 8 bars",
        lambda d: (r.change(d, 8) >= 0.02) & (r.change(d, 8) <= 0.04),
    ),
    alert("Alert me when BTCUSDT drops more than 3% in 1 hour", lambda d: r.change(d) < -0.03, symbols=("BTCUSDT",)),
    alert("Let me know when SOLUSDT is up 6% in 12 hours", lambda d: r.change(d, 12) > 0.06, symbols=("SOLUSDT",)),
    alert("Alert when price moves up more than 2%", lambda d: r.change(d) > 0.02),
    trade(
        "Buy after 3 red candles in a row and sell after 2 green candles in a row",
        lambda d: r.red(d, 3),
        lambda d: r.green(d, 2),
    ),
    trade(
        "Buy after three consecutive green candles, exit after two consecutive red candles",
        lambda d: r.green(d, 3),
        lambda d: r.red(d, 2),
    ),
    trade("Buy after 4 red bars in a row", lambda d: r.red(d, 4), hold=5, assumes=("5 bars",)),
    trade("Buy after 5 red days in a row and hold for 2 days", lambda d: r.red(d, 5), hold=2, bars="1d", own=True),
    trade(
        "Buy when there are 3 bullish candles in a row and volume is rising; sell on a bearish candle",
        lambda d: r.green(d, 3) & r.rising(d["volume"]),
        lambda d: r.red(d),
    ),
    trade(
        "buy on a green candle when rsi is below 35; sell on a red candle when rsi is above 60",
        lambda d: r.green(d) & (r.rsi(d) < 35),
        lambda d: r.red(d) & (r.rsi(d) > 60),
    ),
    screen("Find stocks with 4 green candles in a row", lambda d: r.green(d, 4), bars="1d"),
    screen("Find stocks with five red days in a row", lambda d: r.red(d, 5), bars="1d", own=True),
    screen("Show coins with two consecutive bearish candles and RSI below 40", lambda d: r.red(d, 2) & (r.rsi(d) < 40)),
    trade(
        "Buy when price is rising for 4 bars and sell when price is falling for 2 bars",
        lambda d: r.rising(d["close"], 4),
        lambda d: r.falling(d["close"], 2),
    ),
    trade(
        "Buy when the close has been falling for 5 bars; sell when the close is rising for 2 bars",
        lambda d: r.falling(d["close"], 5),
        lambda d: r.rising(d["close"], 2),
    ),
    trade(
        "Buy when lows are rising for 3 bars and sell when highs are falling for 3 bars",
        lambda d: r.rising(d["low"]),
        lambda d: r.falling(d["high"]),
    ),
    alert("Alert me after 4 red candles in a row on BTCUSDT", lambda d: r.red(d, 4), symbols=("BTCUSDT",)),
    screen(
        "Find stocks up more than 10% in 3 weeks", lambda d: r.change(d, 15) > 0.1, bars="1d", own=True, assumes=("15",)
    ),
    trade(
        "Buy BTCUSDT on the daily chart when price is down 10% or more in 2 weeks and hold for 1 week",
        lambda d: r.change(d, 14) <= -0.1,
        hold=7,
        bars="1d",
        own=True,
        symbols=("BTCUSDT",),
        assumes=("14",),
    ),
)
