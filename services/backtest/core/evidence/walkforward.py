"""What choosing on the past would have earned on the bars that came next, fold by fold.

Decides the folds and what they add up to. Works on stored per-bar returns: signals that passed the look-ahead check say the same in a
fold as in the whole run. Source of the efficiency: Pardo, The Evaluation and Optimization of Trading Strategies (2008), ch. 11;
of purge and embargo: Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 7.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.backtest.core.evidence.luck import sharpe_of
from services.backtest.core.values import Floats, Undefined, Value, finite

FOLDS = 5

Kind = Literal["rolling", "anchored"]


@dataclass(frozen=True)
class Fold:
    """Bars by index, stop exclusive: learn on [train_start, train_stop), leave out the gap, test on [test_start, test_stop)."""

    train_start: int
    train_stop: int
    test_start: int
    test_stop: int


@dataclass(frozen=True)
class FoldResult:
    """What a fold showed. chosen: column of the try that was best in training. Returns compound over the fold, Sharpe per bar."""

    fold: Fold
    chosen: int
    train_return: float
    test_return: float
    train_sharpe: Value
    test_sharpe: Value


@dataclass(frozen=True)
class WalkForward:
    """All folds, oldest first. test_return: the tests compounded. efficiency: mean return per bar in test over that in training."""

    kind: Kind
    gap: int
    folds: tuple[FoldResult, ...]
    test_return: float
    positive_folds: int
    efficiency: Value


def gap_of(lookback: int, horizon: int) -> int:
    """Return purge + embargo in bars between training and test, lookback + horizon: no test bar shares information with training.

    horizon: bars a label or a trade reaches ahead.
    """
    return lookback + horizon


def split(bars: int, folds: int, gap: int, kind: Kind) -> tuple[Fold, ...] | Undefined:
    """Return `folds` tests of equal length that end with the last bar, each with its training before it and `gap` bars between.

    rolling: every training is as long as the first; anchored: every training starts at bar 0. The first training gets the bars that
    the tests and the gap leave, at least one test's length. Undefined when a part would have fewer than two bars.
    """
    length = (bars - gap) // (folds + 1)
    first = bars - folds * length
    train = first - gap
    if length < 2 or train < 2:
        return Undefined(f"{bars} bars are too few for {folds} folds with {gap} bars between training and test")
    starts = [first + n * length for n in range(folds)]
    return tuple(
        Fold(start - gap - train if kind == "rolling" else 0, start - gap, start, start + length) for start in starts
    )


def walk_forward(returns: Floats, gap: int, kind: Kind = "rolling", folds: int = FOLDS) -> WalkForward | Undefined:
    """Return what happens when the best of N tries in each training is traded in the test after it.

    returns: (T, N) per bar, N = 1 for a single strategy. Best = highest Sharpe per bar; one that never moved counts as 0.
    """
    cut = split(len(returns), folds, gap, kind)
    if isinstance(cut, Undefined):
        return cut
    results = tuple(_result(returns, fold) for fold in cut)
    earned = sum(float(returns[f.fold.test_start : f.fold.test_stop, f.chosen].mean()) for f in results)
    learned = sum(float(returns[f.fold.train_start : f.fold.train_stop, f.chosen].mean()) for f in results)
    efficiency = finite(earned / learned) if learned > 0 else Undefined("training did not earn")
    total = float(np.prod([1.0 + result.test_return for result in results])) - 1.0
    return WalkForward(kind, gap, results, total, sum(result.test_return > 0 for result in results), efficiency)


def _result(returns: Floats, fold: Fold) -> FoldResult:
    train, test = returns[fold.train_start : fold.train_stop], returns[fold.test_start : fold.test_stop]
    ratios = [sharpe_of(column) for column in train.T]
    chosen = int(np.argmax([0.0 if isinstance(ratio, Undefined) else ratio for ratio in ratios]))
    return FoldResult(
        fold,
        chosen,
        _compound(train[:, chosen]),
        _compound(test[:, chosen]),
        ratios[chosen],
        sharpe_of(test[:, chosen]),
    )


def _compound(returns: Floats) -> float:
    return float(np.prod(1.0 + returns)) - 1.0
