"""Heavy work started and waited for, with a bar for a person at a terminal. Ctrl-C leaves the job running and says its id."""

import sys
import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from libs.client import render
from libs.client.client import Client
from libs.client.errors import RefusedByGatewayError

RUNNING = "running"
_LOOK_S = 0.5


def result_of(
    client: Client, path: str, wish: dict[str, Any], command: str, text: str, folder: Path | None
) -> dict[str, Any]:
    """Return the result of what `wish` asks for at `path`, however long it takes.

    command: the class of the command it becomes; text: what the bar is called. Raises RefusedByGatewayError with the reason of a job
    that failed.
    """
    key = uuid.uuid4().hex
    given = {name: value for name, value in wish.items() if value not in (None, [], {})}
    with _bar(command, key, text, folder):
        job = client.start(path, given, key)
        try:
            while job["state"] == RUNNING:
                time.sleep(_LOOK_S)
                job = client.get(f"/jobs/{job['id']}")
        except KeyboardInterrupt:
            render.line(f"the job goes on: sentinel jobs {job['id']}")
            raise
    if job["state"] != "done":
        raise RefusedByGatewayError(job["detail"], code=job["code"], pointer=job["pointer"], hint=job["hint"])
    found = job["result"]
    return dict(found) if isinstance(found, dict) else client.get(f"/jobs/{job['id']}/result")


def _bar(command: str, key: str, text: str, folder: Path | None) -> AbstractContextManager[None]:
    if not sys.stderr.isatty():
        return nullcontext()
    from libs.client.verbs.following import following, job_of  # noqa: PLC0415 - the bus library costs 160 ms

    return following(folder, "backtest", job_of(command, key), text)
