"""A backtest's report file: found by its hash, checked against it, read whole. The summary is in the read model; the series are here.

Decides how parts of a report look in `/api/v1`: times as UTC text, and as epoch seconds in series.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from libs.common.errors import NotFoundError, StoreUnavailableError
from libs.common.values import from_epoch_ms
from libs.report.page import page

_WORDS = {"action": {1: "buy", -1: "sell", 0: "hold"}, "position": {1: "long", -1: "short", 0: "flat"}}

_KEY = re.compile(r"[0-9a-f]{64}")


def read_report(root: Path, key: str) -> bytes:
    """Return the report as stored.

    key: SHA-256 of its bytes. Raises NotFoundError for no such report, StoreUnavailableError for one that cannot be read or
    was changed on the disk.
    """
    if not _KEY.fullmatch(key):
        raise NotFoundError("the report's key is not a hash", hint="run the backtest again")
    try:
        raw = (root / key[:2] / f"{key}.json").read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            "the report of this backtest is not stored any more", hint="run the backtest again"
        ) from None
    except OSError as error:
        raise StoreUnavailableError(f"the report cannot be read: {error.strerror}") from error
    if hashlib.sha256(raw).hexdigest() != key:
        raise StoreUnavailableError("the report was changed on the disk", hint="run the backtest again with force")
    return raw


def parse_report(root: Path, key: str) -> dict[str, Any]:
    """Return the report as a tree; raises as read_report."""
    report: dict[str, Any] = json.loads(read_report(root, key))
    return report


def trade_log(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the trades of a report in order, times as UTC text, numbered from 0."""
    return [
        {**trade, "number": number, "entry_time": utc(trade["entry_time"]), "exit_time": utc(trade["exit_time"])}
        for number, trade in enumerate(report["trades"])
    ]


def html_page(root: Path, key: str) -> bytes:
    """Return the report as one page; raises as read_report, and BadReportError for one that this version cannot show."""
    return page(parse_report(root, key))


def signal_log(report: dict[str, Any], symbol: str | None = None) -> list[dict[str, Any]]:
    """Return each change of a signal, oldest first, of every symbol or one: it holds from its bar until the next one listed.

    signal is -1, 0 or 1; action says what that means in the run's signal mode.
    """
    words = _WORDS[report["metadata"].get("signal_mode") or "action"]
    chosen = {name: one for name, one in report["signals"].items() if symbol in (None, name)}
    changes = sorted(
        (at, name, value) for name, one in chosen.items() for at, value in zip(one["from"], one["action"], strict=True)
    )
    return [
        {"number": number, "symbol": name, "from": utc(at), "signal": value, "action": words[value]}
        for number, (at, name, value) in enumerate(changes)
    ]


def checks(report: dict[str, Any]) -> dict[str, Any]:
    """Return why the verdict is what it is, what the evidence is, and which stages are open and why not the others."""
    verdict = report["verdict"]
    return {
        "verdict": verdict["verdict"],
        "deciding_rule": verdict["deciding_rule"],
        "checks": verdict["checks"],
        "gate": verdict["gate"],
        "reasons": verdict.get("reasons", []),
        "evidence": report.get("evidence"),
    }


def utc(milliseconds: int | None) -> str | None:
    """Return an epoch time as RFC 3339 text with Z."""
    return None if milliseconds is None else from_epoch_ms(milliseconds).isoformat().replace("+00:00", "Z")
