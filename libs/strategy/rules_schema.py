"""What JSON rules may look like: the documented first form, read strictly.

Decides names, defaults and bounds, and turns them into `Rules`. Refuses everything it does not know, with a JSON pointer and
a hint; nothing in a definition is ever ignored. Knows no bars.
"""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from libs.common.errors import BadStrategyError

MAX_INDICATORS = 16
PERIODS = (2, 1_000)
"""Smallest and largest period, in bars."""

_TOP = ("symbol", "combine", "indicators", "name", "notes")
_SECOND_FORM = ("entry", "exit")
_LATER = ("stop_loss", "take_profit", "trailing_stop", "size", "fraction", "leverage")
_LONGEST_TEXT = {"name": 120, "notes": 4_000}


@dataclass(frozen=True, slots=True)
class Rsi:
    """Votes buy while RSI(period) < buy_below, sell while it is > sell_above."""

    period: int = 14
    buy_below: float = 30.0
    sell_above: float = 70.0


@dataclass(frozen=True, slots=True)
class Average:
    """Votes buy on the bar whose close crosses above the moving average, sell on the one that crosses below."""

    kind: Literal["ema", "sma"]
    period: int = 20
    buy_crosses_above: bool = True
    sell_crosses_below: bool = True


@dataclass(frozen=True, slots=True)
class Macd:
    """Votes buy on the bar where the MACD line crosses above its signal line, sell where it crosses below."""

    fast: int = 12
    slow: int = 26
    signal: int = 9


Indicator: TypeAlias = Rsi | Average | Macd


@dataclass(frozen=True, slots=True)
class Rules:
    """A definition with its defaults filled in. indicators: sorted by name, so the order in the text means nothing."""

    combine: Literal["any", "all"]
    indicators: tuple[Indicator, ...]

    def canonical(self) -> dict[str, Any]:
        """Return the definition with every default written out; equal meaning gives an equal result."""
        return {"combine": self.combine, "indicators": {_name(one): _fields(one) for one in self.indicators}}


def read_rules(rules: Any, at: str = "/rules") -> Rules:
    """Return the rules in a parsed JSON value; `at` is the pointer of that value.

    Raises BadStrategyError: `strategy.unsupported_kind` for the entry/exit form, `strategy.unsupported` for options this version
    does not run, `strategy.invalid` for the rest.
    """
    fields = _object(rules, at)
    for key in fields:
        if key in _SECOND_FORM:
            raise BadStrategyError(
                "rules with entry and exit conditions do not run in this version",
                code="strategy.unsupported_kind",
                pointer=f"{at}/{key}",
                hint="use the form with indicators: rsi, ema, sma, macd",
            )
    _known_keys(fields, _TOP, at)
    for key, longest in _LONGEST_TEXT.items():
        if not is_text(fields.get(key, ""), longest):
            raise _bad(f"{key} is not a text of at most {longest} characters", f"{at}/{key}")
    combine = fields.get("combine", "any")
    if combine != "any" and combine != "all":
        raise _bad(f"combine is {_shown(combine)}", f"{at}/combine", 'use "any" or "all"')
    return Rules(combine, _indicators(fields, at))


def is_text(value: Any, longest: int) -> bool:
    """Tell whether a value is a text of at most `longest` characters that can be written as UTF-8."""
    return isinstance(value, str) and len(value) <= longest and not any("\ud800" <= char <= "\udfff" for char in value)


def _indicators(fields: Mapping[str, Any], at: str) -> tuple[Indicator, ...]:
    at = f"{at}/indicators"
    if "indicators" not in fields:
        raise _bad("there are no indicators", at, 'add one, for example {"rsi": {"period": 14}}')
    given = _object(fields["indicators"], at)
    if not 1 <= len(given) <= MAX_INDICATORS:
        raise _bad(f"there are {len(given)} indicators", at, f"use 1 to {MAX_INDICATORS}")
    _known_keys(given, tuple(_READERS), at)
    return tuple(_READERS[name](given[name], f"{at}/{name}") for name in sorted(given))


