"""What a trained model sees of a bar: a row of numbers made of that bar and earlier ones.

Promises: the row of a bar depends on no later bar, to the last bit; all numbers are relative, so that a symbol at 60,000 and one at 0.6
look alike. A row is whole or it is nothing: where one number is not warm or undefined (NaN), nobody fills it in.
"""

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray, Frame
from libs.market.indicators import atr, bollinger, ema, macd, roc, rsi, sma
from libs.market.indicators.windows import ratio

FEATURES = (
    "change_1",
    "change_5",
    "change_20",
    "rsi_14",
    "close_to_ema_12",
    "close_to_ema_26",
    "macd_to_close",
    "macd_signal_to_close",
    "volatility_20",
    "range_14",
    "volume_ratio_20",
)
"""Names of the columns, in order; what each is, `features` says."""

WARM_UP = 33
"""Bars before the first whole row: the MACD's signal line is the last to warm up (26 + 9 - 2)."""

Matrix = npt.NDArray[np.float64]
"""(T, len(FEATURES)) float64."""


def features(frame: Frame) -> dict[str, FloatArray]:
    """Return the columns by name, in the order of FEATURES; each (T,), NaN until warm and where it is undefined.

    change_n: close over the close n bars before, minus 1. rsi_14: Wilder's, 0..1. close_to_ema_n: close over its average, minus 1.
    macd_to_close, macd_signal_to_close: MACD(12, 26, 9) over the close. volatility_20: standard deviation (of the population) of the newest 20
    changes of one bar. range_14: average true range over the close. volume_ratio_20: volume over the mean of the newest 20.
    Sources: TA-Lib's definitions (`libs.market.indicators`); the ratios are ours.
    """
    close = frame.close
    line, signal, _ = macd(close)
    change = roc(close, 1) / 100.0
    upper, middle, _ = bollinger(change, 20, 1.0)
    columns = (
        change,
        roc(close, 5) / 100.0,
        roc(close, 20) / 100.0,
        rsi(close, 14) / 100.0,
        close / ema(close, 12) - 1.0,
        close / ema(close, 26) - 1.0,
        line / close,
        signal / close,
        upper - middle,
        atr(frame.high, frame.low, close, 14) / close,
        ratio(frame.volume, sma(frame.volume, 20)),
    )
    return dict(zip(FEATURES, columns, strict=True))


def matrix(frame: Frame, names: tuple[str, ...] = FEATURES) -> Matrix:
    """Return the columns `names` side by side, (T, len(names)), rows in one piece; raises BadInputError for a name there is not."""
    unknown = sorted(set(names) - set(FEATURES))
    if unknown or not names:
        raise BadInputError(
            f"there is no feature {unknown[0][:40]!r}" if unknown else "no feature is named",
            code="model.feature",
            pointer="/features",
            hint=f"there are {', '.join(FEATURES)}",
        )
    columns = features(frame)
    return np.ascontiguousarray(np.column_stack([columns[name] for name in names]), np.float64)


def whole_rows(rows: Matrix) -> npt.NDArray[np.bool_]:
    """Return (T,) bool: which rows have no NaN and no infinity."""
    return np.asarray(np.isfinite(rows).all(axis=1), np.bool_)
