"""A screen: the symbols of a universe that a strategy picks at a moment, the best first.

Decides the ranking: by the score that the strategy gave, highest first, then by name. A pick without a score comes after all that
have one, and its score is null.
"""

from collections.abc import Sequence
from typing import Any

from services.backtest.modes import moment
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Merged, Part, Plan
from services.backtest.modes.shapes import common
from services.backtest.modes.task import Task


class Screen:
    """The mode `screen`; options: limit."""

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the symbols in pieces."""
        return moment.cut(task, market)

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what the strategy says of a piece's symbols."""
        return moment.look(task, part, market)

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return the ranking."""
        told = moment.read(results)
        ranked = sorted((row for row in told["rows"] if row["hit"]), key=_rank)
        shown = ranked[: task.options["limit"]]
        sector = moment.sectors(task, market)
        document = {
            **common(task, market, told, "screening"),
            "ranked_results": [_shown(row, sector[row["symbol"]]) for row in shown],
            "scores": {row["symbol"]: row["score"] for row in shown},
            "universe_size": len(task.symbols),
            "symbols_screened": len(told["rows"]),
            "hits": len(ranked),
            "limit": task.options["limit"],
            "stale": sorted(set(task.symbols) - set(moment.fresh(task, market.frames(task)))),
        }
        top = [{"symbol": row["symbol"], "score": row["score"]} for row in shown[:10]]
        summary = {"universe_size": len(task.symbols), "hits": len(ranked), "errors": len(told["faults"]), "top": top}
        return Merged(document, {**summary, "as_of": document["as_of"]})


def _rank(row: dict[str, Any]) -> tuple[bool, float, str]:
    score = row["score"]
    return (score is None, 0.0 if score is None else -score, row["symbol"])


def _shown(row: dict[str, Any], sector: str | None) -> dict[str, Any]:
    return {
        "symbol": row["symbol"],
        "score": row["score"],
        "current_price": row["price"],
        "sector": sector,
        "data": row["data"] or row["values"],
        "timestamp": row["closed_ms"],
        "daily_change": row["change"],
    }
