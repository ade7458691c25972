"""Many tries of one strategy with different parameters, each replayed on its own: what a sweep and a walk-forward share.

Decides that a try that fails on any symbol is no try, and that tries are compared on the same bars. Symbols share the capital equally,
as in a backtest of a strategy with several.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from libs.common.errors import BadInputError
from libs.common.values import from_epoch_ms
from libs.market.fills import round_money
from libs.market.frame import Frame
from libs.strategy.runtime import Evaluation, evaluate_all
from libs.strategy.spec import Strategy, code_hash
from services.backtest.core import engine
from services.backtest.core.curve import Curve, combine, curve_of
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.luck import luck, sharpe_of
from services.backtest.core.evidence.overfit import overfit
from services.backtest.core.evidence.trials import Identity, Trial, trial_of
from services.backtest.core.fingerprint import joint_hash
from services.backtest.core.returns_metrics import returns_of
from services.backtest.core.summary import tree
from services.backtest.core.values import Floats, Times
from services.backtest.core.verdict import judge
from services.backtest.modes.chunks import WEIGHT
from services.backtest.modes.market import Market
from services.backtest.modes.measuring import metrics_of
from services.backtest.modes.protocol import Part, Plan
from services.backtest.modes.space import Values, combinations, with_values
from services.backtest.modes.task import Task
from services.backtest.modes.view import over_time

MOST_A_PIECE = 50

MOST_RETURNS = 50_000_000
"""Tries times bars of a job: 10,000 tries on the longest default window. All returns are held at once when their worth is told, about 1 GB."""

SHOWN = (
    "total_return",
    "cagr",
    "sharpe",
    "max_drawdown",
    "closed_trades",
    "win_rate",
    "average_trade",
    "profit_factor",
)
"""Metrics of a try that a result lists."""

BEST_BY = "sharpe"


def cut(task: Task, market: Market) -> Plan:
    """Return the tries in pieces; raises for parameters that the strategy does not take and for more tries than fit the memory."""
    bars = sum(map(len, market.frames(task).values()))
    count, length = len(combinations(task.strategy, task.options)), len(axis(task, market))
    if count * length > MOST_RETURNS:
        raise BadInputError(
            f"{count:,} tries on {length:,} bars are {count * length:,} returns, {MOST_RETURNS:,} are allowed",
            code="sweep.too_many",
            pointer="/space",
            hint="take fewer values, a shorter window or a longer timeframe",
        )
    size = max(1, min(MOST_A_PIECE, WEIGHT // max(1, bars)))
    parts = [{"first": first, "stop": min(count, first + size)} for first in range(0, count, size)]
    return Plan(task, tuple(parts), "tries", tuple(part["stop"] - part["first"] for part in parts))


def chosen(task: Task, part: Part) -> list[tuple[int, Values, Strategy]]:
    """Return the tries of a piece: number, values, strategy."""
    found = combinations(task.strategy, task.options)[part["first"] : part["stop"]]
    return [(part["first"] + n, values, with_values(task.strategy, values)) for n, values in enumerate(found)]


def said_by(task: Task, strategy: Strategy, market: Market) -> Evaluation:
    """Return what one try says of all symbols."""
    frames = market.frames(task)
    return evaluate_all(strategy, frames, market.sandbox, view=over_time(task, market))


def replayed(task: Task, strategy: Strategy, said: Evaluation, bounds: tuple[int, int] | None = None) -> Curve:
    """Return the run of a try; bounds: only on bars with start <= open time < stop, as if nothing had been before."""
    terms = Terms(**task.options["terms"])
    count = len(said.signals)
    share = terms.initial_capital if count == 1 else round_money(terms.initial_capital / count)
    own = replace(terms, initial_capital=share)
    curves = []
    for symbol, signals in said.signals.items():
        first, stop = (0, len(signals)) if bounds is None else map(int, np.searchsorted(signals.frame.ts, bounds))
        if first == stop:
            continue
        frame = signals.frame if bounds is None else signals.frame.between(*bounds)
        result = engine.run(
            signals.actions[first:stop],
            frame,
            own,
            position_mode=strategy.signal_mode == "position",
            allow_short=strategy.allow_short,
        )
        curves.append(curve_of(symbol, frame, result, share))
    return combine(curves)


def outcome(task: Task, number: int, values: Values, strategy: Strategy, said: Evaluation) -> dict[str, Any]:
    """Return what came of a try on all bars, as JSON; of one that failed the reason."""
    if said.faults:
        symbol, fault = next(iter(said.faults.items()))
        return {"number": number, "parameters": values, "fault": f"{symbol}: {fault.words}"}
    curve = replayed(task, strategy, said)
    metrics = metrics_of(curve, task)
    hashes = {symbol: signals.signal_hash for symbol, signals in said.signals.items()}
    return {
        "number": number,
        "parameters": values,
        "metrics": {name: metrics.values[name] for name in SHOWN},
        "verdict": judge(metrics).verdict,
        "code_hash": code_hash(strategy),
        "signal_hash": joint_hash(hashes),
        "returns": packed(returns_of(curve.equity, curve.initial)),
        "fault": None,
    }


def read(results: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the outcomes of all tries, in order."""
    return [each for result in results for each in orjson.loads(result)]


def ranked(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the tries that did not fail, the best first: by Sharpe, then return, then their number; undefined is worst."""
    return sorted((each for each in found if each["fault"] is None), key=_rank)


def worth(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how much of the best try is luck, and whether choosing it is overfitting: over the distinct signal series."""
    distinct: dict[str, Floats] = {}
    for each in ranked(found):
        distinct.setdefault(each["signal_hash"], unpacked(each["returns"]))
    series = list(distinct.values())
    if not series:
        return {"distinct": 0, "luck": None, "overfit": None, "undefined": {}}
    others = [_sharpe(returns) for returns in series[1:]]
    told, reasons = tree({"luck": luck(series[0], others), "overfit": overfit(np.column_stack(series))})
    return {"distinct": len(series), **told, "undefined": reasons}


def trials(task: Task, found: Sequence[Mapping[str, Any]], market: Market) -> tuple[Trial, ...]:
    """Return every try as it is remembered."""
    times, terms = axis(task, market), Terms(**task.options["terms"])
    at = from_epoch_ms(task.at_ms)
    return tuple(
        trial_of(
            Identity(task.family_id, each["code_hash"], each["signal_hash"], terms, at),
            times,
            unpacked(each["returns"]),
        )
        for each in found
        if each["fault"] is None
    )


def axis(task: Task, market: Market) -> Times:
    """Return the open times of all bars of all symbols, ascending."""
    return np.unique(np.concatenate([frame.ts for frame in market.frames(task).values()]))


def packed(returns: Floats) -> str:
    """Return per-bar returns as text, to float32 precision."""
    return base64.b64encode(zlib.compress(returns.astype("<f4").tobytes())).decode()


def unpacked(text: str) -> Floats:
    """Return what `packed` was given."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f4").astype(np.float64)


def first_frame(task: Task, market: Market) -> tuple[str, Frame]:
    """Return the symbol with the most bars, and its bars."""
    frames = market.frames(task)
    symbol = max(sorted(frames), key=lambda name: len(frames[name]))
    return symbol, frames[symbol]


def _rank(each: Mapping[str, Any]) -> tuple[bool, float, float, int]:
    best, total = each["metrics"][BEST_BY], each["metrics"]["total_return"]
    return (best is None, -(best or 0.0), -(total or 0.0), each["number"])


def _sharpe(returns: Floats) -> float | None:
    ratio = sharpe_of(returns)
    return ratio if isinstance(ratio, float) else None
