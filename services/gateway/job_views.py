"""Folds what is told of jobs: where each stands, whoever does it. Its end counts whether it comes before or after its start."""

import json
from datetime import datetime

from libs.common.bus.table import Tx
from libs.common.events import (
    GenerationDone,
    GenerationFailed,
    GenerationStarted,
    JobDone,
    JobFailed,
    JobStarted,
    KnowledgeIndexed,
)
from services.gateway.merging import merge
from services.gateway.tables import LATEST

JOB = "Job"
"""The kind under which the newest fact about each job is kept."""

GENERATE = "generate"
INDEX = "index"
"""The modes of the jobs that strategy_gen does."""

_COLUMNS = ("kind", "name", "at", "body")
_KEYS = ("kind", "name")
_SAVE_FIRST = merge(LATEST, _COLUMNS, _KEYS)
_SAVE_LATEST = merge(LATEST, _COLUMNS, _KEYS, "excluded.at >= latest.at")
_SAVE_END = merge(LATEST, _COLUMNS, _KEYS, "TRUE")


def fold_job(tx: Tx, event: JobStarted | JobDone | JobFailed) -> None:
    """Keep where a job stands; its end counts whether it comes before or after its start."""
    state = "running"
    if not isinstance(event, JobStarted):
        state = "done" if isinstance(event, JobDone) else "cancelled" if event.cancelled else "failed"
    body = json.dumps({**event.model_dump(mode="json"), "state": state})
    save = _SAVE_FIRST if state == "running" else _SAVE_LATEST
    tx.later(save, kind=JOB, name=event.job_id, at=event.at, body=body)


def fold_generation(tx: Tx, event: GenerationStarted | GenerationDone | GenerationFailed) -> None:
    """Keep where a generation stands, as the job it is; a list shows its sentence where it has no name."""
    state = "running"
    if not isinstance(event, GenerationStarted):
        state = "done" if isinstance(event, GenerationDone) else "cancelled" if event.cancelled else "failed"
    told = event.model_dump(mode="json")
    name = told.get("name") or event.text[:120]
    save = _SAVE_FIRST if state == "running" else _SAVE_LATEST
    if isinstance(event, GenerationDone):
        told["symbols_total"] = len(event.symbols)
    body = json.dumps({**told, "name": name, "mode": GENERATE, "state": state})
    tx.later(save, kind=JOB, name=event.job_id, at=event.at, body=body)


async def keep_asked(tx: Tx, job_id: str, at: datetime) -> None:
    """Keep that the knowledge folders are being read: no fact says so before they have been."""
    body = json.dumps({"job_id": job_id, "at": _utc(at), "name": "", "mode": INDEX, "state": "running"})
    tx.later(_SAVE_FIRST, kind=JOB, name=job_id, at=at, body=body)


def fold_index(tx: Tx, event: KnowledgeIndexed) -> None:
    """Keep that the knowledge folders have been read, or why they cannot be."""
    state = "done" if event.code is None else "failed"
    told = event.model_dump(mode="json")
    body = json.dumps({**told, "pointer": None, "name": "", "mode": INDEX, "state": state})
    tx.later(_SAVE_END, kind=JOB, name=event.job_id, at=event.at, body=body)


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
