"""How often luck alone looks good, and how often it would trade real money.

    python -m benchmarks.luck [--data FOLDER] [--count 4000] [--family 100] [--windows 1 | all]

Draws strategies without any skill (each buys and sells at random, with mean holding and waiting times of its own, 4 to 48 hours) on 90 hourly days of
real BTC, at the default costs. Each is judged like a proposal: on the first 80 % of the bars, the rest held back; then it goes through
the gate as one try of a family. A family passes when any of its strategies does. Prints; asserts nothing.
"""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.market import BTC, FOLDER, PAIRS, hourly
from libs.common.values import Stage, Timeframe, Verdict, from_epoch_ms
from libs.market.frame import Frame

BARS = 90 * 24
WORTHY = (Verdict.GOOD, Verdict.EXCELLENT)


@dataclass
class Try:
    """One strategy of a family."""

    verdict: Verdict
    closed: int
    returns: np.ndarray
    sharpe: float | None
    held_back: float


@dataclass
class Count:
    """What a window showed."""

    strategies: int = 0
    families: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    worthy: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    family: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Count") -> None:
        """Add another window."""
        self.strategies += other.strategies
        self.families += other.families
        self.worthy += other.worthy
        for mine, theirs in ((self.verdicts, other.verdicts), (self.passed, other.passed), (self.family, other.family)):
            mine.update(theirs)  # type: ignore[arg-type]


def main() -> None:
    """Print one line per window and the sum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the price files")
    parser.add_argument("--count", type=int, default=4_000, help="strategies per window")
    parser.add_argument("--family", type=int, default=100, help="strategies per family")
    parser.add_argument("--windows", default="1", help="how many windows, newest first, or all")
    options = parser.parse_args()
    os.environ.setdefault("SENTINEL_JIT", "1")
    total = Count()
    print(
        f"{'90 days from':<13}{'BTC':>8}{'excellent':>11}{'good':>7}{'families with':>15}"
        f"{'one by one':>12}{'best of all':>13}{'verdict+holdout':>17}"
    )
    limit = None if options.windows == "all" else int(options.windows)
    for frame in list(windows(options.data))[:limit]:
        found = examined(frame, options.count, options.family)
        total.add(found)
        report(f"{from_epoch_ms(int(frame.ts[0])):%Y-%m-%d}", f"{frame.close[-1] / frame.open[0] - 1:+.0%}", found)
    report("all", "", total)
    print(
        "families with: one of good or excellent verdict. one by one: one passes to live when judged after the tries before it. best of all: one "
        "passes to live when judged after all tries. verdict+holdout: one would pass without DSR and PBO."
    )


def report(name: str, move: str, found: Count) -> None:
    """Print one line: shares of strategies for verdicts, of families for the rest."""
    share = {key: value / found.strategies for key, value in found.verdicts.items()}
    families = {key: found.family[key] / found.families for key in ("one", "all", "plain")}
    print(
        f"{name:<13}{move:>8}{share.get(Verdict.EXCELLENT, 0):>11.2%}{share.get(Verdict.GOOD, 0):>7.2%}"
        f"{found.worthy / found.families:>15.0%}{families['one']:>12.1%}{families['all']:>13.1%}{families['plain']:>17.0%}"
        f"   ({found.strategies} strategies, {found.families} families)"
    )


def windows(folder: Path) -> Iterator[Frame]:
    """Return stretches of 90 days of hourly BTC that do not overlap, newest first."""
    for name in (PAIRS, BTC):
        frame = hourly(folder, name)
        for stop in range(len(frame), BARS - 1, -BARS):
            yield frame.until(int(frame.ts[stop - 1])).tail(BARS)


def examined(frame: Frame, count: int, size: int) -> Count:
    """Judge `count` random strategies on a window in families of `size`."""
    from services.backtest.core.evidence.holdout import fix

    boundary = int(np.searchsorted(frame.ts, fix("f", frame.ts, datetime.now(UTC)).boundary_ms))
    chance = np.random.default_rng(int(frame.ts[0] // 1_000))
    found = Count()
    for _ in range(count // size):
        family = [tried(frame, actions(chance, len(frame)), boundary) for _ in range(size)]
        found.families += 1
        found.strategies += size
        found.verdicts.update(each.verdict for each in family)
        found.worthy += any(each.verdict in WORTHY for each in family)
        found.family["plain"] += any(each.verdict in WORTHY and each.held_back >= 0 for each in family)
        found.family["one"] += any(is_live(family[: n + 1], n) for n in range(size))
        found.family["all"] += any(is_live(family, n) for n in range(size))
    return found


def actions(chance: np.random.Generator, bars: int) -> np.ndarray:
    """Return a strategy without skill: (bars,) of 1 and -1, the state of a coin that is rarely thrown."""
    hold, wait = np.exp(chance.uniform(np.log(4), np.log(48), 2))
    lengths = np.empty(2 * bars, np.int64)
    lengths[0::2], lengths[1::2] = chance.geometric(1 / wait, bars), chance.geometric(1 / hold, bars)
    ends = np.cumsum(lengths)
    state = np.searchsorted(ends, np.arange(bars), side="right") % 2
    return np.where(state == 1, 1, -1).astype(np.int8)


def tried(frame: Frame, signals: np.ndarray, boundary: int) -> Try:
    """Judge signals on the bars before the boundary, and note what the bars after it earned."""
    from services.backtest.core.curve import curve_of
    from services.backtest.core.engine import Terms, run
    from services.backtest.core.evidence.luck import sharpe_of
    from services.backtest.core.metrics import measure
    from services.backtest.core.returns_metrics import returns_of
    from services.backtest.core.verdict import judge

    terms = Terms()
    seen = frame.until(int(frame.ts[boundary - 1]))
    result = run(signals[:boundary], seen, terms, position_mode=False)
    metrics = measure(curve_of("BTCUSDT", seen, result, terms.initial_capital), Timeframe.H1, "crypto")
    whole = run(signals, frame, terms, position_mode=False)
    returns = returns_of(result.equity, terms.initial_capital)
    ratio = sharpe_of(returns)
    return Try(
        judge(metrics).verdict,
        int(metrics.values["closed_trades"] or 0),
        returns,
        ratio if isinstance(ratio, float) else None,
        float(whole.equity[-1] / whole.equity[boundary - 1] - 1.0),
    )


def is_live(tries: list[Try], at: int) -> bool:
    """Tell whether the gate would open to live for the `at`-th of these tries; PBO is computed only where all else passes."""
    from services.backtest.core.evidence.luck import luck
    from services.backtest.core.evidence.overfit import MIN_MEMBERS, Overfit, overfit
    from services.backtest.core.gate import Facts, gate

    own = tries[at]
    if own.verdict not in WORTHY or own.held_back < 0:
        return False
    others = [each.sharpe for n, each in enumerate(tries) if n != at]
    dsr = luck(own.returns, others).dsr
    facts = Facts(own.verdict, own.closed, True, len(tries), dsr=dsr, holdout_return=own.held_back)
    if Stage.LIVE not in gate(facts).stages or len(tries) < MIN_MEMBERS:
        return Stage.LIVE in gate(facts).stages
    over = overfit(np.column_stack([each.returns for each in tries]))
    return isinstance(over, Overfit) and over.pbo <= 0.5


if __name__ == "__main__":
    main()
