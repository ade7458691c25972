"""What is known while a sentence is read: its text, the subject of the last claim, the defaults that were used."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lark import Tree

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Length, Lexeme

Node = Tree[Lexeme]
Repeat = Callable[[t.Term, t.Phrase], t.Condition]


@dataclass
class Reading:
    """State of one call of `read`. subject: what an ellipsis such as "and below 70" is about; repeat: how "and the 200-day" is compared;
    object: what the last claim compared with; values: a figure about value is named, so that "value stocks" adds nothing.
    """

    text: str
    subject: t.Term | None = None
    object: t.Term | None = None
    repeat: Repeat | None = None
    values: bool = False
    assumed: list[t.Assumed] = field(default_factory=list)
    units: list[Length] = field(default_factory=list)
    charts: list[Lexeme] = field(default_factory=list)

    def phrase(self, *nodes: Node | Lexeme) -> t.Phrase:
        """Return the words from the first to the last of `nodes`."""
        start, end = reach(*nodes)
        return t.Phrase(self.text[start:end], start, end)

    def assume(self, phrase: t.Phrase, meaning: str) -> None:
        """Note a default, once."""
        found = t.Assumed(phrase.text, meaning)
        if found not in self.assumed:
            self.assumed.append(found)

    def span(self, lexeme: Lexeme) -> t.Span:
        """Return a length of time and note its unit."""
        length: Length = lexeme.value
        self.units.append(length)
        return t.Span(length.count, length.unit)  # type: ignore[arg-type]  # the vocabulary holds the units of t.Unit alone


def lexemes(*nodes: Node | Lexeme) -> list[Lexeme]:
    """Return every lexeme below `nodes`, in order."""
    found: list[Lexeme] = []
    for node in nodes:
        found += [node] if isinstance(node, Lexeme) else lexemes(*node.children)
    return found


def reach(*nodes: Node | Lexeme) -> tuple[int, int]:
    """Return start and end of the words below `nodes`."""
    spelled = [x for x in lexemes(*nodes) if x.end > x.start] or lexemes(*nodes)
    return spelled[0].start, spelled[-1].end


def refuse(code: str, message: str, *nodes: Node | Lexeme, hint: str | None = None) -> NotReadError:
    """Return the error about the words below `nodes`; `{}` in the message is their quote."""
    return NotReadError(code, message, reach(*nodes), hint)


def types(node: Node) -> tuple[str, ...]:
    """Return the types of a node's children; an inner node's is its rule."""
    return tuple(child.type if isinstance(child, Lexeme) else str(child.data) for child in node.children)


def child(node: Node, *kinds: str) -> Lexeme | None:
    """Return the first direct lexeme of one of `kinds`."""
    return next((x for x in node.children if isinstance(x, Lexeme) and x.type in kinds), None)


def inner(node: Node, rule: str) -> Node | None:
    """Return the first direct child made by `rule`."""
    return next((x for x in node.children if isinstance(x, Tree) and x.data == rule), None)


def leaf(node: Node, *kinds: str) -> Lexeme:
    """Return the first direct lexeme of one of `kinds`, which the grammar puts there."""
    return next(x for x in node.children if isinstance(x, Lexeme) and x.type in kinds)


def branch(node: Node, rule: str) -> Node:
    """Return the first direct child made by `rule`, which the grammar puts there."""
    return next(x for x in node.children if isinstance(x, Tree) and x.data == rule)
