"""Sources of the worst shape for the checker, which runs in services, in their own memory: it has to stay quick and small."""

import ast
import time
from collections.abc import Callable

import pytest

from libs.strategy.check import check
from libs.strategy.check.source import MAX_BYTES
from libs.strategy.check.weight import MAX_WEIGHT

ANSWER = "\ndef generate_signals(df):\n    return [0] * len(df)\n"
PATIENCE_S = 2.0
"""Far above what these take (0.3 s), far below what they took (10 s and more)."""


def finally_in_finally(levels: int, body: int = 1) -> str:
    opened = (" " * level + "try:\n" + " " * level + " x = 1\n" + " " * level + "finally:\n" for level in range(levels))
    return "x = 0\n" + "".join(opened) + (" " * levels + "x = x + 1\n") * body


def returns_through_finally(returns: int, body: int) -> str:
    return "def f(x):\n try:\n" + "  if x: return 1\n" * returns + " finally:\n" + "  x = x + 1\n" * body


def with_in_with(levels: int, returns: int) -> str:
    opened = "".join(" " * level + "with x:\n" for level in range(1, levels + 1))
    return "def f(x):\n" + opened + (" " * (levels + 1) + "if x: return 1\n") * returns


def names_alike(length: int, bound: int, unknown: int = 110) -> str:
    base = ("abcdefghijklmnopqrstuvwxyz" * 3)[: length - 4]
    names = [f"{base}{number:04d} = 1" for number in range(bound)] + [
        f"{base}x{number:03d}" for number in range(unknown)
    ]
    each = 1_900 // (length + 6)
    return "".join(";".join(names[start : start + each]) + "\n" for start in range(0, len(names), each))


@pytest.mark.parametrize(
    "source",
    [
        finally_in_finally(14, 100),
        finally_in_finally(19),
        returns_through_finally(900, 900),
        with_in_with(18, 900),
    ],
    ids=["nested, large", "nested, deep", "many ways out", "many managers"],
)
def test_code_that_the_compiler_copies_without_end_is_refused_before_it_is_compiled(source: str) -> None:
    started = time.process_time()
    report = check(source + ANSWER)
    assert [each.code for each in report.diagnostics] == ["syntax.too_large"]
    assert report.diagnostics[0].line > 1
    assert time.process_time() - started < PATIENCE_S


@pytest.mark.parametrize(
    "source",
    [
        finally_in_finally(3, 20),
        returns_through_finally(10, 10),
        with_in_with(3, 20),
        "def f(x):\n for y in x:\n  try:\n   if y: continue\n   if x: break\n  except ValueError as e:\n   return e\n  finally:\n   x = 1\n",
    ],
    ids=["nested", "ways out", "managers", "loop"],
)
def test_ordinary_clean_up_code_is_accepted(source: str) -> None:
    assert check(source + ANSWER).ok


@pytest.mark.parametrize(("length", "bound"), [(8, 2_900), (20, 2_100), (60, 750)])
def test_hundreds_of_names_that_look_alike_are_told_quickly(length: int, bound: int) -> None:
    source = names_alike(length, bound)
    assert len(source) < MAX_BYTES
    started = time.process_time()
    report = check(source + ANSWER)
    assert "name.unknown" in {each.code for each in report.diagnostics}
    assert time.process_time() - started < PATIENCE_S


@pytest.mark.parametrize(
    "make", [finally_in_finally, lambda n: returns_through_finally(4 * n, 10)], ids=["nested", "out"]
)
def test_weight_follows_what_the_compiler_makes(make: Callable[[int], str]) -> None:
    def instructions(source: str) -> int:
        codes = [compile(ast.parse(source), "x", "exec")]
        for code in codes:
            codes += [one for one in code.co_consts if hasattr(one, "co_code")]
        return sum(len(code.co_code) for code in codes)

    largest = max(source for level in range(1, 15) if check((source := make(level)) + ANSWER).ok)
    assert instructions(largest) < 40 * MAX_WEIGHT
