"""Walk-forward: in every fold the parameters that were best in training are traded on the bars that came after.

Decides the folds (`evidence/walkforward`) and that each part of each fold is a run of its own: no position is carried across a boundary.
Source of the efficiency: Pardo, The Evaluation and Optimization of Trading Strategies (2008), ch. 11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from libs.common.errors import BadInputError
from libs.strategy.code import horizon_of
from libs.strategy.runtime import evaluate_all
from libs.strategy.spec import Strategy
from services.backtest.core.evidence.luck import sharpe_of
from services.backtest.core.evidence.probe import Actions
from services.backtest.core.evidence.walkforward import Fold, gap_of, split
from services.backtest.core.evidence.warmup import lookback
from services.backtest.core.fingerprint import canonical
from services.backtest.core.periods import bars_per_year
from services.backtest.core.returns_metrics import drawdowns, returns_of, sharpe
from services.backtest.core.values import Floats, Times, Undefined, Value, finite
from services.backtest.modes import tries
from services.backtest.modes.market import Market
from services.backtest.modes.measuring import hours_of
from services.backtest.modes.protocol import Merged, Part, Plan
from services.backtest.modes.shapes import common, utc
from services.backtest.modes.space import combinations, with_values
from services.backtest.modes.sweep import blank, ranking, summary
from services.backtest.modes.task import Task
from services.backtest.modes.view import over_time


class WalkForward:
    """The mode `walk_forward`; options: terms, space, method, count, folds, anchored, gap."""

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the tries in pieces, with the gap settled; raises BadInputError where the bars are too few for the folds."""
        if task.options["gap"] is None:
            task = _with_gap(task, market)
        folds_of(task, tries.axis(task, market))
        return tries.cut(task, market)

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what came of the tries of a piece, on all bars and in every fold."""
        times = tries.axis(task, market)
        folds = folds_of(task, times)
        found = []
        for number, values, strategy in tries.chosen(task, part):
            said = tries.said_by(task, strategy, market)
            told = tries.outcome(task, number, values, strategy, said)
            if told["fault"] is None:
                told["folds"] = [_fold(task, strategy, said, bounds_of(fold, times)) for fold in folds]
            found.append(told)
        return canonical(found)

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return the folds, what trading them would have earned, and what the choice is worth."""
        found = tries.read(results)
        times = tries.axis(task, market)
        document = {**common(task, market, blank(task), "walk_forward"), **ranking(task, found)}
        walked = _walked(task, [each for each in found if each["fault"] is None], times)
        if walked["efficiency"] is None:
            document["undefined"] = {**document["undefined"], "efficiency": "training did not earn"}
        document |= walked
        told = {name: walked[name] for name in ("test_return", "positive_folds", "efficiency")}
        return Merged(document, summary(document) | told, tries.trials(task, found, market), int(times[-1]))


def folds_of(task: Task, times: Times) -> tuple[Fold, ...]:
    """Return the folds on bars that open at `times`."""
    options = task.options
    found = split(len(times), options["folds"], options["gap"], "anchored" if options["anchored"] else "rolling")
    if isinstance(found, Undefined):
        raise BadInputError(
            found.reason, code="walk_forward.too_short", pointer="/folds", hint="take fewer folds or more bars"
        )
    return found


