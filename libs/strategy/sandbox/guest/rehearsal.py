"""What a process that waits for a job runs beforehand, so that it has its pages and caches: a small strategy on made-up bars."""

from array import array

from libs.strategy.sandbox.layout import pack_market

_BARS = 64
_HOUR_MS = 3_600_000
SYMBOL = "REHEARSAL"

CODE = b"""
import numpy as np
import pandas as pd

def rsi(close, period=14):
    change = close.diff()
    gain = change.clip(lower=0).ewm(alpha=1 / period, adjust=False).mean()
    loss = (-change.clip(upper=0)).rolling(period).mean()
    return 100 - 100 / (1 + gain / loss)

def generate_signals(df):
    df['rsi'] = rsi(df['close'])
    df['fast'] = df['close'].ewm(span=5).mean()
    df['slow'] = df['close'].rolling(10).mean().shift(1)
    df.loc[df['rsi'] < 30, 'signal'] = 1
    band = df['close'].rolling(20).std()
    buys = (df['fast'] > df['slow']) & (df['rsi'] < 70) & (band > 0)
    return pd.Series(np.where(buys, 1, np.where(df['rsi'] > 80, -1, 0)), index=df.index).fillna(0).astype(int)

def classify_symbol(symbol):
    data = get_price_data(symbol, '1h', 20)
    if len(data['close']) < 20:
        return False
    return {'score': sum(data['close']) / 20, 'signal': data['close'][-1] > data['open'][-1]}
"""


def made_up_market() -> memoryview:
    """Return a market file of one symbol and 64 hours that nobody traded."""
    return memoryview(b"".join(pack_market(("1h", _HOUR_MS), {SYMBOL: _columns()})))


def _columns() -> tuple[memoryview, ...]:
    closes = array("d", (100.0 + (bar * 37 % 19) - 9.0 for bar in range(_BARS)))
    opens = array("d", [100.0, *closes[:-1]])
    highs = array("d", (max(pair) + 1.0 for pair in zip(opens, closes, strict=True)))
    lows = array("d", (min(pair) - 1.0 for pair in zip(opens, closes, strict=True)))
    times = array("q", (bar * _HOUR_MS for bar in range(_BARS)))
    volumes = array("d", [1_000.0] * _BARS)
    return tuple(memoryview(column) for column in (times, opens, highs, lows, closes, volumes))
