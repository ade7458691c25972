"""The functions in generated code equal the project's own indicators."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from libs.market import indicators as ta
from libs.market.frame import Frame
from services.strategy_gen.compiler.writing.classify import lists_helpers as write_lists_helpers
from services.strategy_gen.compiler.writing.classify.classify import FADES
from services.strategy_gen.compiler.writing.signals import series_helpers as write_series_helpers
from tests.unit.strategy_gen.compiler_write_meaning import run

Array = npt.NDArray[np.float64]
BARS = 500
ASKED = (0, 1, 5, 13, 14, 27, 28, 29, 33, 60, 200, 351, BARS - 1)
"""Bars at which functions on lists are asked: around every warm-up, and where a window no longer reaches the start."""

SERIES: dict[str, tuple[str, Callable[[Frame], Array]]] = {
    "ema": ("ema(df['close'], 20)", lambda f: ta.ema(f.close, 20)),
    "wma": ("wma(df['close'], 9)", lambda f: ta.wma(f.close, 9)),
    "rsi": ("rsi(df['close'], 14)", lambda f: ta.rsi(f.close, 14)),
    "rsi of volume": ("rsi(df['volume'], 2)", lambda f: ta.rsi(f.volume, 2)),
    "macd": ("macd(df['close'], 12, 26)", lambda f: ta.macd(f.close)[0]),
    "macd_signal": ("macd_signal(df['close'], 12, 26, 9)", lambda f: ta.macd(f.close)[1]),
    "macd_histogram": ("macd_histogram(df['close'], 12, 26, 9)", lambda f: ta.macd(f.close)[2]),
    "upper_band": ("upper_band(df['close'], 20, 2.0)", lambda f: ta.bollinger(f.close)[0]),
    "lower_band": ("lower_band(df['close'], 20, 2.0)", lambda f: ta.bollinger(f.close)[2]),
    "atr": ("atr(df, 14)", lambda f: ta.atr(f.high, f.low, f.close)),
    "adx": ("adx(df, 14)", lambda f: ta.adx(f.high, f.low, f.close)),
    "adx of 2": ("adx(df, 2)", lambda f: ta.adx(f.high, f.low, f.close, 2)),
    "plus_di": ("plus_di(df, 14)", lambda f: ta.directional(f.high, f.low, f.close)[0]),
    "minus_di": ("minus_di(df, 14)", lambda f: ta.directional(f.high, f.low, f.close)[1]),
    "stochastic_k": ("stochastic_k(df, 14, 3)", lambda f: ta.stochastic(f.high, f.low, f.close)[0]),
    "stochastic_d": ("stochastic_d(df, 14, 3, 3)", lambda f: ta.stochastic(f.high, f.low, f.close)[1]),
    "vwap": ("vwap(df, 20)", lambda f: ta.vwap(f.high, f.low, f.close, f.volume)),
    "obv": ("obv(df)", lambda f: ta.obv(f.close, f.volume)),
}
LISTS: dict[str, tuple[str, Callable[[Frame], Array]]] = {
    "sma": ("sma(closes, 20, ago)", lambda f: ta.sma(f.close, 20)),
    "ema": ("ema(closes, 20, ago)", lambda f: ta.ema(f.close, 20)),
    "wma": ("wma(closes, 9, ago)", lambda f: ta.wma(f.close, 9)),
    "rsi": ("rsi(closes, 14, ago)", lambda f: ta.rsi(f.close, 14)),
    "roc": ("roc(volumes, 10, ago)", lambda f: ta.roc(f.volume, 10)),
    "highest": ("highest(highs, 20, ago)", lambda f: ta.highest(f.high, 20)),
    "lowest": ("lowest(lows, 20, ago)", lambda f: ta.lowest(f.low, 20)),
    "macd": ("macd(closes, 12, 26, ago)", lambda f: ta.macd(f.close)[0]),
    "macd_signal": ("macd_signal(closes, 12, 26, 9, ago)", lambda f: ta.macd(f.close)[1]),
    "macd_histogram": ("macd_histogram(closes, 12, 26, 9, ago)", lambda f: ta.macd(f.close)[2]),
    "upper_band": ("upper_band(closes, 20, 2.0, ago)", lambda f: ta.bollinger(f.close)[0]),
    "lower_band": ("lower_band(closes, 20, 2.0, ago)", lambda f: ta.bollinger(f.close)[2]),
    "atr": ("atr(highs, lows, closes, 14, ago)", lambda f: ta.atr(f.high, f.low, f.close)),
    "adx": ("adx(highs, lows, 14, ago)", lambda f: ta.adx(f.high, f.low, f.close)),
    "plus_di": ("plus_di(highs, lows, closes, 14, ago)", lambda f: ta.directional(f.high, f.low, f.close)[0]),
    "minus_di": ("minus_di(highs, lows, closes, 14, ago)", lambda f: ta.directional(f.high, f.low, f.close)[1]),
    "stochastic_k": (
        "stochastic_k(highs, lows, closes, 14, 3, ago)",
        lambda f: ta.stochastic(f.high, f.low, f.close)[0],
    ),
    "stochastic_d": (
        "stochastic_d(highs, lows, closes, 14, 3, 3, ago)",
        lambda f: ta.stochastic(f.high, f.low, f.close)[1],
    ),
    "vwap": ("vwap(highs, lows, closes, volumes, 20, ago)", lambda f: ta.vwap(f.high, f.low, f.close, f.volume)),
    "obv": ("obv(closes, volumes, ago)", lambda f: ta.obv(f.close, f.volume) - f.volume[0]),
}


def rough(seed: int = 3) -> Frame:
    """Bars with wild and calm stretches, some that do not move at all, some without volume."""
    random = np.random.default_rng(seed)
    calm = np.repeat(random.choice([0.0, 0.001, 0.03], BARS // 10), 10)
    close = 40 * np.exp(np.cumsum(random.normal(0, 1, BARS) * calm))
    opened = np.concatenate(([close[0]], close[:-1]))
    high, low = np.maximum(opened, close) * (1 + calm / 3), np.minimum(opened, close) * (1 - calm / 4)
    volume = np.where(calm == 0, 0.0, random.lognormal(8, 2, BARS))
    return Frame.of(np.arange(BARS) * 3_600_000, opened, high, low, close, volume)


def helpers(module: Any, *given: str) -> dict[str, Any]:
    return run("\n".join([*given, *(source for _, source in module.HELPERS.values())]))


@pytest.mark.parametrize("name", SERIES)
def test_series_helper_on_rough_bars_equals_the_indicator(name: str) -> None:
    call, reference = SERIES[name]
    frame = rough()
    space = helpers(write_series_helpers, "import numpy as np", "import pandas as pd")
    found = eval(call, space, {"df": frame.to_pandas()})
    np.testing.assert_allclose(found, reference(frame), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LISTS)
def test_list_helper_on_rough_bars_equals_the_indicator_at_every_bar(name: str) -> None:
    call, reference = LISTS[name]
    frame = rough()
    space = helpers(write_lists_helpers, "import math", "from itertools import pairwise", f"FADES = {FADES}")
    expected = reference(frame)
    columns = {f"{column}s": getattr(frame, column).tolist() for column in ("high", "low", "close", "volume")}
    for bar in ASKED:
        seen = {title: values[: bar + 1] for title, values in columns.items()}
        assert eval(call, space, {**seen, "ago": 0}) == pytest.approx(expected[bar], rel=1e-6, abs=1e-6, nan_ok=True)
        assert eval(call, space, {**columns, "ago": BARS - 1 - bar}) == pytest.approx(
            expected[bar], rel=1e-6, abs=1e-6, nan_ok=True
        )
