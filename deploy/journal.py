"""One log for all children: readable lines on the terminal (INFO and up), every line as JSON in a rotating file.

Decides how a child's line is read: ours are JSON objects, nats-server has its own form, anything else is plain text.
"""

import json
import logging
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

FILE_BYTES = 10_000_000
FILES_KEPT = 5
LONGEST_TEAR = 2 << 20
"""More than a line can have: those of children are cut at 1 MiB."""

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_NATS_LINE = re.compile(r"\[\d+\] \S+ \S+ \[(?P<level>[A-Z]{3})\] ?(?P<text>.*)")
_NATS_LEVELS = {"DBG": "DEBUG", "TRC": "DEBUG", "INF": "INFO", "WRN": "WARNING", "ERR": "ERROR", "FTL": "CRITICAL"}
_HIDDEN = {"service", "ts", "level", "logger", "msg", "event_id", "caused_by", "root_id", "error"}
_HUES = (36, 32, 35, 34, 33, 96, 92, 95)
_NAME_WIDTH = 12


class Journal:
    """Where the lines of all children go."""

    def __init__(self, path: Path, terminal: TextIO | None = None, *, colour: bool = False):
        """Open the file; `terminal` None shows nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _LogFile(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT - 1, encoding="utf-8", delay=True)
        with suppress(OSError):
            path.touch()
        self._file.setFormatter(logging.Formatter("%(message)s"))
        self._terminal = terminal
        self._colour = colour
        self._hues: dict[str, int] = {}
        self.last: dict[str, str] = {}
        """The last warning or error of each child, for the message that says why it does not start."""

    def take(self, service: str, line: str) -> None:
        """Keep a line a child wrote."""
        entry = {"service": service} | read_line(line)
        self._write(entry)

    def note(self, message: str, level: str = "INFO", **extra: Any) -> None:
        """Keep a line of the launcher's own."""
        self._write({"service": "launcher", "ts": _now(), "level": level, "msg": message} | extra)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, entry: dict[str, Any]) -> None:
        level = _LEVELS.get(str(entry.get("level")), 20)
        if level >= _LEVELS["WARNING"]:
            self.last[entry["service"]] = str(entry.get("msg", ""))
        self._file.emit(logging.makeLogRecord({"msg": json.dumps(entry, ensure_ascii=False, default=str)}))
        floor = _LEVELS["WARNING"] if entry["service"] == "nats" else _LEVELS["INFO"]
        if self._terminal is not None and level >= floor:
            print(self._shown(entry), file=self._terminal, flush=True)

    def _shown(self, entry: dict[str, Any]) -> str:
        service = str(entry["service"])
        moment = str(entry.get("ts", ""))[11:19]
        text = str(entry.get("msg", ""))
        extra = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _HIDDEN)
        level = str(entry.get("level", "INFO"))
        mark = "" if level in ("DEBUG", "INFO") else f"{level.lower()}: "
        body = f"{mark}{text}{'  ' + extra if extra else ''}"
        if entry.get("error"):
            body += "\n" + str(entry["error"]).rstrip()
        name = f"{service:<{_NAME_WIDTH}}"
        if not self._colour:
            return f"{moment} {name} | {body}"
        hue = self._hues.setdefault(service, _HUES[len(self._hues) % len(_HUES)])
        body = f"\033[{31 if level in ('ERROR', 'CRITICAL') else 33}m{body}\033[0m" if mark else body
        return f"\033[2m{moment}\033[0m \033[{hue}m{name}\033[0m | {body}"


class _LogFile(RotatingFileHandler):
    """Loses lines on a full disk instead of printing a traceback for each, and says how many once there is room again."""

    _lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        before = self._lost
        super().emit(record)
        if before and self._lost == before:
            self._lost = 0
            told = {
                "service": "launcher",
                "ts": _now(),
                "level": "WARNING",
                "msg": f"{before} lines of this log are lost: the disk was full",
            }
            super().emit(logging.makeLogRecord({"msg": json.dumps(told)}))

    def handleError(self, record: logging.LogRecord) -> None:
        self._lost += 1
        stream, self.stream = self.stream, None  # None is how the base class says: open it again
        with suppress(OSError):
            if stream is not None:
                stream.close()
        with suppress(OSError):
            _cut_torn_line(Path(self.baseFilename))

    def close(self) -> None:
        with suppress(OSError):
            super().close()


class Relay(logging.Handler):
    """Sends the log records of the launcher's own process to a journal."""

    def __init__(self, journal: Journal):
        """Keep where to."""
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record, the link's ups and downs for the file only."""
        self._journal.note(record.getMessage(), "ERROR" if record.levelno >= logging.ERROR else "DEBUG")


def _cut_torn_line(path: Path) -> None:
    with path.open("r+b") as file:
        begin = max(0, file.seek(0, os.SEEK_END) - LONGEST_TEAR)
        file.seek(begin)
        file.truncate(begin + file.read().rfind(b"\n") + 1)


def read_line(line: str) -> dict[str, Any]:
    """Return a child's line as ts, level, msg and what else it says."""
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    nats = _NATS_LINE.fullmatch(line)
    if nats:
        return {"ts": _now(), "level": _NATS_LEVELS.get(nats["level"], "INFO"), "msg": nats["text"]}
    return {"ts": _now(), "level": "INFO", "msg": line}


def open_journal(data_dir: Path, *, quiet: bool = False) -> Journal:
    """Open `sentinel.log` of a data directory, showing lines on standard error unless `quiet`."""
    terminal = None if quiet else sys.stderr
    colour = terminal is not None and terminal.isatty()
    return Journal(data_dir / "sentinel.log", terminal, colour=colour)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
