"""What `generate_signals` may return: one of -1, 0, 1 for each bar, in the order of the bars. Anything else is refused with the
first bar that is wrong and what to do about it. The parent checks the bytes once more; here the author is told.
"""

from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from libs.strategy.sandbox.guest.faults import refused, shown

ActionArray: TypeAlias = npt.NDArray[np.int8]

_WORDS = {
    "buy": "use 1 for buy, -1 for sell, 0 for hold",
    "sell": "use 1 for buy, -1 for sell, 0 for hold",
    "hold": "use 1 for buy, -1 for sell, 0 for hold",
}
_NUMBERS = (int, float, bool)
_NUMPY_NUMBERS = (np.integer, np.floating, np.bool_)
_ONE_FOR_EACH = "return one value for each bar of df"


def actions_of(answer: Any, times: pd.DatetimeIndex) -> ActionArray:
    """Return (T,) int8 in {-1, 0, 1}.

    answer: Series with the index of df or 0..T-1, list, tuple or one-dimensional array, exactly of these types. times: (T,) index of
    the df that was given. Bools and whole floats count. Raises StrategyError, code `strategy.result`.
    """
    if type(answer) is pd.Series:
        return _from_series(answer, times)
    if type(answer) in (list, tuple):
        _check_length(len(answer), times)
        return _from_items(answer, times)
    if type(answer) is np.ndarray:
        if answer.ndim != 1:
            _refuse(f"an array of {answer.ndim} dimensions", "return one dimension: signals.ravel()")
        _check_length(len(answer), times)
        return _from_array(answer, times)
    return _wrong_type(answer)


def _from_series(series: pd.Series, times: pd.DatetimeIndex) -> ActionArray:
    _check_length(len(series), times)
    _check_index(series.index, times)
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        _refuse("a categorical Series", "return numbers: signals.astype(int)")
    if isinstance(dtype, np.dtype):
        return _from_array(series.to_numpy(), times)
    if pd.api.types.is_numeric_dtype(dtype):
        return _from_array(series.to_numpy(np.float64, na_value=np.nan), times)
    return _from_items(series.tolist(), times)


def _from_array(values: npt.NDArray[Any], times: pd.DatetimeIndex) -> ActionArray:
    if values.dtype.kind == "O":
        return _from_items(values.tolist(), times)
    if values.dtype.kind not in "biuf":
        return _from_items([str(value) for value in values[:1]] + [0] * (len(values) - 1), times)
    good = (values == 0) | (values == 1)
    if values.dtype.kind not in "bu":
        good |= values == -1
    if not good.all():
        bar = int(np.argmin(good))
        _refuse_value(values[bar].item(), bar, times)
    actions: ActionArray = values.astype(np.int8)
    return actions


def _from_items(items: Any, times: pd.DatetimeIndex) -> ActionArray:
    actions = np.zeros(len(times), np.int8)
    for bar, item in enumerate(items):
        kind = type(item)
        if kind in _NUMBERS or issubclass(kind, _NUMPY_NUMBERS):
            if item == 1 or item == -1:
                actions[bar] = 1 if item == 1 else -1
                continue
            if item == 0:
                continue
        _refuse_value(item, bar, times)
    return actions


def _check_length(length: int, times: pd.DatetimeIndex) -> None:
    if length < len(times):
        _refuse(
            f"{length} values for {len(times)} bars", f"{_ONE_FOR_EACH}: fillna(0) keeps the bars that dropna() drops"
        )
    if length > len(times):
        _refuse(f"{length} values for {len(times)} bars", _ONE_FOR_EACH)


def _check_index(index: pd.Index, times: pd.DatetimeIndex) -> None:
    if isinstance(index, pd.DatetimeIndex):
        wrong = _instants(index) != _instants(times)
    elif pd.api.types.is_integer_dtype(index.dtype):
        wrong = np.asarray(index) != np.arange(len(times))
    else:
        wrong = np.ones(len(times), np.bool_)
    if wrong.any():
        bar = int(np.argmax(wrong))
        _refuse(
            f"a Series whose index differs from df's at {_bar(bar, times)}: {_label(index, bar)}",
            "keep the bars in their order: pd.Series(values, index=df.index)",
        )


def _instants(index: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    plain = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    instants: npt.NDArray[np.int64] = plain.as_unit("ns").asi8
    return instants


def _label(index: pd.Index, bar: int) -> str:
    label = index[bar]
    if isinstance(label, pd.Timestamp):
        return f"{label:%Y-%m-%d %H:%M}"
    return shown(label.item() if isinstance(label, np.generic) else label)


def _wrong_type(answer: Any) -> NoReturn:
    kind = type(answer)
    if answer is None:
        _refuse("nothing (None)", "end the function with: return signals")
    if issubclass(kind, pd.DataFrame):
        _refuse("a DataFrame", "return one column: df['signal']")
    if issubclass(kind, pd.Series | np.ndarray):
        _refuse(shown(answer), "return a plain Series or array: signals.to_numpy()")
    if issubclass(kind, pd.api.extensions.ExtensionArray):
        _refuse(shown(answer), "return a plain array: signals.to_numpy()")
    if kind.__name__ == "generator":
        _refuse("a generator", "return a list: list(signals), and no yield in the function itself")
    if kind in (int, float, bool, str) or issubclass(kind, np.generic):
        _refuse(f"a single value, {shown(answer.item() if issubclass(kind, np.generic) else answer)}", _ONE_FOR_EACH)
    _refuse(shown(answer), "return a Series, list or array of -1, 0 and 1")


def _refuse_value(value: Any, bar: int, times: pd.DatetimeIndex) -> NoReturn:
    if value is None or value is pd.NA or value is pd.NaT or (type(value) is float and value != value):
        hint = "fill the bars without a signal: signals.fillna(0)"
    elif type(value) is str:
        hint = _WORDS.get(value.strip().lower()[:8], "return numbers: 1 buy, -1 sell, 0 hold")
    else:
        hint = "use only -1, 0 and 1: np.sign(values) or np.where(condition, 1, 0)"
    said = shown(value.item() if isinstance(value, np.generic) else value)
    raise refused("strategy.result", f"{_bar(bar, times)} has the signal {said}", hint)


def _bar(bar: int, times: pd.DatetimeIndex) -> str:
    return f"bar {bar} ({times[bar]:%Y-%m-%d %H:%M})"


def _refuse(what: str, hint: str) -> NoReturn:
    raise refused("strategy.result", f"generate_signals returns {what}", hint)
