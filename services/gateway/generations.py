"""What became of a sentence: the attempts at it, and its strategies with their code and verdict, put together from facts.

Decides how a generation looks as a job and as a result. Who writes code, and how good it is, others decide.
"""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.events import AttemptMade, GenerationStarted
from services.gateway.queries import Body
from services.gateway.strategies import find_strategy
from services.gateway.tables import FACTS

_ASKED = ("engine", "variants", "symbols_total", "universe", "timeframe", "asked_by")
_OF_ATTEMPT = (
    "variant",
    "number",
    "engine",
    "model",
    "prompt_hash",
    "step",
    "strategy_id",
    "code",
    "rationale",
    "citations",
    "findings",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "estimated",
    "at",
)
_OF_STRATEGY = ("kind", "code", "code_hash", "parameters", "symbols", "timeframe", "in_words", "status", "self")
_OF_VERDICT = (
    "deciding_rule",
    "metrics",
    "gate",
    "reasons",
    "closed_trades",
    "window_start",
    "window_end",
    "simulated",
)
_OF_RESULT = ("job_id", "text", "in_words", "assumptions", "citations", "warnings", "symbols", "cost_usd")


async def of_job(connection: AsyncConnection, job_id: str, kind: str) -> list[Body]:
    """Return the facts of one kind about a generation, in order of arrival."""
    query = select(FACTS.c.body).where(FACTS.c.ref == job_id, FACTS.c.kind == kind).order_by(FACTS.c.seq)
    return [json.loads(text) for text in (await connection.scalars(query)).all()]


async def attempts(connection: AsyncConnection, job_id: str) -> list[Body]:
    """Return the attempts of a generation by variant and number, with their code and what was found wrong with it."""
    found = await of_job(connection, job_id, AttemptMade.__name__)
    found.sort(key=lambda one: (one["variant"], one["number"]))
    return [{name: one.get(name) for name in _OF_ATTEMPT} for one in found]


async def as_job(connection: AsyncConnection, job: Body) -> Body:
    """Return a generation with what was asked for and its attempts; those have their code where the job made no strategy of it."""
    asked = await of_job(connection, job["job_id"], GenerationStarted.__name__)
    known = {name: asked[0].get(name) for name in _ASKED} if asked else {}
    tried = await attempts(connection, job["job_id"])
    if job["state"] in ("running", "done"):
        tried = [{name: value for name, value in one.items() if name != "code"} for one in tried]
    return {**known, **job, "attempts": tried}


async def result(connection: AsyncConnection, job: Body) -> tuple[Body, bool]:
    """Return the result of a generation that is done, its strategies best first, and whether all facts it names are here yet."""
    tried = await attempts(connection, job["job_id"])
    made = [await _made(connection, one) for one in job["strategies"]]
    shown = {name: job.get(name) for name in _OF_RESULT}
    is_whole = all(map(_is_whole, made)) and len(tried) >= sum(one["attempts"] for one in job["strategies"])
    return {**shown, "strategies": made, "attempts": tried}, is_whole


async def _made(connection: AsyncConnection, generated: Body) -> Body:
    strategy: dict[str, Any] = await find_strategy(connection, generated["strategy_id"]) or {}
    judged = strategy.get("judged") or {}
    return {
        "id": generated["strategy_id"],
        **{name: generated.get(name) for name in ("variant", "attempts", "engine", "model", "name", "verdict")},
        **{name: judged.get(name) for name in _OF_VERDICT},
        **{name: generated.get(name) for name in ("strategy_id", "backtest_id", "duplicate", "detail")},
        **{name: strategy.get(name) for name in _OF_STRATEGY},
    }


def _is_whole(made: Body) -> bool:
    return made["kind"] is not None and (made["verdict"] is None or made["deciding_rule"] is not None)
