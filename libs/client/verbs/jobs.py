"""jobs: the heavy work there is, where one stands, its result, and its end."""

from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, Limit, client_of
from libs.common.errors import BadInputError

_COLUMNS = ("id", "mode", "state", "done", "name", "at", "symbols_total", "universe")
_FACTS = (
    "mode",
    "state",
    "name",
    "text",
    "engine",
    "strategy_id",
    "universe",
    "symbols_total",
    "shards",
    "at",
    "code",
    "detail",
    "hint",
)


def jobs(
    job_id: Annotated[str | None, typer.Argument(help="Show this one.")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop it at its next piece.")] = False,
    result: Annotated[bool, typer.Option("--result", help="Its result: of a sentence to read, else as JSON.")] = False,
    limit: Limit = 20,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """List jobs: screens, sweeps, backtests of many symbols, sentences on their way to a strategy; show one, or stop it."""
    if job_id is None and (cancel or result):
        raise BadInputError("which job?", code="input.option", pointer="JOB_ID")
    with client_of(folder) as client:
        if job_id is None:
            found = list(client.items("/jobs", limit))
            _list(found, json)
        elif cancel:
            body = client.cancel(job_id)
            render.as_json(body) if json else render.line(f"cancelled: {job_id}")
        elif result:
            _result(client.get(f"/jobs/{job_id}/result"), json)
        else:
            body = client.get(f"/jobs/{job_id}")
            render.as_json(body) if json else _show(body)


def _list(found: list[dict[str, Any]], json: bool) -> None:
    if json:
        render.as_json({"items": found})
        return
    render.table(_COLUMNS, [[_done(one) if name == "done" else one.get(name) for name in _COLUMNS] for one in found])


def _show(job: dict[str, Any]) -> None:
    pairs = [
        (name, job[name])
        for name in _FACTS
        if job.get(name) is not None and (name != "name" or job[name] != job.get("text"))
    ]
    if job["state"] == "running":
        pairs.append(("progress", _done(job)))
    pairs += [(name, value) for name, value in job.get("summary", {}).items() if not isinstance(value, list | dict)]
    pairs += [("attempt", _attempt(one, job.get("variants") or 1)) for one in job.get("attempts", [])]
    pairs += [("strategy", _strategy(one)) for one in _made(job)]
    render.facts(pairs, f"job {job['id']}")


def _result(body: dict[str, Any], json: bool) -> None:
    if json or "in_words" not in body:
        render.as_json(body)
        return
    from libs.client.verbs.generated import show  # noqa: PLC0415 - --help must not pay for it

    show(body, metrics=True)


def _made(job: dict[str, Any]) -> list[dict[str, Any]]:
    return job["strategies"] if job["mode"] == "generate" and job["state"] == "done" else []


def _attempt(one: dict[str, Any], variants: int) -> str:
    from libs.client.verbs.generating import line_of  # noqa: PLC0415 - the client's library costs 90 ms

    return line_of(one, variants)


def _strategy(one: dict[str, Any]) -> str:
    from libs.client.verbs.worth import spell  # noqa: PLC0415 - --help must not pay for it

    if one["verdict"] is None:
        return f"{one['strategy_id']} without a verdict: {one['detail']}"
    return f"{one['strategy_id']} {spell(one['verdict'], one.get('deciding_rule') or one['detail'])}"


def _done(job: dict[str, Any]) -> str | None:
    said = job.get("progress")
    if not said:
        return None
    total = f" of {said['total']}" if said["total"] is not None else ""
    rate = f", {said['rate']:.0f}/s" if said["rate"] is not None else ""
    return f"{said['done']}{total} {said['phase']}{rate}"
