"""A sweep: one strategy with many values of its parameters on the same bars, ranked, with what the ranking is worth.

Decides nothing about which values are taken. Every try counts as a trial of the family, and the bars held back from it are not shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.backtest.core.fingerprint import canonical
from services.backtest.modes import tries
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Merged, Part, Plan
from services.backtest.modes.shapes import common, utc
from services.backtest.modes.task import Task

MOST = 2_000
"""Tries that a result lists."""


class Sweep:
    """The mode `sweep`; options: terms, space, method, count."""

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the tries in pieces."""
        return tries.cut(task, market)

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what came of the tries of a piece."""
        found = []
        for number, values, strategy in tries.chosen(task, part):
            found.append(tries.outcome(task, number, values, strategy, tries.said_by(task, strategy, market)))
        return canonical(found)

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return the ranking and its worth."""
        found = tries.read(results)
        document = {**common(task, market, blank(task), "sweep"), **ranking(task, found)}
        return Merged(document, summary(document), tries.trials(task, found, market), int(tries.axis(task, market)[-1]))


def blank(task: Task) -> dict[str, Any]:
    """Return what `common` wants of an evaluation, for results that list the faults of tries themselves."""
    return {"faults": {}, "warnings": [], "printed": "", "contract": task.strategy.kind, "claimed": None}


def ranking(task: Task, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields of a result that say which tries were made and what they are worth."""
    ranked = tries.ranked(found)
    rows = [
        {"rank": place, "parameters": each["parameters"], "metrics": each["metrics"], "verdict": each["verdict"]}
        for place, each in enumerate(ranked[:MOST], start=1)
    ]
    failed = [
        {"parameters": each["parameters"], "reason": each["fault"]} for each in found if each["fault"] is not None
    ]
    return {
        "method": task.options["method"],
        "space": task.options["space"],
        "ranked_by": tries.BEST_BY,
        "tries": len(found),
        "ranking": rows,
        "best": rows[0] if rows else None,
        "failed": failed[:MOST],
        **tries.worth(found),
        "costs": task.options["terms"],
        "symbols": list(task.symbols),
        "window_start": utc(task.start_ms),
        "window_end": utc(task.as_of_ms),
        "holdout_from": task.options["holdout_from"],
    }


def summary(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headline of a sweep."""
    best, luck, overfit = document["best"], document["luck"], document["overfit"]
    return {
        "tries": document["tries"],
        "distinct": document["distinct"],
        "failed": len(document["failed"]),
        "best": best and {"parameters": best["parameters"], **best["metrics"]},
        "verdict": best and best["verdict"],
        "dsr": luck and luck["dsr"],
        "pbo": overfit and overfit["pbo"],
        "as_of": document["as_of"],
    }
