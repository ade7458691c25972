"""Which characters of a stranger's text are kept: those a person can see.

Removed: control characters, bidirectional overrides, zero-width and tag characters, variation selectors, surrogates, private use and unassigned
code points. They can hide words from a reader and show them to a model. Refuses to judge what the visible words say.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[ \t]+\n")
_EMPTY_LINES = re.compile(r"\n{3,}")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))
_FILLERS = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC})
"""Letters and signs that are drawn as nothing."""


def seen(text: str) -> str:
    """Return `text` in NFC without unseen characters, lines ended by one newline, at most one empty line in a row."""
    lined = _LINE_ENDS.sub("\n", text)
    kept = "".join(_kept(character) for character in unicodedata.normalize("NFC", lined))
    return _EMPTY_LINES.sub("\n\n", _BLANKS.sub("\n", kept + "\n")).strip("\n")


def is_seen(text: str) -> bool:
    """Tell whether every character of a one-line `text` can be seen."""
    return all(character != "\n" and _kept(character) == character for character in text)


def _kept(character: str) -> str:
    point = ord(character)
    if point < 0x7F:
        return character if point >= 0x20 or character == "\n" else (" " if character == "\t" else "")
    if point in _FILLERS or any(point in selectors for selectors in _SELECTORS):
        return ""
    if unicodedata.category(character) in _UNSEEN:
        return ""
    return " " if character == "\u00a0" else character
