"""Markdown as a person sees it: headings, and text without comments, hidden elements, link addresses and pictures.

Every pattern is linear in the text, since the text may be hostile. Wart: it knows no CSS files and no nested brackets in links; a tag shown in
a code block counts as a tag.
"""

import re
from collections.abc import Iterator

from services.strategy_gen.knowledge.values import Section

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_UNSHOWN = frozenset({"script", "style", "template", "head", "noscript", "iframe", "object"})
_VOID = frozenset({"img", "br", "hr", "input", "meta", "link", "source", "wbr", "embed", "area", "base", "col"})
_HIDING = re.compile(
    r"""(?:^|["'\s])hidden(?:[\s=/]|$)|aria-hidden\s*=\s*["']?true|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.1-9])"""
    r"""|opacity\s*:\s*0(?![.1-9])|color\s*:\s*(?:white|transparent|#fff(?:fff)?)\b""",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]+\]:.*$", re.MULTILINE)
_ADDRESS = r"\((?:[^()\n]++|\([^()\n]*+\))*+\)"
_PICTURE = re.compile(r"!\[[^\[\]\n]*+\](?:" + _ADDRESS + r"|\[[^\[\]\n]*+\])")
_LINK = re.compile(r"(?<!!)\[([^\[\]\n]++)\]" + _ADDRESS)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S.*)$")
_ANCHOR = re.compile(r"\{#[^{}]*\}$")
_RULE = re.compile(r"^([=\-#*~^])\1{2,}$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_LEVELS = {"=": 1, "#": 1, "-": 2, "*": 2, "~": 3, "^": 3}
_LONGEST_HEADING = 160


def shown(text: str) -> str:
    """Return `text` without what a rendered page does not show: comments, hidden elements, link definitions, addresses, pictures and tags."""
    bare = "".join(_outside_hidden(_COMMENT.sub("", text)))
    return _LINK.sub(r"\1", _PICTURE.sub("", _DEFINITION.sub("", bare)))


def _outside_hidden(text: str) -> Iterator[str]:
    start, hiding, depth = 0, "", 0
    for tag in _TAG.finditer(text):
        closes, name, attributes = tag.group(1), tag.group(2).lower(), tag.group(3)
        if hiding:
            depth += (-1 if closes else 1) if name == hiding else 0
            if depth:
                continue
            hiding = ""
        else:
            yield text[start : tag.start()]
            if not closes and name not in _VOID and (name in _UNSHOWN or _HIDING.search(attributes)):
                hiding, depth = name, 1
        start = tag.end()
    if not hiding:
        yield text[start:]


def sections(text: str) -> tuple[Section, ...]:
    """Return the stretches of `text` between headings, in order, each with its path of headings; stretches without text are left out.

    Headings are lines that begin with 1 to 6 `#`, and short lines underlined by at least three of one of `= - # * ~ ^`.
    """
    found: list[Section] = []
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    for level, line in _marked(text.split("\n")):
        if not level:
            lines.append(line)
            continue
        _close(found, path, lines)
        path = [(outer, title) for outer, title in path if outer < level] + [(level, line)]
        lines = []
    _close(found, path, lines)
    return tuple(found)


def _close(found: list[Section], path: list[tuple[int, str]], lines: list[str]) -> None:
    text = "\n".join(lines).strip()
    if text:
        found.append(Section(tuple(title for _, title in path), text))


def _marked(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Give each line with the level of the heading it is, 0 for text; the rules over and under a heading are left out."""
    fence, at = "", 0
    while at < len(lines):
        line = lines[at]
        if mark := _FENCE.match(line):
            fence = "" if fence == mark.group(1) else fence or mark.group(1)
        heading = None if fence else _HEADING.match(line)
        below = _rule(lines, at + 1)
        if heading:
            yield len(heading.group(1)), _plain(heading.group(2))
        elif not fence and below and _can_be_underlined(line):
            yield _LEVELS[below], _plain(line)
            at += 1
        elif fence or not _is_overline(lines, at):
            yield 0, line
        at += 1


def _rule(lines: list[str], at: int) -> str:
    found = _RULE.match(lines[at].strip()) if at < len(lines) else None
    return found.group(1) if found else ""


def _can_be_underlined(line: str) -> bool:
    stripped = line.strip()
    return (
        bool(stripped)
        and len(stripped) <= _LONGEST_HEADING
        and stripped[0] not in "|-*>`"
        and not _RULE.match(stripped)
    )


def _is_overline(lines: list[str], at: int) -> bool:
    rule = _rule(lines, at)
    return bool(rule) and rule == _rule(lines, at + 2) and _can_be_underlined(lines[at + 1])


def _plain(heading: str) -> str:
    bare = _ANCHOR.sub("", heading.strip()).strip().rstrip("#").strip()
    return bare.replace("`", "").replace("**", "")[:_LONGEST_HEADING]
