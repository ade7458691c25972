"""How long each check of the evidence takes on 90 hourly days of real BTC, for rules, with a family of 100 tries.

    python -m benchmarks.evidence [--data FOLDER] [--family 100]

The strategy is the RSI and EMA rule of the examples. Times are medians of repeated calls in a warm process, compiled engine; the look-ahead check and
the lookback include every rerun of the rules. Prints; asserts nothing.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.market import FOLDER, PAIRS, hourly
from libs.common.values import Timeframe
from libs.market.frame import Frame

RULES = {
    "symbol": "BTCUSDT",
    "indicators": {
        "rsi": {"period": 14, "buy_below": 35, "sell_above": 65},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    },
}
AT = datetime(2024, 6, 1, tzinfo=UTC)


def main() -> None:
    """Print one line per check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the price files")
    parser.add_argument("--family", type=int, default=100, help="tries of the family")
    options = parser.parse_args()
    os.environ.setdefault("SENTINEL_JIT", "1")
    frame = hourly(options.data, PAIRS).tail(2_160)
    steps, note = checks(frame, options.family)
    print(f"{len(frame):,} bars, {options.family} tries; {note}")
    spent = {name: timed(act) for name, act in steps.items()}
    for name, seconds in spent.items():
        print(f"{name:<34}{seconds * 1e3:>10.2f} ms")
    ours = sum(seconds for name, seconds in spent.items() if name not in ("one evaluation", "look-ahead", "everything"))
    print(f"{'all but look-ahead':<34}{ours * 1e3:>10.2f} ms")


def timed(act: Callable[[], Any], seconds: float = 0.7) -> float:
    """Return the median duration of `act` after one call to warm up."""
    act()
    spent: list[float] = []
    while sum(spent) < seconds:
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def checks(frame: Frame, family_size: int) -> tuple[dict[str, Callable[[], Any]], str]:
    """Return each check as a call, and a word on the run."""
    from services.backtest.core.evidence.costs import doubled
    from services.backtest.core.evidence.gather import gather
    from services.backtest.core.evidence.lookahead import look_ahead
    from services.backtest.core.evidence.luck import luck
    from services.backtest.core.evidence.overfit import overfit
    from services.backtest.core.evidence.random_entry import Holdings, random_entry
    from services.backtest.core.evidence.reproducible import reproducible
    from services.backtest.core.evidence.trials import matrix
    from services.backtest.core.evidence.walkforward import walk_forward
    from services.backtest.core.evidence.warmup import lookback

    subject, own, family = prepared(frame, family_size)
    piece = subject.pieces[0]
    held = [Holdings(frame, piece.held, piece.sides)]
    what = (piece.signals_of, frame, piece.actions)
    evidence = gather(subject, own, family, None)
    steps: dict[str, Callable[[], Any]] = {
        "one evaluation": lambda: piece.signals_of(frame),
        "look-ahead": lambda: look_ahead(*what, piece.returns),
        "lookback": lambda: lookback(*what),
        "reproducible": lambda: reproducible(*what),
        "luck (PSR, DSR)": lambda: luck(subject.returns, [trial.sharpe for trial in family]),
        "overfit (PBO), with its matrix": lambda: overfit(matrix(own, family)),
        "random entry, 1,000 draws": lambda: random_entry(held, subject.terms, subject.total_return, own.signal_hash),
        "costs doubled": lambda: doubled(subject.terms, subject.measured),
        "walk-forward": lambda: walk_forward(subject.returns[:, None], 100),
        "everything": lambda: gather(subject, own, family, None),
    }
    asked = evidence.asked[0]
    note = f"{asked.look_ahead.reruns} reruns for look-ahead, {asked.lookback.reruns} for the lookback, {len(piece.held)} trades"
    return steps, note


def prepared(frame: Frame, family_size: int) -> tuple[Any, Any, list[Any]]:
    """Return the run to examine, its trial, and a family of random tries beside it."""
    from libs.strategy.runtime import evaluate
    from libs.strategy.spec import parse
    from services.backtest.core.curve import curve_of
    from services.backtest.core.engine import Terms, run
    from services.backtest.core.evidence.gather import Piece, Subject
    from services.backtest.core.evidence.trials import Identity, trial_of
    from services.backtest.core.metrics import measure
    from services.backtest.core.returns_metrics import returns_of

    strategy = parse(kind="rules.json", name="rsi_ema", rules=RULES)
    terms = Terms()

    def signals_of(shown: Frame) -> np.ndarray:
        return evaluate(strategy, shown).actions

    signals = signals_of(frame)

    def replayed(at: Terms) -> Any:
        return curve_of("BTCUSDT", frame, run(signals, frame, at, position_mode=False), at.initial_capital)

    curve = replayed(terms)
    returns = returns_of(curve.equity, curve.initial)
    trades = curve.trades
    piece = Piece("BTCUSDT", frame, signals_of, signals, returns, trades.bars, np.ones(len(trades), np.int64))
    total = float(curve.equity[-1] / curve.initial - 1.0)
    subject = Subject((piece,), returns, total, terms, lambda at: measure(replayed(at), Timeframe.H1, "crypto"))
    chance = np.random.default_rng(1)
    tries = [chance.normal(0, returns.std(), len(frame)) for _ in range(family_size - 1)]
    family = [trial_of(Identity("f", f"c{n}", f"s{n}", terms, AT), frame.ts, earned) for n, earned in enumerate(tries)]
    return subject, trial_of(Identity("f", "own", "own", terms, AT), frame.ts, returns), family


if __name__ == "__main__":
    main()
