"""How children's lines are read and shown."""

import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.journal import Journal, read_line


def test_json_line_shown_humanly_and_kept_whole(tmp_path: Path) -> None:
    terminal = io.StringIO()
    journal = Journal(tmp_path / "sentinel.log", terminal)
    line = {"ts": "2024-01-02T03:04:05.678+00:00", "level": "WARNING", "logger": "sentinel.x", "msg": "late", "lag": 7}
    journal.take("agents", json.dumps(line))
    journal.close()
    assert terminal.getvalue() == "03:04:05 agents       | warning: late  lag=7\n"
    assert json.loads((tmp_path / "sentinel.log").read_text()) == {"service": "agents"} | line
    assert journal.last == {"agents": "late"}


def test_debug_line_stays_off_the_terminal_but_reaches_the_file(tmp_path: Path) -> None:
    terminal = io.StringIO()
    journal = Journal(tmp_path / "sentinel.log", terminal)
    journal.take("ingest", '{"level": "DEBUG", "msg": "tick"}')
    journal.close()
    assert terminal.getvalue() == ""
    assert "tick" in (tmp_path / "sentinel.log").read_text()


def test_bus_chatter_stays_off_the_terminal_and_its_warnings_do_not(tmp_path: Path) -> None:
    terminal = io.StringIO()
    journal = Journal(tmp_path / "sentinel.log", terminal)
    journal.take("nats", "[8] 2026/01/02 03:04:05.000000 [INF] Server is ready")
    journal.take("nats", "[8] 2026/01/02 03:04:05.000000 [WRN] slow consumer")
    journal.close()
    assert [line.split("| ")[1] for line in terminal.getvalue().splitlines()] == ["warning: slow consumer"]


def test_plain_text_and_broken_json_are_read_as_text() -> None:
    assert read_line("Traceback (most recent call last):")["msg"] == "Traceback (most recent call last):"
    assert read_line('{"half": ')["msg"] == '{"half": '


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes: writing then fails as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_full_disk_loses_whole_lines_and_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path / "sentinel.log")
    journal.note("before")
    with files_end_at((tmp_path / "sentinel.log").stat().st_size + 20):
        journal.note("one")
        journal.note("two", "WARNING")
    assert journal.last == {"launcher": "two"}
    journal.note("after")
    journal.close()
    lines = [json.loads(line) for line in (tmp_path / "sentinel.log").read_text().splitlines()]
    assert [line["msg"] for line in lines] == ["before", "after", "2 lines of this log are lost: the disk was full"]
    assert capsys.readouterr().err == ""
