"""The report of a run: everything a person needs to believe or doubt it, as plain columns.

Equal runs give byte-identical JSON: no time of writing, no machine, no random id. Times are epoch milliseconds, bars are named by
their open time, fractions are fractions.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from libs.report.bars import bars_of
from libs.strategy.signals import Evaluation
from services.backtest.core.curve import Curve
from services.backtest.core.engine import ENGINE_VERSION
from services.backtest.core.engine_portfolio import MAX_POSITIONS
from services.backtest.core.evidence.gather import Evidence
from services.backtest.core.job import Job, Summary
from services.backtest.core.periods import Market, bars_per_year, days_per_year
from services.backtest.core.purse import Purse
from services.backtest.core.returns_metrics import drawdowns
from services.backtest.core.summary import tree
from services.backtest.core.trade_log import Leg, trade_log
from services.backtest.core.values import Metrics, Times
from services.backtest.core.verdict import Judgement

REPORT_VERSION = 1

MAX_POINTS = 100_000
"""Longest curve written out bar by bar; a longer one keeps every k-th bar and the last, and says so in `every_bars`."""

_ELSEWHERE = (
    "metrics",
    "verdict",
    "deciding_rule",
    "gate",
    "report_key",
    "reasons",
    "evidence",
    "preview",
    "duplicate_of",
)


@dataclass(frozen=True)
class Run:
    """A whole run: what it was asked to do, its legs, what they add up to, and what evaluating brought up.

    share: the capital each leg started with. purse: what was traded with shared cash, and the curve is of that; None where the curve is the legs
    added up. With a purse a leg is what its symbol's picks would have done alone.
    """

    job: Job
    market: Market
    legs: tuple[Leg, ...]
    curve: Curve
    metrics: Metrics
    judgement: Judgement
    said: Evaluation
    share: float
    purse: Purse | None = None

    @property
    def may_go_short(self) -> bool:
        """Tell whether a sell may open a short position."""
        return self.job.strategy.allow_short


def document(run: Run, summary: Summary, sources: Mapping[str, str], evidence: Evidence | None) -> dict[str, Any]:
    """Return the report as a tree of values and numpy columns, for `fingerprint.canonical`.

    summary: of the same run; its report_key is not used. sources: where the bars are from, by symbol. evidence: None if it was left out.
    """
    judgement, legs = run.judgement, run.legs
    return {
        "report_version": REPORT_VERSION,
        "metadata": _metadata(run, summary, sources),
        "metrics": dict(run.metrics.values),
        "undefined": dict(run.metrics.reasons),
        "verdict": {
            "verdict": judgement.verdict,
            "deciding_rule": judgement.deciding_rule,
            "checks": [asdict(check) for check in judgement.checks],
            "gate": summary.gate,
            "reasons": list(summary.reasons),
        },
        "evidence": _evidence(evidence, summary),
        "trades": trade_log(run.curve, {leg.symbol: leg for leg in legs}),
        "curve": _curve(run.curve),
        "signals": {leg.symbol: _signals(leg) for leg in legs},
        "bars": bars_of({leg.symbol: leg.frame for leg in legs}),
        "code": _code(run.said),
        "end": _ends(run),
    }


def _metadata(run: Run, summary: Summary, sources: Mapping[str, str]) -> dict[str, Any]:
    strategy = run.job.strategy
    kept = {field.name: getattr(summary, field.name) for field in fields(summary) if field.name not in _ELSEWHERE}
    return {
        **kept,
        "rules": strategy.rules,
        "parameters": strategy.parameters,
        "signal_mode": strategy.signal_mode,
        "code": strategy.code,
        "sandbox": run.said.sandbox.get("sandbox"),
        "symbols_without_bars": [s for s in strategy.symbols if s not in summary.symbols and s not in run.said.faults],
        "sources": dict(sources),
        "market": run.market,
        "periods_per_year": bars_per_year(strategy.timeframe, run.market),
        "days_per_year": days_per_year(run.market),
        "costs": asdict(run.job.terms),
        "purse": None if run.purse is None else {"horizon": run.purse.horizon, "max_positions": MAX_POSITIONS},
        "engine_version": ENGINE_VERSION,
    }


def _evidence(evidence: Evidence | None, summary: Summary) -> dict[str, Any]:
    """Return all that was found, the short form beside it, and the reasons of every null by dotted path."""
    if evidence is None:
        return {"level": "none", "in_short": dict(summary.evidence), "undefined": {}}
    found, undefined = tree(evidence)
    passed = {"look_ahead_passed": evidence.look_ahead, "reproducible": evidence.reproducible}
    return {"level": "full", "in_short": dict(summary.evidence), **found, **passed, "undefined": undefined}


def _code(said: Evaluation) -> dict[str, Any]:
    """Return what running the code brought up: symbols it failed on, warnings for its author, what it printed."""
    faults = {symbol: asdict(fault) for symbol, fault in sorted(said.faults.items())}
    return {"faults": faults, "warnings": list(said.warnings), "printed": said.printed}


def _curve(curve: Curve) -> dict[str, Any]:
    count = len(curve.times)
    step = -(-count // MAX_POINTS)
    kept: Times = np.unique(np.append(np.arange(0, count, step), count - 1))
    return {
        "every_bars": step,
        "times": curve.times[kept],
        "equity": curve.equity[kept],
        "buy_and_hold": curve.benchmark[kept],
        "drawdown": drawdowns(curve.equity, curve.initial)[kept],
        "exposure": curve.exposure[kept],
    }


def _signals(leg: Leg) -> dict[str, Any]:
    """Each value holds from its bar until the next one listed; that loses nothing and stays short."""
    actions = leg.signals.actions
    changed: Times = np.flatnonzero(np.concatenate(([True], actions[1:] != actions[:-1])))
    return {
        "signal_hash": leg.signals.signal_hash,
        "from": np.ascontiguousarray(leg.frame.ts[changed]),
        "action": actions[changed],
        "buys": int(np.count_nonzero(actions == 1)),
        "sells": int(np.count_nonzero(actions == -1)),
        "holds": int(np.count_nonzero(actions == 0)),
    }


def _ends(run: Run) -> dict[str, Any]:
    if run.purse is None:
        return {leg.symbol: _end(leg) for leg in run.legs}
    result = run.purse.run(run.job.terms)
    ruined = None if result.ruined_at < 0 else int(result.times[result.ruined_at])
    waiting = {symbol: {1: "buy", -1: "sell"}.get(side) for symbol, side in result.pending.items()}
    return {symbol: {"cash": None, "pending": waiting.get(symbol), "ruined_at": ruined} for symbol in result.symbols}


def _end(leg: Leg) -> dict[str, Any]:
    result = leg.result
    return {
        "cash": result.cash,
        "pending": {1: "buy", -1: "sell"}.get(result.pending),
        "ruined_at": None if result.ruined_at < 0 else int(leg.frame.ts[result.ruined_at]),
    }