def _rsi(value: Any, at: str) -> Rsi:
    fields = _object(value, at)
    _known_keys(fields, ("period", "buy_below", "sell_above"), at)
    read = Rsi(
        _period(fields, "period", 14, at),
        _threshold(fields, "buy_below", 30.0, at),
        _threshold(fields, "sell_above", 70.0, at),
    )
    if read.buy_below >= read.sell_above:
        raise _bad(
            f"buy_below {read.buy_below:g} is not below sell_above {read.sell_above:g}",
            f"{at}/buy_below",
            "leave room between the two",
        )
    return read


def _average(kind: Literal["ema", "sma"], value: Any, at: str) -> Average:
    fields = _object(value, at)
    _known_keys(fields, ("period", "buy_crosses_above", "sell_crosses_below"), at)
    read = Average(
        kind,
        _period(fields, "period", 20, at),
        _switch(fields, "buy_crosses_above", at),
        _switch(fields, "sell_crosses_below", at),
    )
    if not (read.buy_crosses_above or read.sell_crosses_below):
        raise _bad(f"{kind} has both crossings switched off", at, "it would never vote: leave it out")
    return read


def _macd(value: Any, at: str) -> Macd:
    fields = _object(value, at)
    _known_keys(fields, ("fast", "slow", "signal"), at)
    for one, other in (("fast", "slow"), ("slow", "fast")):
        if one in fields and other not in fields:
            raise _bad(f"macd has {one} but no {other}", f"{at}/{other}", "give both, or neither for 12 and 26")
    read = Macd(_period(fields, "fast", 12, at), _period(fields, "slow", 26, at), _period(fields, "signal", 9, at))
    if read.fast >= read.slow:
        raise _bad(f"fast {read.fast} is not below slow {read.slow}", f"{at}/fast", "exchange them")
    return read


_READERS: dict[str, Callable[[Any, str], Indicator]] = {
    "rsi": _rsi,
    "ema": lambda value, at: _average("ema", value, at),
    "sma": lambda value, at: _average("sma", value, at),
    "macd": _macd,
}


def _name(indicator: Indicator) -> str:
    return indicator.kind if isinstance(indicator, Average) else type(indicator).__name__.lower()


def _fields(indicator: Indicator) -> dict[str, Any]:
    return {name: value for name, value in asdict(indicator).items() if name != "kind"}


def _object(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"{_shown(value)} stands where an object {{...}} belongs", at)
    for key in value:
        if not isinstance(key, str):
            raise _bad(f"the key {_shown(key)} is not a text", at)
    return value


def _known_keys(fields: Mapping[str, Any], known: tuple[str, ...], at: str) -> None:
    for key in sorted(fields):
        if key in known:
            continue
        pointer = f"{at}/{_escaped(key)}"
        if key in _LATER:
            raise BadStrategyError(
                f"{key} in rules does not run in this version",
                code="strategy.unsupported",
                pointer=pointer,
                hint="leave it out: a position closes on a sell vote",
            )
        near = difflib.get_close_matches(key[:64], known, n=1)
        hint = f"did you mean {near[0]}" if near else f"known here: {', '.join(known)}"
        raise _bad(f"{_shown(key)} is not known here", pointer, hint)


def _period(fields: Mapping[str, Any], name: str, default: int, at: str) -> int:
    value = fields.get(name, default)
    least, most = PERIODS
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _bad(f"{name} is {_shown(value)}", f"{at}/{name}", f"a whole number of bars from {least} to {most}")
    return value


def _threshold(fields: Mapping[str, Any], name: str, default: float, at: str) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise _bad(f"{name} is {_shown(value)}", f"{at}/{name}", "a number from 0 to 100")
    return float(value)


def _switch(fields: Mapping[str, Any], name: str, at: str) -> bool:
    value = fields.get(name, True)
    if not isinstance(value, bool):
        raise _bad(f"{name} is {_shown(value)}", f"{at}/{name}", "true or false")
    return value


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value[:64])
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "a huge number"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else f"{value:g}"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list | tuple) else "no JSON value"


def _escaped(key: str) -> str:
    return key[:64].replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


def _bad(detail: str, pointer: str, hint: str | None = None) -> BadStrategyError:
    return BadStrategyError(detail, pointer=pointer, hint=hint)
