"""What JSON rules may look like: both documented forms, read strictly.

Decides the names, defaults and bounds of the first form (indicators with thresholds); `conditions` reads the second (entry and
exit). Refuses everything it does not know, with a JSON pointer and a hint; nothing in a definition is ever ignored. Knows no bars.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from libs.common.values import Timeframe
from libs.strategy.conditions.schema import ConditionRules, read_conditions
from libs.strategy.rules_fields import bad, is_text, known_keys, read_object, shown

__all__ = ["Average", "ConditionRules", "IndicatorRules", "Macd", "Rsi", "Rules", "is_text", "read_rules"]

MAX_INDICATORS = 16
PERIODS = (2, 1_000)
"""Smallest and largest period, in bars."""

_BOTH = ("symbol", "name", "notes")
_FIRST_FORM = ("combine", "indicators")
_SECOND_FORM = ("entry", "exit")
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
class IndicatorRules:
    """The first form with its defaults filled in. indicators: sorted by name, so the order in the text means nothing."""

    combine: Literal["any", "all"]
    indicators: tuple[Indicator, ...]

    def canonical(self) -> dict[str, Any]:
        """Return the definition with every default written out; equal meaning gives an equal result."""
        return {"combine": self.combine, "indicators": {_name(one): _fields(one) for one in self.indicators}}

    def fit(self, timeframe: Timeframe) -> None:
        """Do nothing: the first form runs on bars of any length."""


Rules: TypeAlias = IndicatorRules | ConditionRules


def read_rules(rules: Any, at: str = "/rules") -> Rules:
    """Return the rules in a parsed JSON value; `at` is the pointer of that value.

    Whether the strategy's bars suit them is for `.fit(timeframe)` to say. Raises BadStrategyError: `strategy.unsupported` for
    options this version does not run, `strategy.invalid` for the rest.
    """
    fields = read_object(rules, at)
    second = any(key in fields for key in _SECOND_FORM)
    if second and "indicators" in fields:
        raise bad("there are indicators beside entry and exit", f"{at}/indicators", "use one form or the other")
    known_keys(fields, (*_BOTH, *_SECOND_FORM) if second else (*_BOTH, *_FIRST_FORM), at)
    for key, longest in _LONGEST_TEXT.items():
        if not is_text(fields.get(key, ""), longest):
            raise bad(f"{key} is not a text of at most {longest} characters", f"{at}/{key}")
    if second:
        return read_conditions(fields, at)
    combine = fields.get("combine", "any")
    if combine != "any" and combine != "all":
        raise bad(f"combine is {shown(combine)}", f"{at}/combine", 'use "any" or "all"')
    return IndicatorRules(combine, _indicators(fields, at))


def _indicators(fields: Mapping[str, Any], at: str) -> tuple[Indicator, ...]:
    at = f"{at}/indicators"
    if "indicators" not in fields:
        raise bad(
            "there are no indicators", at, 'add one, for example {"rsi": {"period": 14}}, or entry and exit conditions'
        )
    given = read_object(fields["indicators"], at)
    if not 1 <= len(given) <= MAX_INDICATORS:
        raise bad(f"there are {len(given)} indicators", at, f"use 1 to {MAX_INDICATORS}")
    known_keys(given, tuple(_READERS), at)
    return tuple(_READERS[name](given[name], f"{at}/{name}") for name in sorted(given))


def _rsi(value: Any, at: str) -> Rsi:
    fields = read_object(value, at)
    known_keys(fields, ("period", "buy_below", "sell_above"), at)
    read = Rsi(
        _period(fields, "period", 14, at),
        _threshold(fields, "buy_below", 30.0, at),
        _threshold(fields, "sell_above", 70.0, at),
    )
    if read.buy_below >= read.sell_above:
        raise bad(
            f"buy_below {read.buy_below:g} is not below sell_above {read.sell_above:g}",
            f"{at}/buy_below",
            "leave room between the two",
        )
    return read


def _average(kind: Literal["ema", "sma"], value: Any, at: str) -> Average:
    fields = read_object(value, at)
    known_keys(fields, ("period", "buy_crosses_above", "sell_crosses_below"), at)
    read = Average(
        kind,
        _period(fields, "period", 20, at),
        _switch(fields, "buy_crosses_above", at),
        _switch(fields, "sell_crosses_below", at),
    )
    if not (read.buy_crosses_above or read.sell_crosses_below):
        raise bad(f"{kind} has both crossings switched off", at, "it would never vote: leave it out")
    return read


def _macd(value: Any, at: str) -> Macd:
    fields = read_object(value, at)
    known_keys(fields, ("fast", "slow", "signal"), at)
    for one, other in (("fast", "slow"), ("slow", "fast")):
        if one in fields and other not in fields:
            raise bad(f"macd has {one} but no {other}", f"{at}/{other}", "give both, or neither for 12 and 26")
    read = Macd(_period(fields, "fast", 12, at), _period(fields, "slow", 26, at), _period(fields, "signal", 9, at))
    if read.fast >= read.slow:
        raise bad(f"fast {read.fast} is not below slow {read.slow}", f"{at}/fast", "exchange them")
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


def _period(fields: Mapping[str, Any], name: str, default: int, at: str) -> int:
    value = fields.get(name, default)
    least, most = PERIODS
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad(f"{name} is {shown(value)}", f"{at}/{name}", f"a whole number of bars from {least} to {most}")
    return value


def _threshold(fields: Mapping[str, Any], name: str, default: float, at: str) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise bad(f"{name} is {shown(value)}", f"{at}/{name}", "a number from 0 to 100")
    return float(value)


def _switch(fields: Mapping[str, Any], name: str, at: str) -> bool:
    value = fields.get(name, True)
    if not isinstance(value, bool):
        raise bad(f"{name} is {shown(value)}", f"{at}/{name}", "true or false")
    return value
