"""Texts of a stranger made fit to travel: no control characters, no lone surrogates, no endless length, and the same in every run."""

import re

_SPACES = "\n\t"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=>|$)")
"""Where an object lies in memory, as Python's own texts say it: `<function f at 0x7f1c...>`."""


def clean(text: object, longest: int) -> str:
    """Return at most `longest` characters that are printable, spaces, line ends or tabs, the others as `?`; `` for what is no text.

    Memory addresses are left out: they differ from process to process, and equal runs have to say equal words.
    """
    if not isinstance(text, str):
        return ""
    cut = _ADDRESS.sub("", str.__getitem__(text, slice(0, longest)))
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(each if each.isprintable() or each in _SPACES else "?" for each in cut)
