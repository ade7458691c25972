"""Reads conditions: claims joined by and, or and not, with their subjects."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.claims import apply
from services.strategy_gen.compiler.reading.meaning.kinds import kind_of, require_alike
from services.strategy_gen.compiler.reading.meaning.moves import read_thing
from services.strategy_gen.compiler.reading.meaning.reading import (
    Node,
    Reading,
    branch,
    inner,
    leaf,
    lexemes,
    refuse,
    types,
)
from services.strategy_gen.compiler.reading.meaning.terms import AVERAGES, read_term

_CLOSE = t.Column("close")
_VOLUME = t.Column("volume")


def read_condition(reading: Reading, node: Node) -> t.Condition:
    """Return the condition of an `any`, `all`, `negated`, `bracket`, `held` or claim node."""
    return _CONDITIONS[str(node.data)](reading, node)


def _nodes(node: Node) -> list[Node]:
    return [x for x in node.children if not isinstance(x, Lexeme)]


def _any(reading: Reading, node: Node) -> t.Condition:
    for one, other in pairwise(_nodes(node)):
        if _nodes(one)[-1].data in ("denied", "negated") and _nodes(other)[0].data in ("more", "fact"):
            hint = 'say the half with "not" last, or, for neither of the two, "not ... and not ..."'
            raise refuse("prompt.ambiguous", "{} can be read in two ways", one, other, hint=hint)
    found = _list(reading, _nodes(node), t.Any)
    return found[0] if len(found) == 1 else t.Any(found)


def _all(reading: Reading, node: Node) -> t.Condition:
    found = _list(reading, _nodes(node), t.All)
    return found[0] if len(found) == 1 else t.All(found)


def _list(reading: Reading, nodes: list[Node], flat: type[t.All] | type[t.Any]) -> tuple[t.Condition, ...]:
    found: list[t.Condition] = []
    for at, node in enumerate(nodes):
        if _is_empty_value(reading, node, nodes):
            continue
        if node.data == "bare" and reading.repeat is None:
            found.append(_shared(reading, node, nodes[at + 1 :]))
            continue
        made = read_condition(reading, node)
        found += made.conditions if isinstance(made, flat) and node.data != "bracket" else (made,)
    return tuple(found)


def _is_empty_value(reading: Reading, node: Node, nodes: list[Node]) -> bool:
    """ "Value stocks" beside a limit for the value says nothing more."""
    if not (
        reading.values and len(nodes) > 1 and node.data == "fact" and [x.value for x in lexemes(node)] == ["value"]
    ):
        return False
    reading.assume(reading.phrase(node), "as the other conditions say")
    return True


def _shared(reading: Reading, node: Node, later: list[Node]) -> t.Condition:
    """Read the first of several subjects of one claim: "the close and the open are above the 50-day"."""
    told = next((x for x in later if x.data != "bare"), None)
    if told is None or told.data != "about" or types(told)[-1] == "term":
        return _bare(reading, node)
    return _about(reading, Node("about", [node.children[0], told.children[-1]]), reading.phrase(node))


def _negated(reading: Reading, node: Node) -> t.Condition:
    made = read_condition(reading, _nodes(node)[0])
    reading.repeat = None
    return t.Not(made, reading.phrase(node))


def _bracket(reading: Reading, node: Node) -> t.Condition:
    reading.repeat = None
    made = read_condition(reading, _nodes(node)[0])
    reading.repeat = None
    return made


def _held(reading: Reading, node: Node) -> t.Condition:
    span = leaf(node, "SPAN")
    if leaf(node, "FOR").value == "<=":
        raise refuse("prompt.not_modelled", "{} is no condition on each bar", node, hint='write "for 3 bars"')
    claim = _nodes(node)[0]
    if any(x.type == "MOVE" for x in lexemes(claim)) and any(x.type == "PERCENT" for x in lexemes(claim)):
        raise refuse(
            "prompt.ambiguous",
            "{} can be read in two ways",
            node,
            hint='write "up 5% in 3 days" or "rising for 3 days"',
        )
    return t.Held(read_condition(reading, claim), reading.span(span), reading.phrase(node))


def _about(reading: Reading, node: Node, phrase: t.Phrase | None = None) -> t.Condition:
    subject, claim = _nodes(node)
    if claim.data == "colour" and types(subject) in (("SPAN",), ("UNIT",)):
        return read_thing(reading, _candles(subject, claim), None, reading.phrase(node))
    left = _subject(reading, subject, claim)
    phrase = phrase or reading.phrase(node)
    if claim.data in _PREDICATES:
        made = apply(reading, left, claim, phrase)
    else:
        made = read_thing(reading, claim, left, phrase)
    reading.subject = left
    return made


def _candles(subject: Node, claim: Node) -> Node:
    """Return "the last 3 candles are green" as "3 green candles"."""
    head = lexemes(subject)[0]
    if head.type == "UNIT":
        return Node("colour", [*claim.children, head])
    count, unit = replace(head, type="NUM", value=head.value.count), replace(head, type="UNIT", value=head.value.unit)
    return Node("colour", [count, *claim.children, unit])


def _denied(reading: Reading, node: Node) -> t.Condition:
    made = _about(reading, Node("about", _nodes(node)), reading.phrase(node))  # type: ignore[arg-type]
    reading.repeat = None
    return t.Not(made, reading.phrase(node))


def _subject(reading: Reading, node: Node, claim: Node) -> t.Term:
    """Return the term a claim is about; "it" before a plain number is what was spoken of before."""
    if types(node) == ("IT",) and reading.subject is not None and _refers_back(reading, claim):
        is_price = kind_of(reading.subject) in ("price", "volume") and leaf(node, "IT").value == "closes"
        return _CLOSE if is_price else reading.subject
    named = next((x.value for x in lexemes(claim) if x.type == "TERM" and x.value in AVERAGES), None)
    return read_term(reading, node, average=named)


def _refers_back(reading: Reading, claim: Node) -> bool:
    """Tell whether "it" is the last subject: before a plain number, "it" again, or what measures the same."""
    if claim.data in ("move", "trend"):
        return not leaf(claim, "MOVE").value.endswith("!")
    if claim.data not in _PREDICATES and claim.data != "move_by":
        return False
    holder = next((x for x in _nodes(claim) if x.data in ("object", "term")), None)
    term = None if holder is None else holder if holder.data == "term" else inner(holder, "term")
    if term is None:
        return all(x.type != "PERCENT" for x in lexemes(claim))
    if types(term) == ("IT",):
        return True
    quiet = Reading(reading.text)
    return reading.subject is not None and kind_of(read_term(quiet, term)) == kind_of(reading.subject)


def _more(reading: Reading, node: Node) -> t.Condition:
    """Read a claim without a subject: it is about what was spoken of last, else about the price (or the volume, beside a volume)."""
    pred = _nodes(node)[0]
    left = reading.subject
    if left is None:
        if not _speaks_of_volume(pred) and all(
            x.type not in ("TERM", "COLUMN", "SPAN", "PRICE", "PREV") for x in lexemes(pred)
        ):
            raise refuse(
                "prompt.no_subject",
                "{} does not say of what",
                node,
                hint='name it first, as in "RSI below 30" or "price above 100"',
            )
        left = _VOLUME if _speaks_of_volume(pred) else _CLOSE
    elif _speaks_of_volume(pred) and kind_of(left) != "volume":
        left = _VOLUME
    return apply(reading, left, pred, reading.phrase(node))


def _speaks_of_volume(pred: Node) -> bool:
    found = lexemes(pred)
    shares = any(one.type == "NUM" and two.type == "STOCK" for one, two in pairwise(found))
    return shares or any(x.type == "TERM" and str(x.value).startswith("volume") for x in found)


def _fact(reading: Reading, node: Node) -> t.Condition:
    return read_thing(reading, _nodes(node)[0], None, reading.phrase(node))


def _bare(reading: Reading, node: Node) -> t.Condition:
    term = branch(node, "term")
    repeat, left = reading.repeat, reading.subject
    if repeat is None or left is None:
        raise refuse(
            "prompt.no_comparison",
            "{} is not compared with anything",
            node,
            hint='say how, as in "above", "below", "crosses above", "rising"',
        )
    right = read_term(reading, term, beside=left)
    require_alike(left, right, node)
    if isinstance(reading.object, t.Number) and not isinstance(right, t.Number):
        hint = (
            'write "above the 50-day and the 200-day average", or compare it by itself: "and above the 200-day average"'
        )
        raise refuse("prompt.ambiguous", "{} follows a plain number", node, hint=hint)
    return repeat(right, reading.phrase(node))


_PREDICATES = frozenset(
    {"compare", "at", "cross", "breaks", "between", "within", "offset", "exceeds", "multiple", "turn", "sign"}
)
_CONDITIONS: dict[str, Callable[[Reading, Node], t.Condition]] = {
    "any": _any,
    "all": _all,
    "negated": _negated,
    "bracket": _bracket,
    "held": _held,
    "about": _about,
    "denied": _denied,
    "more": _more,
    "fact": _fact,
    "bare": _bare,
}