def bounds_of(fold: Fold, times: Times) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the training's and the test's bounds, start <= open time < stop."""
    return (
        (int(times[fold.train_start]), int(times[fold.train_stop - 1]) + 1),
        (int(times[fold.test_start]), int(times[fold.test_stop - 1]) + 1),
    )


def _with_gap(task: Task, market: Market) -> Task:
    """Return the task with a gap as long as the strategy looks back, with its own or its largest parameters, and a trade reaches ahead."""
    symbol, frame = tries.first_frame(task, market)
    largest = max(combinations(task.strategy, task.options), key=_size)
    needs = []
    for strategy in (task.strategy, with_values(task.strategy, largest)):

        def signals_of(bars: Any, strategy: Strategy = strategy) -> Actions:
            view = over_time(task, market)
            return evaluate_all(strategy, {symbol: bars}, market.sandbox, view=view).only(symbol).actions

        needs.append(lookback(signals_of, frame, signals_of(frame)).bars)
    known = [bars for bars in needs if bars is not None]
    need = max(known) if len(known) == len(needs) else None
    gap = gap_of(need or 0, _horizon(task.strategy))
    return replace(task, options={**task.options, "gap": gap, "lookback": need})


def _size(values: Mapping[str, Any]) -> float:
    return sum(float(value) for value in values.values() if isinstance(value, int | float))


def _horizon(strategy: Strategy) -> int:
    return horizon_of(strategy.code or "") if strategy.kind in ("python.classify", "python.batch") else 1


def _fold(task: Task, strategy: Strategy, said: Any, bounds: tuple[tuple[int, int], tuple[int, int]]) -> dict[str, Any]:
    train, test = (tries.replayed(task, strategy, said, part) for part in bounds)
    trained, tested = returns_of(train.equity, train.initial), returns_of(test.equity, test.initial)
    return {
        "train_sharpe": _plain(sharpe_of(trained)),
        "train_mean": float(trained.mean()),
        "train_return": float(train.equity[-1] / train.initial - 1.0),
        "returns": tries.packed(tested),
        "test_return": float(test.equity[-1] / test.initial - 1.0),
        "test_trades": test.trades.closed,
    }


def _walked(task: Task, found: Sequence[Mapping[str, Any]], times: Times) -> dict[str, Any]:
    folds = folds_of(task, times)
    rows, tested, learned = [], [], []
    for n, fold in enumerate(folds):
        best = max(found, key=lambda each: (each["folds"][n]["train_sharpe"] or 0.0, -each["number"]), default=None)
        if best is None:
            continue
        own, (train, test) = best["folds"][n], bounds_of(fold, times)
        returns = tries.unpacked(own["returns"])
        tested.append(returns)
        learned.append(own["train_mean"])
        rows.append(
            {
                "train": [utc(train[0]), utc(train[1] - 1)],
                "test": [utc(test[0]), utc(test[1] - 1)],
                "parameters": best["parameters"],
                "train_sharpe": own["train_sharpe"],
                "train_return": own["train_return"],
                "test_sharpe": _plain(sharpe_of(returns)),
                "test_return": own["test_return"],
                "test_trades": own["test_trades"],
            }
        )
    return {
        "folds": rows,
        "training": "anchored" if task.options["anchored"] else "rolling",
        "gap": task.options["gap"],
        "lookback": task.options.get("lookback"),
        **_joined(task, tested, learned),
    }


def _joined(task: Task, tested: Sequence[Floats], learned: Sequence[float]) -> dict[str, Any]:
    """Return what trading fold after fold would have earned, and how much of what was learnt was left."""
    names = ("test_return", "test_sharpe", "test_drawdown", "positive_folds", "efficiency")
    if not tested:
        return dict.fromkeys(names)
    returns = np.concatenate(tested)
    equity = np.asarray(np.cumprod(1.0 + returns), np.float64)
    mean_learned = sum(learned)
    efficiency = finite(sum(float(each.mean()) for each in tested) / mean_learned) if mean_learned > 0 else None
    return {
        "test_return": float(equity[-1] - 1.0),
        "test_sharpe": _plain(sharpe(returns, bars_per_year(task.strategy.timeframe, hours_of(task)))),
        "test_drawdown": float(drawdowns(equity, 1.0).min()),
        "positive_folds": sum(float(np.prod(1.0 + each)) > 1.0 for each in tested),
        "efficiency": None if efficiency is None else _plain(efficiency),
    }


def _plain(value: Value) -> float | int | None:
    return None if isinstance(value, Undefined) else value
