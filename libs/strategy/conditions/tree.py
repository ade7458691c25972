"""What a condition is once it is read: a tree of frozen, comparable nodes. Decides shape and bounds, not meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_LENGTH = 1_000
"""Characters of a condition."""
MAX_DEPTH = 24
"""Parentheses, calls, signs and `not` inside each other."""
MAX_NODES = 200
"""Numbers, columns, calls and operators of a condition."""

Sign: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
Operator: TypeAlias = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the bars: open, high, low, close or volume."""

    name: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A column of an indicator. source: None for the bars it takes by itself. output: empty where it has one column only."""

    name: str
    source: "Numeric | None"
    settings: tuple[float, ...]
    output: str


@dataclass(frozen=True, slots=True)
class Shift:
    """What `of` was `bars` >= 1 bars earlier."""

    of: "Numeric"
    bars: int


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus `of`."""

    of: "Numeric"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by + - * or /."""

    operator: Operator
    left: "Numeric"
    right: "Numeric"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two or more terms with a sign between each: all neighbours must compare so."""

    terms: tuple["Numeric", ...]
    signs: tuple[Sign, ...]

    def pairs(self) -> Iterator[tuple["Numeric", Sign, "Numeric"]]:
        """Yield each pair of neighbours with its sign."""
        return zip(self.terms, self.signs, self.terms[1:], strict=False)


@dataclass(frozen=True, slots=True)
class Crossing:
    """`first` went from at or below `second` to above it (`above`), or from at or above to below."""

    above: bool
    first: "Numeric"
    second: "Numeric"


@dataclass(frozen=True, slots=True)
class Not:
    """`of` is false; unknown stays unknown."""

    of: "Truth"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more parts, none of them an And."""

    parts: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more parts, none of them an Or."""

    parts: tuple["Truth", ...]


Numeric: TypeAlias = Number | Column | Indicator | Shift | Negative | Arithmetic
Truth: TypeAlias = Comparison | Crossing | Not | And | Or
Node: TypeAlias = Numeric | Truth


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below one, left to right."""
    match node:
        case Number() | Column():
            return ()
        case Indicator(source=source):
            return () if source is None else (source,)
        case Shift(of=of) | Negative(of=of) | Not(of=of):
            return (of,)
        case Arithmetic(left=first, right=second) | Crossing(first=first, second=second):
            return (first, second)
        case Comparison(terms=terms):
            return terms
        case And(parts=parts) | Or(parts=parts):
            return parts


def nodes(root: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(children(node)))


def any_of(parts: tuple[Truth, ...]) -> Truth:
    """Return the parts joined by `or`, inner ones of that kind taken apart."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def all_of(parts: tuple[Truth, ...]) -> Truth:
    """Return the parts joined by `and`, inner ones of that kind taken apart."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)
