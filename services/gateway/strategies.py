"""Strategies as the read model knows them: one row joined with the newest fact of each step of their life."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.values import to_epoch_ms
from services.gateway.paging import decode, encode, moment
from services.gateway.queries import Body
from services.gateway.shapes import API
from services.gateway.tables import FACTS, STRATEGIES

_PROPOSED, _JUDGED, _PROMOTED = FACTS.alias("proposed"), FACTS.alias("judged"), FACTS.alias("promoted")
_STEPS = ("proposed", "judged", "promoted", "retired", "deleted")
_DEFINITION = [
    "lineage_id",
    "family_id",
    "kind",
    "name",
    "rules",
    "code",
    "code_hash",
    "symbols",
    "timeframe",
    "parameters",
    "signal_mode",
    "allow_short",
    "origin",
    "submitted_by",
    "in_words",
    "generation_id",
]
_JUDGEMENT = [
    "backtest_id",
    "verdict",
    "deciding_rule",
    "metrics",
    "closed_trades",
    "window_start",
    "window_end",
    "bars",
    "gate",
    "reasons",
    "evidence",
    "purpose",
    "report_key",
    "simulated",
    "at",
]
_PROMOTION = [
    "stage",
    "account",
    "anchor",
    "fraction",
    "confidence",
    "win_rate",
    "closed_trades",
    "judged_by",
    "override_reason",
    "promoted_by",
    "at",
]


@dataclass(frozen=True)
class Wanted:
    """What the list of strategies is narrowed to; None does not narrow. Deleted ones are shown only when asked for."""

    symbol: str | None = None
    verdict: str | None = None
    status: str | None = None


def status_of(row: Any) -> str:
    """Return where a strategy stands: the newest of its steps, the later step on a tie."""
    dated = [
        (getattr(row, f"{step}_at"), place, step) for place, step in enumerate(_STEPS) if getattr(row, f"{step}_at")
    ]
    lasting = [entry for entry in dated if entry[2] != "judged"] or dated
    newest = max(lasting)[2]
    return "judged" if newest == "proposed" and row.judged_at else newest


def _query() -> Select[Any]:
    joined = (
        STRATEGIES.outerjoin(_PROPOSED, _PROPOSED.c.event_id == STRATEGIES.c.proposed_id)
        .outerjoin(_JUDGED, _JUDGED.c.event_id == STRATEGIES.c.judged_id)
        .outerjoin(_PROMOTED, _PROMOTED.c.event_id == STRATEGIES.c.promoted_id)
    )
    bodies = _PROPOSED.c.body.label("proposed"), _JUDGED.c.body.label("judged"), _PROMOTED.c.body.label("promoted")
    return select(STRATEGIES, *bodies).select_from(joined)


def _part(text: str | None, names: list[str]) -> Body | None:
    if text is None:
        return None
    body = json.loads(text)
    return {name: body.get(name) for name in names}


def _shown(row: Any) -> Body | None:
    definition = _part(row.proposed or row.promoted, _DEFINITION)
    if definition is None:
        return None
    created: datetime = row.proposed_at or row.promoted_at
    name = row.strategy_id
    return {
        "id": name,
        **definition,
        "status": status_of(row),
        "verdict": row.verdict,
        "judged": _part(row.judged, _JUDGEMENT),
        "promoted": _part(row.promoted, _PROMOTION),
        "created_at": created.isoformat().replace("+00:00", "Z"),
        "self": f"{API}/strategies/{name}",
        "lineage": f"{API}/lineage/strategy/{name}",
    }


async def find_strategy(connection: AsyncConnection, strategy_id: str) -> Body | None:
    """Return one strategy with its code, or None; a deleted one is still found, with status `deleted`."""
    row = (await connection.execute(_query().where(STRATEGIES.c.strategy_id == strategy_id))).one_or_none()
    return None if row is None else _shown(row)


async def list_strategies(
    connection: AsyncConnection, wanted: Wanted, limit: int, cursor: str | None
) -> tuple[list[Body], str | None]:
    """Return up to `limit` strategies without their code, newest first, and the cursor of the next page."""
    shown: list[tuple[Body, str]] = []
    position = cursor
    while len(shown) <= limit:
        rows = await _rows(connection, position, limit + 1)
        for row in rows:
            position = encode(to_epoch_ms(row.created_at), row.strategy_id)
            body = _shown(row)
            if body is not None and _matches(body, wanted):
                shown.append(({key: value for key, value in body.items() if key != "code"}, position))
        if len(rows) <= limit:
            break
    page = shown[:limit]
    return [body for body, _ in page], page[-1][1] if len(shown) > limit else None


async def _rows(connection: AsyncConnection, cursor: str | None, limit: int) -> list[Any]:
    created = func.coalesce(STRATEGIES.c.proposed_at, STRATEGIES.c.promoted_at)
    query = _query().add_columns(created.label("created_at")).where(created.is_not(None))
    if cursor is not None:
        milliseconds, name = decode(cursor, (int, str))
        at = moment(milliseconds)
        query = query.where(or_(created < at, and_(created == at, STRATEGIES.c.strategy_id > name)))
    query = query.order_by(created.desc(), STRATEGIES.c.strategy_id).limit(limit)
    return list((await connection.execute(query)).all())


def _matches(body: Body, wanted: Wanted) -> bool:
    if wanted.status is None and body["status"] == "deleted":
        return False
    return (
        (wanted.status is None or body["status"] == wanted.status)
        and (wanted.verdict is None or body["verdict"] == wanted.verdict)
        and (wanted.symbol is None or wanted.symbol in body["symbols"])
    )


async def running(connection: AsyncConnection) -> list[Body]:
    """Return every strategy that agents run now, by id, without code."""
    query = _query().where(STRATEGIES.c.promoted_at.is_not(None)).order_by(STRATEGIES.c.strategy_id)
    rows = (await connection.execute(query)).all()
    bodies = [body for row in rows if status_of(row) == "promoted" and (body := _shown(row)) is not None]
    return [{key: value for key, value in body.items() if key != "code"} for body in bodies]
