"""The indicators a condition may call: their arguments, defaults, bounds, columns, and when they are warm."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from libs.market import indicators
from libs.market.frame import FloatArray, Frame

LONGEST = 1_000
"""Largest period, in bars."""

Settings: TypeAlias = tuple[float, ...]
Columns: TypeAlias = tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A number in a call. default: None where it must be given."""

    name: str
    default: float | None
    least: float
    most: float = LONGEST
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    """What a call does. reads: the columns it takes where no source is given.

    source: whether the call has one as its first argument. outputs: names of its columns, empty for one column without a name.
    compute: bars, source and settings to (T,) columns. warm: settings to the bars without a value at the start, per column.
    rising: names of two settings of which the first must be smaller.
    """

    source: Literal["none", "optional", "required"]
    settings: tuple[Setting, ...]
    compute: Callable[[Frame, FloatArray, Settings], Columns]
    warm: Callable[[Settings], tuple[int, ...]]
    reads: tuple[str, ...] = ("close",)
    outputs: tuple[str, ...] = ()
    rising: tuple[str, str] | None = None


def _window(compute: Callable[[FloatArray, int], FloatArray], default: int) -> Function:
    return Function(
        "optional",
        (Setting("period", default, 2),),
        lambda _, source, given: (compute(source, int(given[0])),),
        lambda given: (int(given[0]) - 1,),
    )


def _reach(compute: Callable[[FloatArray, int], FloatArray], default: int, least: int) -> Function:
    return Function(
        "optional",
        (Setting("period", default, least),),
        lambda _, source, given: (compute(source, int(given[0])),),
        lambda given: (int(given[0]),),
    )


def _extreme(compute: Callable[[FloatArray, int], FloatArray]) -> Function:
    return Function(
        "required",
        (Setting("period", None, 1),),
        lambda _, source, given: (compute(source, int(given[0])),),
        lambda given: (int(given[0]) - 1,),
        reads=(),
    )


_RANGE = ("high", "low", "close")

FUNCTIONS: dict[str, Function] = {
    "sma": _window(indicators.sma, 20),
    "ema": _window(indicators.ema, 20),
    "wma": _window(indicators.wma, 20),
    "rsi": _reach(indicators.rsi, 14, 2),
    "roc": _reach(indicators.roc, 10, 1),
    "change": _reach(indicators.change, 1, 1),
    "highest": _extreme(indicators.highest),
    "lowest": _extreme(indicators.lowest),
    "macd": Function(
        "optional",
        (Setting("fast", 12, 2), Setting("slow", 26, 2), Setting("signal", 9, 2)),
        lambda _, source, given: indicators.macd(source, *map(int, given)),
        lambda given: (int(given[1]) - 1, int(given[1] + given[2]) - 2, int(given[1] + given[2]) - 2),
        outputs=("line", "signal", "histogram"),
        rising=("fast", "slow"),
    ),
    "bollinger": Function(
        "optional",
        (Setting("period", 20, 2), Setting("deviations", 2, 0.1, 10, whole=False)),
        lambda _, source, given: indicators.bollinger(source, int(given[0]), given[1]),
        lambda given: (int(given[0]) - 1,) * 3,
        outputs=("upper", "middle", "lower"),
    ),
    "donchian": Function(
        "none",
        (Setting("period", 20, 1),),
        lambda bars, _, given: indicators.donchian(bars.high, bars.low, int(given[0])),
        lambda given: (int(given[0]) - 1,) * 3,
        reads=("high", "low"),
        outputs=("upper", "middle", "lower"),
    ),
    "stochastic": Function(
        "none",
        (Setting("period", 14, 1), Setting("slowing", 3, 1), Setting("smoothing", 3, 1)),
        lambda bars, _, given: indicators.stochastic(bars.high, bars.low, bars.close, *map(int, given)),
        lambda given: (int(given[0] + given[1]) - 2, int(sum(given)) - 3),
        reads=_RANGE,
        outputs=("k", "d"),
    ),
    "atr": Function(
        "none",
        (Setting("period", 14, 1),),
        lambda bars, _, given: (indicators.atr(bars.high, bars.low, bars.close, int(given[0])),),
        lambda given: (int(given[0]),),
        reads=_RANGE,
    ),
    "adx": Function(
        "none",
        (Setting("period", 14, 2),),
        lambda bars, _, given: (indicators.adx(bars.high, bars.low, bars.close, int(given[0])),),
        lambda given: (2 * int(given[0]) - 1,),
        reads=_RANGE,
    ),
    "plus_di": Function(
        "none",
        (Setting("period", 14, 2),),
        lambda bars, _, given: (indicators.directional(bars.high, bars.low, bars.close, int(given[0]))[0],),
        lambda given: (int(given[0]),),
        reads=_RANGE,
    ),
    "minus_di": Function(
        "none",
        (Setting("period", 14, 2),),
        lambda bars, _, given: (indicators.directional(bars.high, bars.low, bars.close, int(given[0]))[1],),
        lambda given: (int(given[0]),),
        reads=_RANGE,
    ),
    "obv": Function(
        "none",
        (),
        lambda bars, _, __: (indicators.obv(bars.close, bars.volume),),
        lambda _: (0,),
        reads=("close", "volume"),
    ),
    "vwap": Function(
        "none",
        (Setting("period", 20, 1),),
        lambda bars, _, given: (indicators.vwap(bars.high, bars.low, bars.close, bars.volume, int(given[0])),),
        lambda given: (int(given[0]) - 1,),
        reads=("high", "low", "close", "volume"),
    ),
}
"""By name."""

WORDS = ("and", "or", "not")
SHIFT = "shift"
CROSSINGS = {"crosses_above": True, "crosses_below": False}
"""By name: whether upwards."""

INSTEAD = {
    "price": "write close",
    "vol": "write volume",
    "bb": "write bollinger(20, 2).upper, .middle or .lower",
    "bbands": "write bollinger(20, 2).upper, .middle or .lower",
    "bb_upper": "write bollinger(20, 2).upper",
    "bb_lower": "write bollinger(20, 2).lower",
    "stoch": "write stochastic(14, 3, 3).k or .d",
    "macd_line": "write macd(12, 26, 9).line",
    "macd_signal": "write macd(12, 26, 9).signal",
    "macd_hist": "write macd(12, 26, 9).histogram",
    "max": "write highest(high, 20)",
    "min": "write lowest(low, 20)",
    "prev": "write shift(close, 1)",
    "ref": "write shift(close, 1)",
    "mom": "write change(close, 10)",
    "momentum": "write change(close, 10)",
    "crossover": "write crosses_above(a, b)",
    "crossunder": "write crosses_below(a, b)",
    "cross": "write crosses_above(a, b) or crosses_below(a, b)",
    "crosses": "write crosses_above(a, b) or crosses_below(a, b)",
}
"""Hints for names that other languages use."""
