"""Puts the pieces of a sentence together: which condition belongs to which action, exits, purpose and bar length."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from libs.common.values import Timeframe
from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Length, Lexeme
from services.strategy_gen.compiler.reading.meaning.checks import require_timed_exit
from services.strategy_gen.compiler.reading.meaning.conditions import read_condition
from services.strategy_gen.compiler.reading.meaning.kinds import fraction
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, child, leaf, reach, refuse

Purpose = Literal["trade", "screen", "alert"]

_PURPOSES: dict[str, Purpose] = {"BUY": "trade", "SELL": "trade", "FIND": "screen", "ALERT": "alert"}
_NO_CONDITION = 'say when, as in "buy when RSI is below 30"'


@dataclass
class _Parts:
    conditions: dict[str, t.Condition] = field(default_factory=dict)
    exits: t.Exits = field(default_factory=t.Exits)
    purposes: dict[Purpose, Node] = field(default_factory=dict)
    action: Node | None = None
    loose: tuple[t.Condition, Node] | None = None


def assemble(reading: Reading, root: Node, symbols: tuple[str, ...], chart: Lexeme | None) -> t.Sentence:
    """Return the sentence of a parse tree. Raises NotReadError."""
    parts = _Parts()
    for node in root.children:
        if not isinstance(node, Lexeme):
            _take(reading, parts, node)
    purpose = _purpose(reading, parts, root)
    require_timed_exit(reading, parts.conditions.get("SELL"))
    entry = _entry(parts, purpose, root)
    if purpose != "trade" and parts.exits.phrases:
        raise NotReadError(
            "prompt.exit_without_trade",
            "{} belongs to a trade",
            _place(parts.exits.phrases[0]),
            'begin with "buy when"',
        )
    return t.Sentence(
        text=reading.text,
        purpose=purpose,
        entry=entry,
        exit=parts.conditions.get("SELL"),
        exits=parts.exits,
        symbols=symbols,
        timeframe=_timeframe(reading, chart),
        unit_timeframe=_finest(reading.units),
        assumed=tuple(reading.assumed),
    )


def _place(phrase: t.Phrase) -> tuple[int, int]:
    return phrase.start, phrase.end


def _take(reading: Reading, parts: _Parts, node: Node) -> None:
    match str(node.data):
        case "action":
            _action(parts, node)
        case "when":
            reading.repeat = None
            condition = read_condition(reading, cast("Node", node.children[1]))
            if parts.loose is not None:
                raise refuse(
                    "prompt.misplaced",
                    "{} is a second condition with nothing to do",
                    node,
                    hint='join conditions with "and" or "or"',
                )
            parts.loose = condition, node
        case "guard" | "hold":
            parts.exits = _with_exit(reading, parts.exits, node)
    _pair(parts)


def _action(parts: _Parts, node: Node) -> None:
    kind = cast("Lexeme", node.children[0]).type
    if parts.purposes and _PURPOSES[kind] not in parts.purposes:
        hint = "trade, find and alert in sentences of their own"
        raise refuse("prompt.two_purposes", "{} is a second thing to do", node, hint=hint)
    parts.purposes.setdefault(_PURPOSES[kind], node)
    if parts.action is not None:
        raise refuse("prompt.nothing_to_do", "{} has no condition", parts.action, hint=_NO_CONDITION)
    parts.action = node


def _pair(parts: _Parts) -> None:
    if parts.action is None or parts.loose is None:
        return
    kind = cast("Lexeme", parts.action.children[0]).type
    side = "SELL" if kind == "SELL" else "BUY"
    if side in parts.conditions:
        raise refuse("prompt.two_rules", "{} is said twice", parts.action, hint='join both conditions with "or"')
    parts.conditions[side] = parts.loose[0]
    parts.action = parts.loose = None


def _purpose(reading: Reading, parts: _Parts, root: Node) -> Purpose:
    if parts.action is not None:
        raise refuse("prompt.nothing_to_do", "{} has no condition", parts.action, hint=_NO_CONDITION)
    if parts.loose is not None:
        if parts.purposes:
            raise refuse(
                "prompt.misplaced", "{} has nothing to do", parts.loose[1], hint='write "buy when" or "sell when"'
            )
        parts.conditions["BUY"] = parts.loose[0]
        is_trade = bool(parts.exits.phrases)
        reading.assume(reading.phrase(parts.loose[1]), "buy when this holds" if is_trade else "find what fulfils this")
        return "trade" if is_trade else "screen"
    return next(iter(parts.purposes), "trade")


def _entry(parts: _Parts, purpose: Purpose, root: Node) -> t.Condition:
    if "BUY" in parts.conditions:
        return parts.conditions["BUY"]
    if "SELL" in parts.conditions:
        raise refuse(
            "prompt.no_entry",
            "{} sells what was never bought",
            root,
            hint='say also when to buy: "buy when ... and sell when ..."',
        )
    raise refuse("prompt.nothing_to_do", "{} has no condition", root, hint=_NO_CONDITION)


def _with_exit(reading: Reading, exits: t.Exits, node: Node) -> t.Exits:
    phrase = reading.phrase(*[x for x in node.children if not (isinstance(x, Lexeme) and x.type == "SEP")])
    phrases = (*exits.phrases, phrase)
    if node.data == "hold":
        span = leaf(node, "SPAN")
        how = child(node, "FOR", "OP")
        if how is not None and how.value not in ("for", "<="):
            hint = 'write "hold for 5 bars": the position is closed after them'
            raise NotReadError("prompt.not_modelled", "{} names no end", _place(phrase), hint)
        if exits.hold is not None:
            raise NotReadError("prompt.two_rules", "{} is a second time to hold", _place(phrase), "name one")
        return replace(exits, hold=reading.span(span), phrases=phrases)
    guard, percent = leaf(node, "GUARD"), leaf(node, "PERCENT")
    name = str(guard.value)
    if getattr(exits, name) is not None:
        raise NotReadError("prompt.two_rules", f"{{}} is a second {name.replace('_', ' ')}", _place(phrase), "name one")
    size = fraction(percent)
    if size <= 0 or (size >= 1 and name != "take_profit"):
        raise refuse(
            "prompt.out_of_range",
            "{} is no share of the entry price that can be lost",
            percent,
            hint="use more than 0% and less than 100%",
        )
    changed = {name: size}
    return replace(exits, **changed, phrases=phrases)  # type: ignore[arg-type]  # the vocabulary names the fields


def _timeframe(reading: Reading, chart: Lexeme | None) -> str | None:
    named = [x for x in (chart, *reading.charts) if x is not None]
    for other in named[1:]:
        if other.value != named[0].value:
            raise NotReadError(
                "prompt.two_timeframes",
                "{} is a second timeframe",
                reach(other),
                f"the sentence already names {Timeframe(named[0].value).value}; use one",
            )
    return Timeframe(named[0].value).value if named else None


def _finest(units: Sequence[Length]) -> str | None:
    names = {length.unit for length in units}
    for unit, timeframe in (("minute", Timeframe.M1), ("hour", Timeframe.H1)):
        if unit in names:
            return timeframe.value
    return Timeframe.D1.value if names & {"day", "week", "month", "year"} else None
