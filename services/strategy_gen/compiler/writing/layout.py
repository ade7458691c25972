"""Lays code out as a person would: one line a condition, the phrase it came from above it, brackets that show what belongs together."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 100
"""Characters to which texts are wrapped."""

_MOST_TEXT = 2_000
_MOST_PHRASE = 200
_MOST_IN_LINE = 110


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition as code. plain: it needs no brackets beside others. comment: what it came from."""

    code: str
    comment: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by one operator."""

    operator: str
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A condition inside a call: `head` opens it, `tail` is the line before it closes."""

    head: str
    inner: "Expression"
    tail: str


Expression: TypeAlias = Leaf | Group | Wrapped


def lines(expression: Expression, indent: int, before: str = "", *, alone: bool = True) -> list[str]:
    """Return the lines of an expression. before: what stands before it on its line. alone: brackets are not needed around it."""
    space = " " * indent
    match expression:
        case Leaf(code=code, comment=comment, plain=plain):
            written = code if alone or plain else f"({code})"
            return [f"{space}# {comment}", f"{space}{before}{written}"]
        case Group(operator=operator, parts=parts):
            first, *others = parts
            found = lines(first, indent + 4, alone=False)
            for part in others:
                found += lines(part, indent + 4, f"{operator} ", alone=False)
            return [f"{space}{before}(", *found, f"{space})"]
        case Wrapped(head=head, inner=inner, tail=tail):
            found = lines(inner, indent + 4)
            found[-1] += "," * tail.endswith(",")
            return [f"{space}{before}{head}(", *found, f"{space}    {tail}", f"{space})"]


def signature(name: str, given: Sequence[str], returns: str) -> str:
    """Return the line, or lines, that begin a function: one an argument where they do not fit into one."""
    whole = f"def {name}({', '.join(given)}) -> {returns}:"
    if len(whole) <= _MOST_IN_LINE:
        return whole
    inner = "".join(f"    {each},\n" for each in given)
    return f"def {name}(\n{inner}) -> {returns}:"


def docstring(*paragraphs: str) -> str:
    """Return a module docstring of the paragraphs, whatever is in them."""
    wrapped = [textwrap.fill(clean(text)[:_MOST_TEXT], WIDTH, break_long_words=True) for text in paragraphs]
    return '"""' + "\n\n".join(wrapped).replace("\\", "\\\\").replace('"', "'") + '\n"""'


def quoted(phrase: str) -> str:
    """Return a phrase of the sentence as it may stand in a comment."""
    return f'"{clean(phrase)[:_MOST_PHRASE]}"'


def clean(text: str) -> str:
    """Return a text on one line, without characters that do not show."""
    return "".join(each if each.isprintable() else " " for each in " ".join(text.split())).strip()


def defaults(parameters: Mapping[str, int | float]) -> list[str]:
    """Return parameters as they stand in a signature."""
    return [f"{name}: {type(value).__name__} = {value!r}" for name, value in parameters.items()]


def halves(operator: str, parts: Sequence[Expression], most: int = 12) -> Expression:
    """Return the parts joined, in groups of groups where they are many: brackets may not be nested without bound."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) <= most:
        return Group(operator, tuple(parts))
    middle = len(parts) // 2
    return Group(operator, (halves(operator, parts[:middle], most), halves(operator, parts[middle:], most)))


def joined(parts: Iterable[str]) -> str:
    """Return the parts as a module: functions two lines apart, what is above them one."""
    source = ""
    for part in filter(None, parts):
        text = part.strip("\n")
        gap = "" if not source else "\n\n\n" if text.startswith("def ") else "\n\n"
        source += gap + text
    return source + "\n"
