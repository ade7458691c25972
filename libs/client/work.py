"""Heavy work that the gateway does as a job: waited for, however long it takes."""

import time
import uuid
from typing import Any

from libs.client.client import Body, Client
from libs.client.errors import RefusedByGatewayError

RUNNING = "running"
LOOK_S = 0.5


def key() -> str:
    """Return an Idempotency-Key that nobody has used."""
    return uuid.uuid4().hex


def run(client: Client, path: str, wish: Body) -> dict[str, Any]:
    """Start what `wish` asks for at `path` and return its result; fields that are None or empty are left out. Raises as `result_of`."""
    given = {name: value for name, value in wish.items() if value not in (None, [], {})}
    return result_of(client, ended(client, client.start(path, given, key())))


def ended(client: Client, job: Body) -> Body:
    """Return a job once it has ended."""
    while job["state"] == RUNNING:
        time.sleep(LOOK_S)
        job = client.get(f"/jobs/{job['id']}")
    return job


def result_of(client: Client, job: Body) -> dict[str, Any]:
    """Return the result of a job that has ended; raises RefusedByGatewayError with the reason of one that failed."""
    if job["state"] != "done":
        words = {name: job.get(name) for name in ("code", "pointer", "hint")}
        raise RefusedByGatewayError(job["detail"], **words, diagnostics=job.get("findings") or ())
    found = job["result"]
    return dict(found) if isinstance(found, dict) else client.get(f"/jobs/{job['id']}/result")
