"""What readers of changes share: a size with its sign, and what it may be said of."""

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.claims import mirrored
from services.strategy_gen.compiler.reading.meaning.kinds import number_for
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, child, inner, lexemes, refuse

CLOSE = t.Column("close")
_LOWER_FIRST = "name the lower limit first"


def only_price(left: t.Term | None, node: Node) -> None:
    """Raise NotReadError unless `left` is the price, or is not named."""
    if left is not None and left != CLOSE:
        raise refuse(
            "prompt.cannot_compare", "{} cannot be said of that", node, hint="it is said of a stock or its price"
        )


def bound(node: Node) -> str | None:
    """Return the operator that "at least", "or more" and their like put on a size; None where there is none."""
    op, more = child(node, "OP"), child(node, "MORE")
    holder = inner(node, "object")
    more = more or (child(holder, "MORE") if holder is not None else None)
    if op is not None and more is not None:
        raise refuse(
            "prompt.contradiction", "{} says the direction twice", node, hint='write "at least 5%" or "5% or more"'
        )
    found = op or more
    return found.value if found is not None else None


def lower_bound(node: Node) -> str | None:
    """Return `bound`; raises NotReadError for "up less than 5%", which may or may not take in what is down."""
    found = bound(node)
    if found in ("<", "<="):
        hint = 'write "up between 0% and 5%" or "not up more than 5%"'
        raise refuse("prompt.ambiguous", "{} can be read in two ways", node, hint=hint)
    return found


def size(reading: Reading, term: t.Term, amount: Node) -> float:
    """Return an amount in the unit of `term`."""
    number = number_for(reading, term, lexemes(amount)[0], amount)
    assert isinstance(number, t.Number)
    return number.value


def signed(term: t.Term, up: bool, op: str, size: float, phrase: t.Phrase) -> t.Condition:
    """Return `term` op size, seen from the other side where the direction is down."""
    return t.Compare(term, op if up else mirrored(op), t.Number(size if up else -size), phrase)  # type: ignore[arg-type]


def between_sizes(reading: Reading, node: Node, term: t.Term, up: bool, phrase: t.Phrase) -> t.Condition:
    """Return the condition that a size lies between two amounts."""
    low, high = (size(reading, term, x) for x in node.children if not isinstance(x, Lexeme))
    if low > high:
        raise refuse("prompt.contradiction", "{} is empty: the first is above the second", node, hint=_LOWER_FIRST)
    low, high = (low, high) if up else (-high, -low)
    return t.Between(term, t.Number(low), t.Number(high), phrase)
