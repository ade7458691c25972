"""How answers look on a terminal: what may be cut, what never is, and what a narrow one leaves out."""

import io
import re
import sys
from collections.abc import Callable

import pytest

from libs.client import render
from libs.common.errors import BadInputError

JOB = "49b736eb-9816-569c-bfd7-377d1d9bb0ef"


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Terminal]:
    def look(columns: int) -> Terminal:
        made = Terminal()
        monkeypatch.setattr(sys, "stdout", made)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        return made

    return look


def lines(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue()).splitlines()]


def test_table_that_is_too_wide_keeps_ids_whole_and_says_what_it_left_out(looking: Callable[[int], Terminal]) -> None:
    terminal = looking(80)
    columns = ("id", "state", "universe", "name", "at", "symbols_total")
    render.table(columns, [[JOB, "done", None, "buy " * 20, "2026-11-21T19:23:02.123456Z", 423]])
    shown = lines(terminal)
    assert shown[0].split() == ["id", "state", "name"]
    assert shown[1].startswith(f"{JOB}  done   buy buy")
    assert shown[-1] == "too narrow for: at, symbols_total"


def test_table_that_fits_keeps_empty_columns_and_whole_seconds(looking: Callable[[int], Terminal]) -> None:
    terminal = looking(80)
    render.table(("id", "universe", "at"), [["x", None, "2026-11-21T19:23:02.123456Z"]])
    assert lines(terminal)[0].split() == ["id", "universe", "at"]
    assert lines(terminal)[1].split() == ["x", "-", "2026-11-21T19:23:02Z"]


def test_long_list_in_a_table_is_counted(looking: Callable[[int], Terminal]) -> None:
    terminal = looking(80)
    render.table(("symbols",), [[["A", "B", "C", "D", "E", "F"]]])
    assert lines(terminal)[1] == "A, B and 4 more"


def test_command_is_never_broken_by_a_narrow_terminal(looking: Callable[[int], Terminal]) -> None:
    terminal = looking(30)
    command = "sentinel promote xbpetfnnjjqd --stage alert"
    render.rows([(command, "tells when it fires")], commands=True)
    assert lines(terminal) == [command, "  tells when it fires"]


def test_words_are_broken_between_words_and_carry_no_control_characters(looking: Callable[[int], Terminal]) -> None:
    terminal = looking(20)
    render.prose("Buys when\x1b[31m the RSI is below 30.")
    assert lines(terminal) == ["Buys when [31m the", "RSI is below 30."]


def test_rows_in_a_pipe_are_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    render.rows([("verdict", "good")])
    render.heading("worth", "of it")
    assert capsys.readouterr().out == "verdict\tgood\n# worth\n# of it\n"


def test_problem_tells_a_terminal_nothing_but_words(capsys: pytest.CaptureFixture[str]) -> None:
    render.problem(BadInputError("a\x1b[2Jb", code="x\r", pointer="/\x07", hint="c\u202ed"))
    assert capsys.readouterr().err == "sentinel: a [2Jb (at / ) [x ]\n  hint: c d\n"
