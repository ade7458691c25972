"""A backtest of a whole universe with one purse: every symbol, every bar, and the equity curve that trading it would have had.

Decides who gets in (the highest score, then the name), that a classifier's pick is held for its horizon, and what is measured: the curve
of the purse, never what the code says about itself. What a fill is stays with the engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from typing import Any

import orjson

from libs.common.values import from_epoch_ms
from libs.market.frame import Frame
from libs.strategy.code import horizon_of
from libs.strategy.python import Span, month_ends
from libs.strategy.runtime import evaluate_all
from services.backtest.core.curve import portfolio_curve
from services.backtest.core.engine import Terms
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.fingerprint import canonical
from services.backtest.modes.chunks import by_weight, evenly
from services.backtest.modes.instances import MOST, by_symbol, figures, instances_of
from services.backtest.modes.market import Market
from services.backtest.modes.measuring import measured, tried
from services.backtest.modes.protocol import Merged, Part, Plan
from services.backtest.modes.reach import stays_home
from services.backtest.modes.said import joined, said_of, told
from services.backtest.modes.shapes import common, utc
from services.backtest.modes.task import Task
from services.backtest.modes.view import over_time

MOMENTS = 4
"""As-of times of a batch contract in one piece."""

DEFAULT_HORIZON = 5
"""Bars after which the return of an instance is taken, where the strategy has no horizon of its own."""


class UniverseBacktest:
    """The mode `backtest_universe`; options: terms, max_positions."""

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the symbols in pieces of about equal work; of a batch contract, which looks at all of them, the moments."""
        frames = market.frames(task)
        if task.strategy.kind == "python.batch":
            first = min(int(frame.ts[0]) for frame in frames.values())
            moments = evenly([str(moment) for moment in month_ends(first, task.as_of_ms)], MOMENTS) or [[]]
            parts = [{"moments": [int(moment) for moment in part]} for part in moments]
            return Plan(task, tuple(parts), "moments", tuple(len(part["moments"]) for part in parts))
        chunks = by_weight(list(frames), frames)
        return Plan(task, tuple({"symbols": chunk} for chunk in chunks), "symbols", tuple(map(len, chunks)))

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what the strategy says of a piece."""
        frames, strategy = market.frames(task), task.strategy
        focus = tuple(part.get("symbols", frames))
        span = Span(moments=tuple(part["moments"])) if "moments" in part else Span()
        at_home = strategy.kind != "python.classify" or stays_home(strategy.code or "")
        seen = {symbol: frames[symbol] for symbol in focus} if at_home else frames
        said = evaluate_all(strategy, seen, market.sandbox, focus=focus, view=over_time(task, market), span=span)
        found = told(said, strategy.kind)
        return canonical({**found, "instances": _instances(task, orjson.loads(canonical(found["symbols"])), frames)})

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return instances, figures and the measured curve; raises the first fault where the code failed on every symbol."""
        parts = [orjson.loads(result) for result in results]
        found = joined(parts)
        frames = market.frames(task)
        terms, strategy = Terms(**task.options["terms"]), task.strategy
        position_mode = strategy.signal_mode == "position"
        horizon = _horizon(task)
        said = {
            symbol: said_of(own, len(frames[symbol]), position_mode=position_mode)
            for symbol, own in found["symbols"].items()
        }
        listed = sorted((each for part in parts for each in part["instances"]), key=itemgetter("timestamp", "ticker"))
        traded = {symbol: frames[symbol] for symbol in said}
        document = {**common(task, market, found, "backtest"), **_told(task, found, listed)}
        if not traded:
            return Merged(document, _summary(document))
        result = run_portfolio(
            {symbol: saying.actions for symbol, saying in said.items()},
            traded,
            terms,
            position_mode=position_mode,
            horizon=horizon,
            max_positions=task.options["max_positions"],
            scores={symbol: saying.scores for symbol, saying in said.items()},
        )
        curve = portfolio_curve(result, traded, terms.initial_capital)
        worth = measured(curve, task)
        document |= {**worth, "refused_entries": result.refused, "pending": dict(result.pending)}
        document["performance_metrics"] |= {"sharpe_ratio": worth["metrics"]["sharpe"]}
        trial = tried(task, curve, {symbol: saying.actions for symbol, saying in said.items()}, terms)
        return Merged(document, _summary(document), (trial,), int(curve.times[-1]))


def _horizon(task: Task) -> int:
    is_picker = task.strategy.kind in ("python.classify", "python.batch")
    return horizon_of(task.strategy.code or "") if is_picker else 0


def _instances(task: Task, symbols: dict[str, Any], frames: Mapping[str, Frame]) -> list[dict[str, Any]]:
    """Return the instances of a piece; those of a batch contract's pieces are of different bars."""
    terms, horizon = Terms(**task.options["terms"]), _horizon(task) or DEFAULT_HORIZON
    position_mode = task.strategy.signal_mode == "position"
    found = []
    for symbol, own in symbols.items():
        saying = said_of(own, len(frames[symbol]), position_mode=position_mode)
        found += instances_of(symbol, frames[symbol], saying, horizon, terms)
    return found


def _told(task: Task, found: dict[str, Any], listed: list[dict[str, Any]]) -> dict[str, Any]:
    first = min((each["timestamp"] for each in listed), default=task.start_ms)
    return {
        "instances": listed[:MOST],
        "instances_cut": max(0, len(listed) - MOST),
        "summary": {
            "total_instances": len(listed),
            "positive_signals": sum(1 for each in listed if (each["price_change"] or 0.0) > 0),
            "date_range": [utc(task.start_ms)[:10], utc(task.as_of_ms)[:10]],
            "symbols_processed": len(found["symbols"]),
            "symbols_failed": len(found["faults"]),
            "first_instance": utc(first) if listed else None,
            "by_symbol": by_symbol(found["symbols"], listed),
        },
        "performance_metrics": {**figures(listed), "sharpe_ratio": None},
        "horizon": _horizon(task) or DEFAULT_HORIZON,
        "costs": asdict(Terms(**task.options["terms"])),
        "max_positions": task.options["max_positions"],
        "window_start": from_epoch_ms(task.start_ms).isoformat(),
        "window_end": from_epoch_ms(task.as_of_ms).isoformat(),
    }


def _summary(document: dict[str, Any]) -> dict[str, Any]:
    metrics = document.get("metrics", {})
    told = {name: metrics.get(name) for name in ("total_return", "max_drawdown", "sharpe", "closed_trades", "win_rate")}
    counts = document["summary"]
    return {
        "total_instances": counts["total_instances"],
        "symbols_processed": counts["symbols_processed"],
        "errors": counts["symbols_failed"],
        "verdict": document["verdict"]["verdict"] if "verdict" in document else None,
        **told,
        "as_of": document["as_of"],
    }
