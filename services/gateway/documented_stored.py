"""Stored backtests in the documents' form: a summary for the list, equity curve and trades for one."""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.events import VerdictSet
from services.gateway.backtests import utc
from services.gateway.documented import trade_object
from services.gateway.paging import MAX_LIMIT
from services.gateway.queries import Body, list_current
from services.gateway.tables import BACKTESTS, LATEST


async def list_summaries(connection: AsyncConnection) -> list[Body]:
    """Return the summaries of the newest 1,000 completed backtests, newest first."""
    facts, _ = await list_current(connection, BACKTESTS, {}, MAX_LIMIT, None)
    bodies = [fact.body for fact in facts if fact.kind == "BacktestCompleted"]
    set_by_hand = await verdicts_set(connection, [body["backtest_id"] for body in bodies])
    return [summary(body, set_by_hand.get(body["backtest_id"])) for body in bodies]


async def verdicts_set(connection: AsyncConnection, backtest_ids: list[str]) -> dict[str, str]:
    """Return the newest verdict a person set, by backtest; those that nobody overrode are left out."""
    named = LATEST.c.kind == VerdictSet.__name__, LATEST.c.name.in_(backtest_ids)
    rows = await connection.execute(select(LATEST.c.name, LATEST.c.body).where(*named))
    return {row.name: json.loads(row.body)["verdict"] for row in rows}


def summary(body: Body, set_by_hand: str | None = None) -> Body:
    """Return a completed backtest as the documented summary; shares stay fractions. A verdict set by hand stands before the computed one."""
    metrics: dict[str, Any] = body["metrics"]
    return {
        "id": body["backtest_id"],
        "name": body["name"],
        "strategy_id": body["strategy_id"],
        "code_hash": body["code_hash"],
        "symbol": body["symbols"][0],
        "timeframe": body["timeframe"],
        "start_date": body["window_start"],
        "end_date": body["window_end"],
        "initial_capital": body["initial_capital"],
        "final_value": body["final_equity"],
        "total_return": metrics.get("total_return"),
        "sharpe_ratio": metrics.get("sharpe"),
        "max_drawdown": metrics.get("max_drawdown"),
        "verdict": set_by_hand or body["verdict"],
        "computed_verdict": body["verdict"],
        "metrics": metrics,
        "simulated": body["simulated"],
        "created_at": body["at"],
    }


def details(report: Body) -> Body:
    """Return equity curve and trades of a report in the documented form: two trades for each closed round trip.

    A backtest has no confidence, so it is null.
    """
    curve = report["curve"]
    points = zip(curve["times"], curve["equity"], curve["buy_and_hold"], strict=True)
    equity = [{"timestamp": utc(at), "value": value, "benchmark": benchmark} for at, value, benchmark in points]
    return {"equity_curve": equity, "trades": _legs(report["trades"])}


def _legs(log: list[Body]) -> list[Body]:
    legs: list[tuple[int, str, str, float, str]] = []
    for entry in log:
        opening, closing = ("sell", "buy") if entry.get("side") == "short" else ("buy", "sell")
        legs.append((entry["entry_time"], entry["symbol"], opening, entry["entry_price"], entry["entry_reason"]))
        if not entry["open"]:
            legs.append((entry["exit_time"], entry["symbol"], closing, entry["exit_price"], entry["exit_reason"]))
    legs.sort(key=lambda leg: leg[0])
    return [
        trade_object(number, utc(at) or "", symbol, side, price, reason, None)
        for number, (at, symbol, side, price, reason) in enumerate(legs, start=1)
    ]
