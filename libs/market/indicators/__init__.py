"""Indicators as columns, with TA-Lib's definitions and seeding.

Promises for all: the value of a bar depends on no later bar, to the last bit; entries are NaN until the indicator is warm, and a
series too short to warm up gives only NaN; compiled and plain runs agree bit for bit. Input: (T,) float64, oldest first; prices and
volumes are finite, a column given as `values` may hold NaN, which ends one series and starts the next: the indicator warms up
anew behind it. Refuses periods that are not whole numbers in range, by BadInputError.
"""

from libs.market.indicators.averages import ema, macd, sma, wma
from libs.market.indicators.momentum import change, roc, rsi, stochastic
from libs.market.indicators.ranges import adx, atr, bollinger, directional, donchian, highest, lowest
from libs.market.indicators.volume import obv, vwap

__all__ = [
    "adx",
    "atr",
    "bollinger",
    "change",
    "directional",
    "donchian",
    "ema",
    "highest",
    "lowest",
    "macd",
    "obv",
    "roc",
    "rsi",
    "sma",
    "stochastic",
    "vwap",
    "wma",
]
