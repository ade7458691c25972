"""Bounds and readings of the source text, and parser bombs."""

import pytest

from libs.strategy.check import Diagnostic, check

GOOD = "def generate_signals(df):\n    return [0] * len(df)\n"


def only(source: str | bytes) -> Diagnostic:
    (diagnostic,) = check(source).diagnostics
    assert diagnostic.severity == "error"
    return diagnostic


@pytest.mark.parametrize("source", [GOOD, GOOD.encode(), b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n")])
def test_good_source_in_any_dress_is_accepted(source: str | bytes) -> None:
    assert check(source).ok


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_byte_order_mark_and_line_ends_do_not_change_the_hash(mark: bytes) -> None:
    assert check(mark + GOOD.replace("\n", "\r").encode()).code_hash == check(GOOD).code_hash


@pytest.mark.parametrize(
    ("source", "code", "line", "column"),
    [
        (GOOD + "#" * (2 << 20), "source.too_large", 1, 1),
        (GOOD + "# é\n" * 15_000, "source.too_large", 1, 1),
        (GOOD + "\n" * 2_000, "source.too_many_lines", 2001, 1),
        (GOOD + "#" * 2_001, "source.line_too_long", 3, 2001),
        (GOOD.encode() + b"# caf\xe9\n", "source.encoding", 3, 6),
        (GOOD.encode("utf-16"), "source.encoding", 1, 1),
        (GOOD + "x = '\x00'", "source.character", 3, 6),
        (GOOD + "x = 1 \x0c", "source.character", 3, 7),
        (GOOD + "# \u202e", "source.character", 3, 3),
        (GOOD + "# é \u2066", "source.character", 3, 5),
        (GOOD + "x\u200b = 1", "source.character", 3, 2),
        (GOOD + "# \ud800", "source.character", 3, 3),
        (GOOD + "# \U000e0041", "source.character", 3, 3),
    ],
)
def test_source_out_of_bounds_is_refused_with_its_place(source: str | bytes, code: str, line: int, column: int) -> None:
    found = only(source)
    assert (found.code, found.line, found.column) == (code, line, column)
    assert found.hint


def test_source_at_the_bounds_is_accepted() -> None:
    assert check(GOOD + "\n" * 1_998).ok
    assert check(GOOD + "#" * 2_000).ok
    assert check(GOOD + ("#" * 1_023 + "\n") * 63).ok


def test_joiners_of_other_scripts_are_accepted_in_texts() -> None:
    assert check(GOOD + "# می\u200cخواهم \U0001f468\u200d\U0001f469\n").ok


BOMBS = {
    "parentheses": "(" * 100_000,
    "parentheses in bounds": "(" * 1_900,
    "brackets": "\n".join("[" * 1_000 for _ in range(50)),
    "minus signs": "x = " + "-" * 1_900 + "1",
    "minus signs over lines": "x = " + ("-" * 1_900 + "\\\n") * 30 + "1",
    "attributes over lines": "x = (y" + (".a" * 900 + "\n") * 30 + ")",
    "lambdas over lines": "x = (" + ("lambda:" * 250 + "\n") * 30 + "1)",
    "not": "x = " + "not " * 400 + "1",
    "powers": "x = " + "2**" * 600 + "2",
    "sum": "x = " + "+".join("1" * 900),
    "attributes": "x = y" + ".a" * 900,
    "calls": "x = y" + "()" * 900,
    "subscripts": "x = y" + "[0]" * 600,
    "lambdas": "x = " + "lambda:" * 270 + "0",
    "conditionals": "x = " + "1 if 1 else " * 150 + "1",
    "indentation": "\n".join(" " * n + "if 1:" for n in range(200)),
    "elif": "if 1: pass\n" + "elif 1: pass\n" * 1_900,
    "huge number": "x = " + "9" * 1_900,
    "long hexadecimal": "x = 0x" + "f" * 1_900,
    "huge exponent": "x = 1e" + "9" * 1_900,
    "f-strings": "x = " + "f'{" * 400,
    "nested f-strings": "x = " + "f'{" * 3 + "1" + "}'" * 3,
    "open text": 'x = """' + "a\n" * 1_900,
    "backslashes": "x = 1 + \\\n" * 1_900 + "1",
    "many statements": "\n".join("x=1;" * 400 for _ in range(12)),
    "many names": "\n".join(",".join("a" for _ in range(900)) for _ in range(14)),
    "many texts": "\n".join("''" * 900 for _ in range(30)),
    "decorators": "@x\n" * 1_900 + "def f(): pass",
    "stars": "f(" + "*" * 1_800 + "x)",
    "comprehensions": "x = [" + "[1 for a in b] for c in " * 70 + "d]",
    "matches": "match x:\n case " + "[" * 1_900,
    "escape": "x = '\\N{" + "A" * 1_900 + "}'",
    "colons": ":" * 2_000,
    "nothing": "",
    "spaces": " " * 2_000,
    "tabs and spaces": "if 1:\n\tx = 1\n        y = 2",
}


@pytest.mark.parametrize("name", BOMBS)
def test_parser_bomb_is_refused_and_never_raises(name: str) -> None:
    report = check(BOMBS[name])
    assert not report.ok
    assert all(one.line >= 1 and one.column >= 1 and len(one.message) < 400 for one in report.diagnostics)


def test_nesting_counts_levels_not_length() -> None:
    assert check(GOOD + "x = " + "-" * 50 + "1").ok
    assert only(GOOD + "x = " + "-" * 70 + "1").code == "syntax.too_deep"


def test_many_parts_are_refused() -> None:
    assert only(GOOD + ("y = [" + "1," * 990 + "]\n") * 13).code == "syntax.too_large"


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("```python\n" + GOOD + "```", "```"),
        ("def generate_signals(df):\nreturn 1", "column"),
        ("x = (1,\n" + GOOD, "bracket"),
        ("x = 'a\n" + GOOD, "quotation"),
        ("x = \u201ca\u201d\n" + GOOD, "plain quotation"),
        ("print 1\n" + GOOD, "brackets"),
    ],
)
def test_syntax_error_of_a_model_carries_a_hint(source: str, part: str) -> None:
    hint = only(source).hint
    assert hint
    assert part in hint


def test_what_is_not_text_is_refused() -> None:
    assert only(None).code == "source.not_text"  # type: ignore[arg-type]


def test_column_counts_characters_not_bytes() -> None:
    found = only(GOOD + "x = 'äöü' + öpen")
    assert (found.column, found.end_column) == (13, 17)
