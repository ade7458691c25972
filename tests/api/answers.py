"""What the backtest service answers, in its own words: the real answer of a made-up summary, and the end of a job with its result file."""

import hashlib
import json
from pathlib import Path
from typing import Any

from libs.common.commands import Command, RunBacktest, SetVerdict
from libs.common.events import CommandDone, JobDone, JobFailed, JobStarted
from libs.common.values import Verdict
from services.backtest import told
from services.backtest.core.job import Summary
from tests.api.world import done
from tests.support.build import START, hour

METRICS = {
    "total_return": 0.21,
    "max_drawdown": -0.04,
    "closed_trades": 40,
    "win_rate": 0.6,
    "average_trade": 0.005,
    "sharpe": 1.5,
    "calmar": None,
}


def summary(command: RunBacktest, **changes: Any) -> Summary:
    fields = {
        "backtest_id": "b1",
        "strategy_id": None,
        "family_id": "f1",
        "name": "dip",
        "kind": "python.signals",
        "code_hash": "c1",
        "signal_hash": "s",
        "data_hash": "d",
        "symbols": (command.symbol or "BTCUSDT",),
        "timeframe": command.timeframe or "1h",
        "window_start": command.start or START,
        "window_end": command.end or hour(100),
        "bars": 100,
        "initial_capital": 10_000.0,
        "final_equity": 12_100.0,
        "metrics": METRICS,
        "verdict": Verdict.GOOD,
        "deciding_rule": "return >= 15 %",
        "gate": (),
        "report_key": "0" * 64,
        "simulated": True,
        "preview": (0, 1, 0, 0, -1, 0, 0, 0, 0, 0),
        **changes,
    }
    return Summary(**fields)


def judged(
    command: Command, known: bool = False, verdict_set: dict[str, Any] | None = None, **changes: Any
) -> CommandDone:
    assert isinstance(command, RunBacktest)
    words = told.answer(summary(command, **changes), verdict_set, known=known)
    return done(command, words["backtest_id"], **words)


def overruled(command: Command) -> CommandDone:
    assert isinstance(command, SetVerdict)
    words = {name: getattr(command, name) for name in ("code_hash", "reason")}
    return done(command, "b1", backtest_id="b1", verdict=command.verdict.value, computed="poor", set_by="", **words)


def stored(root: Path, document: dict[str, Any]) -> str:
    """Write a report or a result where the gateway looks for it; returns its key."""
    raw = json.dumps(document).encode()
    key = hashlib.sha256(raw).hexdigest()
    (root / key[:2]).mkdir(parents=True, exist_ok=True)
    (root / key[:2] / f"{key}.json").write_bytes(raw)
    return key


_JOB = {"job_id": "j1", "mode": "screen", "shards": 1}


def started() -> JobStarted:
    return JobStarted.first(key="j1", at=START, **_JOB)


def ended(key: str) -> JobDone:
    return JobDone.first(key="j1 done", at=START, **_JOB, result_key=key)


def broken(code: str, pointer: str | None = None) -> JobFailed:
    return JobFailed.first(
        key="j1 failed", at=START, **_JOB, code=code, detail="it cannot be", pointer=pointer, hint="do not"
    )
