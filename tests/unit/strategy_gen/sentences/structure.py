"""And, or, but, not, either, brackets and commas, and how they bind."""

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import alert, screen, trade

CASES = (
    trade(
        "Buy when RSI is below 30 or price is below the lower Bollinger band; sell when RSI is above 60",
        lambda d: (r.rsi(d) < 30) | (d["close"] < r.bands(d)[2]),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when RSI is below 40 and price is above SMA 50 or RSI is below 25; sell when RSI is above 60",
        lambda d: ((r.rsi(d) < 40) & (d["close"] > r.sma(d, 50))) | (r.rsi(d) < 25),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when RSI is below 25 or RSI is below 40 and price is above SMA 50; sell when RSI is above 60",
        lambda d: (r.rsi(d) < 25) | ((r.rsi(d) < 40) & (d["close"] > r.sma(d, 50))),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when (RSI is below 35 or stochastic is below 20) and price is above SMA 100; sell when RSI is above 65",
        lambda d: ((r.rsi(d) < 35) | (r.stochastic(d)[0] < 20)) & (d["close"] > r.sma(d, 100)),
        lambda d: r.rsi(d) > 65,
    ),
    trade(
        "Buy when price is above SMA 20 and (volume is above average or RSI is above 60); sell when price is below SMA 20",
        lambda d: (d["close"] > r.sma(d, 20)) & ((d["volume"] > r.usual_volume(d)) | (r.rsi(d) > 60)),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when RSI is above 50, MACD is above its signal and price is above EMA 50; sell when RSI is below 45",
        lambda d: (r.rsi(d) > 50) & (r.macd(d)[0] > r.macd(d)[1]) & (d["close"] > r.ema(d, 50)),
        lambda d: r.rsi(d) < 45,
    ),
    trade(
        "Buy when RSI is below 25, stochastic is below 10 or price is below the lower Bollinger band; sell when RSI is above 55",
        lambda d: (r.rsi(d) < 25) | (r.stochastic(d)[0] < 10) | (d["close"] < r.bands(d)[2]),
        lambda d: r.rsi(d) > 55,
    ),
    trade(
        "Buy when RSI is below 45 but price is above SMA 100, sell when RSI is above 65",
        lambda d: (r.rsi(d) < 45) & (d["close"] > r.sma(d, 100)),
        lambda d: r.rsi(d) > 65,
    ),
    trade(
        "Buy when either RSI is below 30 or price drops 5% from its 20-bar high; sell when RSI is above 55",
        lambda d: (r.rsi(d) < 30) | (d["close"] / r.high_of(d, 20) - 1 <= -0.05),
        lambda d: r.rsi(d) > 55,
    ),
    trade(
        "Buy when price is above EMA 50 and RSI is not overbought; sell when price is below EMA 50",
        lambda d: (d["close"] > r.ema(d, 50)) & (r.rsi(d) <= 70),
        lambda d: d["close"] < r.ema(d, 50),
    ),
    trade(
        "Buy when RSI isn't below 50 and price is above SMA 20, sell when RSI is below 50",
        lambda d: (r.rsi(d) >= 50) & (d["close"] > r.sma(d, 20)),
        lambda d: r.rsi(d) < 50,
    ),
    trade(
        "Buy when price is above SMA 20 and not above the upper Bollinger band; sell when price is below SMA 20",
        lambda d: (d["close"] > r.sma(d, 20)) & (d["close"] <= r.bands(d)[0]),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when RSI is below 30 and sell when RSI is above 70 or price is above the upper Bollinger band",
        lambda d: r.rsi(d) < 30,
        lambda d: (r.rsi(d) > 70) | (d["close"] > r.bands(d)[0]),
    ),
    trade(
        "Buy when RSI crosses above 30 and volume is above average. Sell when RSI crosses below 70 and volume is above average.",
        lambda d: r.up_cross(r.rsi(d), 30) & (d["volume"] > r.usual_volume(d)),
        lambda d: r.down_cross(r.rsi(d), 70) & (d["volume"] > r.usual_volume(d)),
    ),
    trade(
        "If price is above SMA 50 and RSI is below 40 then buy; if RSI is above 70 then sell",
        lambda d: (d["close"] > r.sma(d, 50)) & (r.rsi(d) < 40),
        lambda d: r.rsi(d) > 70,
    ),
    trade("When RSI is below 30, buy. When RSI is above 70, sell.", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) > 70),
    trade("Sell when RSI is above 70 and buy when RSI is below 30", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) > 70),
    trade(
        "Buy when RSI is above 40 and below 60, sell when RSI is above 70",
        lambda d: (r.rsi(d) > 40) & (r.rsi(d) < 60),
        lambda d: r.rsi(d) > 70,
    ),
    trade(
        "Buy when RSI is below 30 or above 80; sell when RSI is between 45 and 55",
        lambda d: (r.rsi(d) < 30) | (r.rsi(d) > 80),
        lambda d: (r.rsi(d) >= 45) & (r.rsi(d) <= 55),
    ),
    trade(
        "Buy when price is above both SMA 20 and SMA 50; sell when price is below SMA 20",
        lambda d: (d["close"] > r.sma(d, 20)) & (d["close"] > r.sma(d, 50)),
        lambda d: d["close"] < r.sma(d, 20),
    ),
    trade(
        "Buy when all of the following hold: RSI is above 50, price is above SMA 20, and MACD is above zero; sell when RSI is below 50",
        lambda d: (r.rsi(d) > 50) & (d["close"] > r.sma(d, 20)) & (r.macd(d)[0] > 0),
        lambda d: r.rsi(d) < 50,
    ),
    trade(
        "Buy when RSI is below 30 while price is above SMA 200; sell when RSI is above 50",
        lambda d: (r.rsi(d) < 30) & (d["close"] > r.sma(d, 200)),
        lambda d: r.rsi(d) > 50,
        bars="1d",
    ),
    trade(
        "Buy when not (RSI is above 45 or price is below SMA 100); sell when RSI is above 60",
        lambda d: (r.rsi(d) <= 45) & (d["close"] >= r.sma(d, 100)),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when it is not true that RSI is above 40; sell when RSI is above 55",
        lambda d: r.rsi(d) <= 40,
        lambda d: r.rsi(d) > 55,
    ),
    trade(
        "buy when ((rsi < 30 and volume > 1.2x average) or (rsi < 20)); sell when rsi > 60",
        lambda d: ((r.rsi(d) < 30) & (d["volume"] > 1.2 * r.usual_volume(d))) | (r.rsi(d) < 20),
        lambda d: r.rsi(d) > 60,
    ),
    trade(
        "Buy when RSI<35 and ADX>20, sell when RSI>65",
        lambda d: (r.rsi(d) < 35) & (r.adx(d) > 20),
        lambda d: r.rsi(d) > 65,
    ),
    trade("BUY WHEN RSI IS BELOW 30. SELL WHEN RSI IS ABOVE 70.", lambda d: r.rsi(d) < 30, lambda d: r.rsi(d) > 70),
    trade(
        "Please buy when the RSI is below 30 and sell when the RSI is above 70",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 70,
    ),
    trade(
        "I want to buy when RSI is below 30 and sell when it is above 70",
        lambda d: r.rsi(d) < 30,
        lambda d: r.rsi(d) > 70,
    ),
    screen(
        "Find stocks with RSI below 30 and price above the 200-day moving average",
        lambda d: (r.rsi(d) < 30) & (d["close"] > r.sma(d, 200)),
        bars="1d",
        own=True,
    ),
    screen("Find coins with RSI under 30 or over 70", lambda d: (r.rsi(d) < 30) | (r.rsi(d) > 70)),
    screen(
        "Find stocks that are oversold, have high volume and trade below SMA 50",
        lambda d: (r.rsi(d) < 30) & (d["volume"] > 1.5 * r.usual_volume(d)) & (d["close"] < r.sma(d, 50)),
        bars="1d",
    ),
    screen(
        "Find stocks with price above $95 and RSI between 40 and 50",
        lambda d: (d["close"] > 95) & (r.rsi(d) >= 40) & (r.rsi(d) <= 50),
        bars="1d",
    ),
    screen(
        "Find stocks that are neither oversold nor overbought and are above SMA 50",
        lambda d: (r.rsi(d) >= 30) & (r.rsi(d) <= 70) & (d["close"] > r.sma(d, 50)),
        bars="1d",
    ),
    screen(
        "Find coins with MACD above signal, RSI above 50 and ADX above 20",
        lambda d: (r.macd(d)[0] > r.macd(d)[1]) & (r.rsi(d) > 50) & (r.adx(d) > 20),
    ),
    screen(
        "Find stocks whose price isn't below the 50-period SMA and whose RSI is less than 45",
        lambda d: (d["close"] >= r.sma(d, 50)) & (r.rsi(d) < 45),
        bars="1d",
    ),
    alert("Alert me when RSI is below 25 or RSI is above 75", lambda d: (r.rsi(d) < 25) | (r.rsi(d) > 75)),
    alert(
        "Alert me when BTCUSDT crosses above SMA 50 with volume above average",
        lambda d: r.up_cross(d["close"], r.sma(d, 50)) & (d["volume"] > r.usual_volume(d)),
        symbols=("BTCUSDT",),
    ),
    trade(
        "Buy when RSI is above 30 but not above 50, sell when RSI is above 70",
        lambda d: (r.rsi(d) > 30) & (r.rsi(d) <= 50),
        lambda d: r.rsi(d) > 70,
    ),
    trade(
        "Buy when RSI is below 40 unless MACD is above zero; sell when RSI is above 55",
        lambda d: (r.rsi(d) < 40) & (r.macd(d)[0] <= 0),
        lambda d: r.rsi(d) > 55,
    ),
    screen(
        "Find coins with RSI below 35 but no volume spike",
        lambda d: (r.rsi(d) < 35) & (d["volume"] <= 2 * r.usual_volume(d)),
    ),
)
