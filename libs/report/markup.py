"""HTML that is safe by construction: whatever is not markup already is escaped.

A report holds a stranger's words (names, code, reasons, symbols), so nothing enters a page but through `tag`.
"""

import html
import re
from collections.abc import Iterable
from typing import TypeAlias


class Markup(str):
    """HTML made here; every other text is escaped when it meets it."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"

_VOID = ("input", "br")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(value: object) -> str:
    """Return `value` as text in which nothing hides: control, direction and zero-width characters and lone surrogates are spelled out."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", str(value))


def tag(name: str, *children: Child, **attributes: object) -> Markup:
    """Return an element. `class_` is class, `aria_label` is aria-label; True is a bare attribute, None and False leave it out."""
    spelled = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{spelled}>" if name in _VOID else f"<{name}{spelled}>{inside(children)}</{name}>")


def inside(child: Child) -> Markup:
    """Return children as one piece of HTML; None is nothing."""
    if child is None:
        return Markup("")
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return Markup(html.escape(clean(child)))
    return Markup("".join(inside(one) for one in child))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(clean(value))}"'
