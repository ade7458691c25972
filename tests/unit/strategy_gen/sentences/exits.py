"""Stops, targets, trailing stops, holding times, and exits beside them."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import trade

CASES = (
    trade(
        "Buy when RSI is below 30 with a stop loss of 2% and a take profit of 5%",
        lambda d: r.rsi(d) < 30,
        stop=0.02,
        target=0.05,
        assumes=("clos",),
    ),
    trade("Buy when RSI is below 30, stop loss 3%", lambda d: r.rsi(d) < 30, stop=0.03),
    trade(
        "Buy when RSI is below 30, sell when RSI is above 60, stop loss 2%",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 60,
        stop=0.02,
    ),
    trade(
        "Buy when MACD crosses above its signal; take profit at 4%; stop at 2%",
        lambda d: r.up_cross(*r.macd(d)[:2]),
        target=0.04,
        stop=0.02,
    ),
    trade(
        "Buy when price crosses above SMA 20 with a trailing stop of 3%",
        lambda d: r.up_cross(d["close"], r.sma(d, 20)),
        trail=0.03,
    ),
    trade(
        "Buy the breakout above the 20-period high with a 5% trailing stop",
        lambda d: d["close"] > r.high_before(d, 20),
        trail=0.05,
    ),
    trade("Buy when RSI is below 35 and hold for 10 bars", lambda d: r.rsi(d) < 35, hold=10),
    trade("Buy when stochastic is below 20 and hold for five bars", lambda d: r.stochastic(d)[0] < 20, hold=5),
    trade(
        "Buy when RSI crosses above 30, hold for 12 bars, stop loss 4%",
        lambda d: r.up_cross(r.rsi(d), 30),
        hold=12,
        stop=0.04,
    ),
    trade(
        "Buy when price drops 4% in 5 bars, take profit 3%, stop loss 3%, hold for at most 20 bars",
        lambda d: r.change(d, 5) <= -0.04,
        target=0.03,
        stop=0.03,
        hold=20,
    ),
    trade(
        "Buy when EMA 9 crosses above EMA 21 and sell when EMA 9 crosses below EMA 21, with a stop loss of 1.5 percent",
        lambda d: r.up_cross(r.ema(d, 9), r.ema(d, 21)),
        lambda d: r.down_cross(r.ema(d, 9), r.ema(d, 21)),
        stop=0.015,
    ),
    trade(
        "Buy when RSI is below 30. Exit when RSI is above 50 or after 15 bars.",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 50,
        hold=15,
    ),
    trade(
        "Buy when price is below the lower Bollinger band. Exit when price is above the middle Bollinger band. Stop loss 5%.",
        lambda d: d["close"] < r.bands(d)[2],
        lambda d: d["close"] > r.bands(d)[1],
        stop=0.05,
    ),
    trade("Buy when RSI(2) is below 10, take profit 2%", lambda d: r.rsi(d, 2) < 10, target=0.02),
    trade(
        "Buy when price is above VWAP and volume is above average; use a 2% stop loss and a 6% profit target",
        lambda d: (d["close"] > r.vwap(d)) & (d["volume"] > r.usual_volume(d)),
        stop=0.02,
        target=0.06,
    ),
    trade("Buy when RSI is below 30 and sell after 8 bars", lambda d: r.rsi(d) < 30, hold=8),
    trade("Buy when RSI is below 30 and exit after 24 hours", lambda d: r.rsi(d) < 30, hold=24),
    trade("Buy when RSI is below 40 and hold for 2 days", lambda d: r.rsi(d) < 40, hold=48, assumes=("48",)),
    trade(
        "On the daily chart, buy when RSI is below 40 and hold for 7 days",
        lambda d: r.rsi(d) < 40,
        hold=7,
        bars="1d",
        own=True,
    ),
    trade("Buy on a golden cross with a 10% stop loss", lambda d: r.up_cross(r.sma(d, 50), r.sma(d, 200)), stop=0.1),
    trade(
        "Enter when ADX is above 25 and +DI is above -DI; trail the stop by 4%",
        lambda d: (r.adx(d) > 25) & (r.plus_di(d) > r.minus_di(d)),
        trail=0.04,
    ),
    trade(
        "Buy when RSI is below 30, trailing stop 2%, take profit 6%", lambda d: r.rsi(d) < 30, trail=0.02, target=0.06
    ),
    trade(
        "Buy when RSI is below 30, stop loss at 2%, trailing stop at 3%, take profit at 8%, hold for 30 bars",
        lambda d: r.rsi(d) < 30,
        stop=0.02,
        trail=0.03,
        target=0.08,
        hold=30,
    ),
    trade(
        "Buy after 3 red candles in a row, take profit of 2% or stop loss of 2%",
        lambda d: r.red(d, 3),
        target=0.02,
        stop=0.02,
    ),
    trade(
        "Buy when price gaps up by more than 1% with a stop loss of 3% and a take profit of 6%",
        lambda d: r.gap(d) > 0.01,
        stop=0.03,
        target=0.06,
        bars="1d",
    ),
    trade(
        "Go long when volume spikes and the candle is green; set a stop loss at 2.5% and hold for 6 bars",
        lambda d: (d["volume"] > 2 * r.usual_volume(d)) & r.green(d),
        stop=0.025,
        hold=6,
    ),
    trade(
        "Buy when RSI is below 30; sell when RSI is above 70 or price falls below SMA 50; stop loss 4%; take profit 10%",
        lambda d: r.rsi(d) < 30,
        lambda d: (r.rsi(d) > 70) | (r.down_cross(d["close"], r.sma(d, 50))),
        stop=0.04,
        target=0.1,
    ),
    trade(
        "Buy when the close crosses above the 20-period SMA, cut losses at 2%, take profits at 4%",
        lambda d: r.up_cross(d["close"], r.sma(d, 20)),
        stop=0.02,
        target=0.04,
    ),
    trade("Buy when RSI is oversold, SL 2%, TP 4%", lambda d: r.rsi(d) < 30, stop=0.02, target=0.04),
    trade(
        "Buy when OBV is rising and price makes a new 10-bar high, exit after 5 bars",
        lambda d: r.rising(r.obv(d)) & (d["close"] > r.high_before(d, 10)),
        hold=5,
    ),
    trade(
        "Buy when RSI is below 30 and sell when the trade is up 3% or down 2%",
        lambda d: r.rsi(d) < 30,
        target=0.03,
        stop=0.02,
    ),
)
