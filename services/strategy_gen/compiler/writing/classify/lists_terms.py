"""What computed terms are called by, and how many bars they need, in code that works on lists."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.strategy_gen.compiler.tree import Change, FromExtreme, Gap, Indicator
from services.strategy_gen.compiler.writing.names import Names
from services.strategy_gen.compiler.writing.walk import Series

_OF_BARS = {
    "atr": ("high", "low", "close"),
    "adx": ("high", "low", "close"),
    "stochastic": ("high", "low", "close"),
    "vwap": ("high", "low", "close", "volume"),
    "obv": ("close", "volume"),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """How many bars something needs: parameters that add up, and a number."""

    parts: tuple[str, ...]
    plus: int

    def further(self, ago: "Ago") -> "Reach":
        """Return the reach of the same thing, some bars ago."""
        further = sum(more - 1 for _, _, more in ago.loops)
        return Reach((*self.parts, *(bars for _, bars, _ in ago.loops)), self.plus + ago.steps + further)

    def covers(self, other: "Reach") -> bool:
        """Tell whether this one is never the shorter: parameters are at least 1."""
        more = Counter(self.parts)
        more.subtract(other.parts)
        return min(more.values(), default=0) >= 0 and self.plus + sum(more.values()) >= other.plus

    @property
    def code(self) -> str:
        """Return the sum as code."""
        if not self.parts:
            return str(self.plus)
        sign = "" if self.plus == 0 else f" + {self.plus}" if self.plus > 0 else f" - {-self.plus}"
        return " + ".join(self.parts) + sign


@dataclass(frozen=True, slots=True)
class Ago:
    """How many bars back something is looked at: variables of the loops around it, and a number.

    loops: variable, parameter for how often, and how much oftener.
    """

    loops: tuple[tuple[str, str, int], ...] = ()
    steps: int = 0

    def into(self, bars: str, more: int = 0) -> "Ago":
        """Return the moment inside one more loop over the last `bars` bars, and `more`."""
        name = f"ago_{len(self.loops) + 1}" if self.loops else "ago"
        return replace(self, loops=(*self.loops, (name, bars, more)))

    def plus(self, steps: int) -> "Ago":
        """Return the moment some bars earlier."""
        return replace(self, steps=self.steps + steps)

    def reach(self, bars: int) -> Reach:
        """Return what is needed to see `bars` bars from here."""
        return Reach((), bars).further(self)

    def argument(self) -> tuple[str, ...]:
        """Return the argument that a function needs for it: none for the newest bar."""
        return () if self.constant == 0 else (self.code,)

    @property
    def newest(self) -> str:
        """Return the variable of the innermost loop."""
        return self.loops[-1][0]

    @property
    def constant(self) -> int | None:
        """Return the bars back where no loop is around it."""
        return None if self.loops else self.steps

    @property
    def code(self) -> str:
        """Return the bars back as code."""
        return " + ".join(
            [*(name for name, _, _ in self.loops), *([str(self.steps)] if self.steps or not self.loops else [])]
        )


def lists_of(series: Series) -> tuple[str, ...]:
    """Return the columns of the bars that a term is computed of, in the order its function takes them."""
    match series:
        case Gap():
            return ("open", "close")
        case FromExtreme(extreme=extreme):
            return (extreme, "close")
        case Change(of=of):
            return (of,)
        case Indicator(part="adx"):
            return ("high", "low")
        case Indicator(name=name, of=of):
            return _OF_BARS.get(name, (of,))


def helper_of(series: Series) -> str:
    """Return the function that computes a term."""
    match series:
        case Gap():
            return "gap"
        case FromExtreme(extreme=extreme):
            return f"from_{extreme}"
        case Change():
            return "change"
        case Indicator(name=name, part=part):
            return _HELPERS.get((name, part), name)


def arguments_of(series: Series, periods: tuple[str, ...], names: Names) -> tuple[str, ...]:
    """Return the arguments behind the columns."""
    helper = helper_of(series)
    if helper in ("macd", "stochastic_k"):
        return periods[:2]
    if isinstance(series, Indicator) and helper.endswith("_band"):
        return (*periods, names.parameter("band_width", float(series.width)))
    return periods


def reach_of(series: Series, periods: tuple[str, ...]) -> Reach:
    """Return how many bars a term needs to have its value; for averages that carry on, to one part in a million."""
    reach = _REACHES.get(helper_of(series))
    return reach(periods) if reach else Reach(periods, 0)


def _directional(periods: tuple[str, ...]) -> Reach:
    return Reach((f"2 * FADES * {periods[0]}", f"2 * {periods[0]}"), 1)


def _wilder(periods: tuple[str, ...]) -> Reach:
    return Reach((f"2 * FADES * {periods[0]}",), 1)


def _macd_signal(periods: tuple[str, ...]) -> Reach:
    return Reach((f"FADES * {periods[1]}", f"FADES * {periods[2]}"), 0)


_HELPERS = {
    **{("adx", part): part for part in ("adx", "plus_di", "minus_di")},
    **{("stochastic", part): f"stochastic_{part}" for part in ("k", "d")},
    **{("macd", part): f"macd_{part}" for part in ("signal", "histogram")},
    **{("bollinger", part): f"{part}_band" for part in ("upper", "lower")},
    ("bollinger", "middle"): "sma",
}
_REACHES: dict[str, Callable[[tuple[str, ...]], Reach]] = {
    "gap": lambda _: Reach((), 2),
    "change": lambda periods: Reach(periods, 1),
    "roc": lambda periods: Reach(periods, 1),
    "ema": lambda periods: Reach((f"FADES * {periods[0]}",), 0),
    "rsi": _wilder,
    "atr": _wilder,
    "adx": _directional,
    "plus_di": _directional,
    "minus_di": _directional,
    "macd": lambda periods: Reach((f"FADES * {periods[1]}",), 0),
    "macd_signal": _macd_signal,
    "macd_histogram": _macd_signal,
    "stochastic_k": lambda periods: Reach(periods[:2], -1),
    "stochastic_d": lambda periods: Reach(periods, -2),
    "obv": lambda _: Reach((), 1),
}
