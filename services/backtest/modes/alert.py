"""A one-shot alert: what a strategy says now, of every symbol that it says something about.

Decides the words and the urgency. Standing alerts are the agents' (stage alert); this asks once.
"""

from collections.abc import Sequence
from typing import Any

from services.backtest.modes import moment
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Merged, Part, Plan
from services.backtest.modes.shapes import common, utc
from services.backtest.modes.task import Task

URGENT_CHANGE = 5.0
"""Percent of daily change, up or down, from which an alert is of high priority."""


class Alert:
    """The mode `alert`; no options."""

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the symbols in pieces."""
        return moment.cut(task, market)

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what the strategy says of a piece's symbols."""
        return moment.look(task, part, market)

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return the alerts and the signals, by symbol."""
        told = moment.read(results)
        speaking = sorted((row for row in told["rows"] if row["action"] != "hold"), key=lambda row: row["symbol"])
        sector = moment.sectors(task, market)
        document = {
            **common(task, market, told, "alert"),
            "alerts": [_alert(row, task.strategy.name, sector[row["symbol"]]) for row in speaking],
            "signals": {row["symbol"]: _signal(row) for row in speaking},
            "symbols_monitored": len(told["rows"]) + len(told["faults"]),
            "stale": sorted(set(task.symbols) - set(moment.fresh(task, market.frames(task)))),
        }
        summary = {"symbols_monitored": document["symbols_monitored"], "alerts": len(speaking)}
        first = [row["symbol"] for row in speaking[:10]]
        return Merged(
            document, {**summary, "errors": len(told["faults"]), "symbols": first, "as_of": document["as_of"]}
        )


def _alert(row: dict[str, Any], name: str, sector: str | None) -> dict[str, Any]:
    change = row["change"]
    urgent = change is not None and abs(change) >= URGENT_CHANGE
    said = f"{row['symbol']} triggered {name or 'strategy'} alert: {row['action']}"
    own = {"score": row["score"], "sector": sector, **row["values"], **row["data"]}
    return {
        "symbol": row["symbol"],
        "type": "strategy_signal",
        "message": f"{said} ({row['reason']})" if row["reason"] else said,
        "timestamp": utc(row["closed_ms"]),
        "priority": "high" if urgent else "normal",
        "action": row["action"],
        "data": {**own, "current_price": row["price"], "daily_change": change},
    }


def _signal(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "signal": row["hit"],
        "action": row["action"],
        "timestamp": utc(row["closed_ms"]),
        "current_price": row["price"],
    }
