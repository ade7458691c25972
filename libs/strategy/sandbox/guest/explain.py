"""The numbers a signal came from: float columns that a strategy added to the df it was given."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from libs.strategy.sandbox.guest.columns import NAMES, FloatArray

MOST_COLUMNS = 8
MOST_BYTES = 256 * 1024
_LONGEST_NAME = 40
_ANSWERS = ("signal", "signals", "position", "positions")


def added_columns(frame: pd.DataFrame, times: pd.DatetimeIndex) -> Mapping[str, FloatArray]:
    """Return up to 8 columns of (T,) float64, 256 kB in all, in the order they were added; infinite values become NaN.

    Nothing if the strategy changed the bars of the df. Columns that are not float, or whose name is no short plain text, are left out.
    """
    found: dict[str, FloatArray] = {}
    if len(frame) != len(times) or not frame.columns.is_unique:
        return found
    for name in frame.columns:
        if len(found) == MOST_COLUMNS or (len(found) + 1) * len(times) * 8 > MOST_BYTES:
            break
        if _is_told(name) and frame[name].dtype.kind == "f":
            column = frame[name].to_numpy(np.float64, na_value=np.nan)
            found[name] = np.where(np.isfinite(column), column, np.nan)
    return found


def _is_told(name: object) -> bool:
    if type(name) is not str or name in NAMES or name.lower() in _ANSWERS:
        return False
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable()
