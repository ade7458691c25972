"""What traders' words mean, in plain pandas and TA-Lib: the independent side of every sentence test.

Nothing here comes from the compiler. A term is a Series that is NaN until it is known; every comparison with NaN is false, and the
opposite of a comparison is written out as a comparison of its own, so it is false there too.
"""

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import talib

Bars: TypeAlias = pd.DataFrame
"""Columns open, high, low, close, volume; one row a bar, oldest first."""
Term: TypeAlias = pd.Series
Truth: TypeAlias = pd.Series


def _as(bars: Bars, values: object) -> Term:
    return pd.Series(values, index=bars.index, dtype="float64")


def sma(bars: Bars, period: int, of: str = "close") -> Term:
    return bars[of].rolling(period).mean()


def ema(bars: Bars, period: int, of: str = "close") -> Term:
    return _as(bars, talib.EMA(bars[of].to_numpy(), period))


def wma(bars: Bars, period: int) -> Term:
    return _as(bars, talib.WMA(bars["close"].to_numpy(), period))


def rsi(bars: Bars, period: int = 14) -> Term:
    return _as(bars, talib.RSI(bars["close"].to_numpy(), period))


def macd(bars: Bars, fast: int = 12, slow: int = 26, signal: int = 9) -> tuple[Term, Term, Term]:
    """Line, signal line, histogram. The line is known from its slow average on; TA-Lib's own MACD hides it until the signal is."""
    close = bars["close"].to_numpy()
    quick = np.full(len(close), np.nan)
    quick[slow - fast :] = talib.EMA(close[slow - fast :], fast)
    line = quick - talib.EMA(close, slow)
    smooth = np.full(len(close), np.nan)
    smooth[slow - 1 :] = talib.EMA(line[slow - 1 :], signal)
    return _as(bars, line), _as(bars, smooth), _as(bars, line - smooth)


def bands(bars: Bars, period: int = 20, width: float = 2.0) -> tuple[Term, Term, Term]:
    """Upper, middle, lower."""
    upper, middle, lower = talib.BBANDS(bars["close"].to_numpy(), period, width, width)
    return _as(bars, upper), _as(bars, middle), _as(bars, lower)


def atr(bars: Bars, period: int = 14) -> Term:
    return _as(bars, talib.ATR(*_prices(bars), period))


def adx(bars: Bars, period: int = 14) -> Term:
    return _as(bars, talib.ADX(*_prices(bars), period))


def plus_di(bars: Bars, period: int = 14) -> Term:
    return _as(bars, talib.PLUS_DI(*_prices(bars), period))


def minus_di(bars: Bars, period: int = 14) -> Term:
    return _as(bars, talib.MINUS_DI(*_prices(bars), period))


def stochastic(bars: Bars, period: int = 14, slowing: int = 3, smoothing: int = 3) -> tuple[Term, Term]:
    """%K and %D, each from its own first window on."""
    top, bottom = bars["high"].rolling(period).max(), bars["low"].rolling(period).min()
    k = (100 * (bars["close"] - bottom) / (top - bottom)).rolling(slowing).mean()
    return k, k.rolling(smoothing).mean()


def vwap(bars: Bars, period: int = 20) -> Term:
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    return (typical * bars["volume"]).rolling(period).sum() / bars["volume"].rolling(period).sum()


def obv(bars: Bars) -> Term:
    return _as(bars, talib.OBV(bars["close"].to_numpy(), bars["volume"].to_numpy()))


def roc(bars: Bars, period: int = 10) -> Term:
    return 100 * (bars["close"] / bars["close"].shift(period) - 1)


def high_before(bars: Bars, period: int) -> Term:
    """The highest high of the bars before this one."""
    return bars["high"].shift().rolling(period).max()


def low_before(bars: Bars, period: int) -> Term:
    return bars["low"].shift().rolling(period).min()


def high_of(bars: Bars, period: int) -> Term:
    """The highest high, this bar's included."""
    return bars["high"].rolling(period).max()


def low_of(bars: Bars, period: int) -> Term:
    return bars["low"].rolling(period).min()


def usual_volume(bars: Bars, period: int = 20) -> Term:
    """The mean volume of the bars before this one."""
    return bars["volume"].shift().rolling(period).mean()


def change(bars: Bars, count: int = 1, of: str = "close") -> Term:
    return bars[of] / bars[of].shift(count) - 1


def gap(bars: Bars) -> Term:
    return bars["open"] / bars["close"].shift() - 1


def up_cross(left: Term, right: Term | float) -> Truth:
    before = right.shift() if isinstance(right, pd.Series) else right
    return (left > right) & (left.shift() <= before)


def down_cross(left: Term, right: Term | float) -> Truth:
    before = right.shift() if isinstance(right, pd.Series) else right
    return (left < right) & (left.shift() >= before)


def rising(term: Term, count: int = 3) -> Truth:
    return (term.diff() > 0).rolling(count).sum() == count


def falling(term: Term, count: int = 3) -> Truth:
    return (term.diff() < 0).rolling(count).sum() == count


def lasted(truth: Truth, count: int) -> Truth:
    """True on each of the last `count` bars."""
    return truth.astype(float).rolling(count).sum() == count


def green(bars: Bars, count: int = 1) -> Truth:
    return lasted(bars["close"] > bars["open"], count)


def red(bars: Bars, count: int = 1) -> Truth:
    return lasted(bars["close"] < bars["open"], count)


def near(left: Term, right: Term, fraction: float) -> Truth:
    return (left / right - 1).abs() <= fraction


def _prices(bars: Bars) -> tuple[Any, Any, Any]:
    return bars["high"].to_numpy(), bars["low"].to_numpy(), bars["close"].to_numpy()
