"""Heavy work started and waited for, with a bar for a person at a terminal. Ctrl-C leaves the job running and says its id."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from libs.client import work
from libs.client.client import Client


def result_of(
    client: Client, path: str, wish: dict[str, Any], command: str, text: str, folder: Path | None
) -> dict[str, Any]:
    """Return the result of what `wish` asks for at `path`, however long it takes.

    command: the class of the command it becomes; text: what the bar is called. Raises RefusedByGatewayError with the reason of a job
    that failed.
    """
    key = work.key()
    given = {name: value for name, value in wish.items() if value not in (None, [], {})}
    service = "strategy_gen" if command == "IndexKnowledge" else "backtest"
    with _bar(service, command, key, text, folder):
        job = client.start(path, given, key)
        try:
            job = work.ended(client, job)
        except KeyboardInterrupt:
            sys.stderr.write(f"it goes on: `sentinel jobs {job['id']}` shows it, with --cancel it is stopped\n")
            raise
    return work.result_of(client, job)


def _bar(service: str, command: str, key: str, text: str, folder: Path | None) -> AbstractContextManager[None]:
    if not sys.stderr.isatty():
        return nullcontext()
    from libs.client.verbs.following import following, job_of  # noqa: PLC0415 - the bus library costs 160 ms

    return following(folder, service, job_of(command, key), text)
