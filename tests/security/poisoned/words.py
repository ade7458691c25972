"""Hostile words: what ends a string, a page, a line of a table or a terminal's patience, wherever text is shown."""

import re

HOSTILE: dict[str, str] = {
    "script": "</script><script>alert(1)</script>",
    "handler": "\"><img src=x onerror=alert(1)>'",
    "vector": '<svg/onload=alert(1)><math><mi//xlink:href="data:x,<script>">',
    "address": "javascript:alert(1)//%0aalert(1)",
    "picture": "![x](https://evil.example/?k=1) [y](javascript:alert(1))",
    "template": "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 1 %>",
    "sheet": "=cmd|' /C calc'!A0",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m\x9b1m",
    "bell and backspace": "a\x07b\x08c\x7fd",
    "direction": "\u202elive\u202c \u2066x\u2069",
    "tags": "x\U000e0065\U000e0076\U000e0069\U000e006c",
    "surrogates": "a\ud83dz\udc00",
    "zero width": "v\u200be\u200dr\u2060d\ufeffict",
    "lines": "one\r\nHTTP/1.1 200 OK\r\n\r\ntwo\u2028three\u2029four\x85five",
    "markup": "[bold red]x[/] [link=https://evil.example]y[/link]",
}
"""By what they attack."""

IN_JSON = {name: text for name, text in HOSTILE.items() if name != "surrogates"}
"""Those that a fact can hold: text with lone surrogates never becomes one."""

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Characters that may not be in any text that is shown, line ends and tabs aside."""

INVISIBLE = re.compile(f"{UNSEEN.pattern}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""The same with variation selectors, which can carry a text behind a picture of a smile."""
