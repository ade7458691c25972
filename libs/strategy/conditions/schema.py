"""The second form of JSON rules: lists of entry and exit conditions, read strictly.

Decides names, bounds, and that the `indicator` a condition names occurs in it. Knows no bars, and not the strategy's own timeframe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.common.errors import BadTimeframeError
from libs.common.values import Timeframe, parse_timeframe
from libs.strategy.conditions.functions import FUNCTIONS
from libs.strategy.conditions.opposite import opposite
from libs.strategy.conditions.parser import parse_condition
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import Column, Indicator, Truth, nodes
from libs.strategy.rules_fields import bad, known_keys, nearest, read_object, shown

MAX_CONDITIONS = 8
"""Entry conditions, and exit conditions, of one definition."""
MAX_CALLS = 100
"""Indicator calls of one definition: what bounds its cost."""
GROUPS = {"price": ("open", "high", "low", "close"), "volume": ("volume",)}
"""What `indicator` may say beside the name of an indicator: the columns of which one must be read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the bars of `timeframe`, None for the strategy's own. place: its JSON pointer where it was read."""

    tree: Truth
    timeframe: Timeframe | None = None
    place: str = field(default="", compare=False)

    def canonical(self) -> dict[str, str]:
        """Return the condition in its one spelling."""
        told = {"condition": text_of(self.tree)}
        return told if self.timeframe is None else told | {"timeframe": self.timeframe.value}


@dataclass(frozen=True, slots=True)
class ConditionRules:
    """All of `entry` buys, any of `exit` sells; without an exit the opposite of the entry sells.

    Both are sorted by their text and free of repetition, so order means nothing.
    """

    entry: tuple[Condition, ...]
    exit: tuple[Condition, ...] = ()

    def canonical(self) -> dict[str, Any]:
        """Return the definition in its one spelling; equal up to formatting, defaults and order gives an equal result."""
        told = {"entry": [one.canonical() for one in self.entry], "exit": [one.canonical() for one in self.exit]}
        return {name: conditions for name, conditions in told.items() if conditions}

    def exits(self) -> tuple[Condition, ...]:
        """Return what sells: the exit conditions, or else the opposite of each entry condition."""
        return self.exit or tuple(Condition(opposite(one.tree), one.timeframe, one.place) for one in self.entry)

    def fit(self, timeframe: Timeframe) -> None:
        """Raise BadStrategyError, at its pointer, for a condition on bars that cannot be made of bars of `timeframe`."""
        for one in (*self.entry, *self.exit):
            if one.timeframe is not None and one.timeframe.seconds % timeframe.seconds:
                longer = [other.value for other in Timeframe if other.seconds % timeframe.seconds == 0]
                raise bad(
                    f"bars of {one.timeframe.value} cannot be made of the strategy's bars of {timeframe.value}",
                    f"{one.place}/timeframe",
                    f"use {', '.join(longer)}, or a shorter timeframe for the strategy",
                )


def read_conditions(fields: Mapping[str, Any], at: str) -> ConditionRules:
    """Return the entry and exit of a definition whose other keys are checked already. Raises BadStrategyError."""
    if "entry" not in fields:
        raise bad("there is no entry", f"{at}/entry", 'add "entry": [{"condition": "rsi(14) < 30"}]')
    rules = ConditionRules(_listed(fields, "entry", at), _listed(fields, "exit", at) if "exit" in fields else ())
    trees = [one.tree for one in (*rules.entry, *rules.exit)]
    if sum(isinstance(node, Indicator) for tree in trees for node in nodes(tree)) > MAX_CALLS:
        raise bad(f"the conditions call more than {MAX_CALLS} indicators", f"{at}/entry", "use fewer")
    return rules


def _listed(fields: Mapping[str, Any], name: str, at: str) -> tuple[Condition, ...]:
    given = fields[name]
    if not isinstance(given, list):
        raise bad(
            f"{shown(given)} stands where a list of conditions belongs", f"{at}/{name}", 'write [{"condition": ...}]'
        )
    if not given and name == "exit":
        raise bad("the exit is empty", f"{at}/exit", "leave it out: then the opposite of the entry sells")
    if not 1 <= len(given) <= MAX_CONDITIONS:
        raise bad(f"there are {len(given)} {name} conditions", f"{at}/{name}", f"use 1 to {MAX_CONDITIONS}")
    read = {_condition(value, f"{at}/{name}/{place}"): None for place, value in enumerate(given)}
    return tuple(sorted(read, key=lambda one: (text_of(one.tree), one.timeframe.seconds if one.timeframe else 0)))


def _condition(value: Any, at: str) -> Condition:
    fields = read_object(value, at)
    known_keys(fields, ("indicator", "condition", "timeframe"), at)
    if "condition" not in fields:
        raise bad("there is no condition", f"{at}/condition", 'write it like "rsi(14) < 30"')
    tree = parse_condition(fields["condition"], f"{at}/condition")
    if "indicator" in fields:
        _check_indicator(fields["indicator"], tree, f"{at}/indicator")
    return Condition(tree, _timeframe(fields["timeframe"], f"{at}/timeframe") if "timeframe" in fields else None, at)


def _timeframe(text: Any, at: str) -> Timeframe:
    try:
        return parse_timeframe(text)
    except BadTimeframeError as error:
        raise bad(error.detail, at, error.hint) from None


def _check_indicator(name: Any, tree: Truth, at: str) -> None:
    if not isinstance(name, str):
        raise bad(f"indicator is {shown(name)}", at, "name the indicator of the condition, or leave it out")
    spelled = name.strip().lower()
    calls, columns = _mentioned(tree)
    if spelled not in FUNCTIONS and spelled not in GROUPS:
        raise bad(f"{shown(name)} is no indicator", at, nearest(spelled, (*FUNCTIONS, *GROUPS)))
    if not ({spelled} & calls or set(GROUPS.get(spelled, ())) & columns):
        known = ", ".join(sorted(calls) or [group for group, names in GROUPS.items() if set(names) & columns])
        raise bad(f"the condition has no {spelled}", at, f"it has {known}")


def _mentioned(tree: Truth) -> tuple[set[str], set[str]]:
    """Return the names of the indicators a condition calls and of the columns it reads."""
    found = list(nodes(tree))
    indicators = [node for node in found if isinstance(node, Indicator)]
    columns = {node.name for node in found if isinstance(node, Column)}
    implied = {name for node in indicators if node.source is None for name in FUNCTIONS[node.name].reads}
    return {node.name for node in indicators}, columns | implied
