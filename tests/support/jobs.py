"""Jobs for tests: a small market on disk, and a job done in one process, without a bus, to compare with."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from libs.common.events import StrategyProposed
from libs.common.studies import StudyCommand
from libs.common.values import to_epoch_ms
from libs.market.catalog import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.sandbox.host.pool import Pool
from services.backtest.core.fingerprint import canonical
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Merged
from services.backtest.modes.registry import MODES
from services.backtest.modes.request import study_of, task_of
from tests.support.build import START

RSI = {"indicators": {"rsi": {"period": 14, "buy_below": 30, "sell_above": 70}}}
GAP = """
HORIZON = 3

def classify_symbol(symbol, least=0.5):
    bars = get_price_data(symbol, timeframe="1h", days=5)
    if len(bars["close"]) < 5:
        return False
    rise = (bars["close"][-1] / bars["close"][0] - 1) * 100
    return {"classification": rise > least, "score": rise, "rise": round(rise, 3)}
"""


def walk(bars: int, seed: int, hours: int = 0) -> Frame:
    """A seeded random walk of hourly bars that begins `hours` after the start."""
    steps = np.random.default_rng(seed).normal(0, 0.01, bars)
    close = 100 * np.exp(np.cumsum(steps))
    opened = np.concatenate(([100.0], close[:-1])) * (1 + 0.001 * np.sign(steps))
    ts = to_epoch_ms(START) + 3_600_000 * (hours + np.arange(bars, dtype=np.int64))
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    return Frame.of(ts, opened, high, low, close, np.full(bars, 5.0))


def stock(folder: Path, symbols: int, bars: int) -> list[str]:
    """Store walks of symbols S000, S001, ...; return their names."""
    writer = CatalogWriter(folder / "catalog")
    names = [f"S{number:03d}" for number in range(symbols)]
    for number, name in enumerate(names):
        writer.append(name, "1h", walk(bars, number), "test", True)
    return names


def merged(
    command: StudyCommand,
    folder: Path,
    sandbox: Pool | None = None,
    proposals: Mapping[str, StrategyProposed] | None = None,
    boundary_ms: int | None = None,
) -> Merged:
    """Return what a command comes to, its pieces done one after the other."""
    market = Market(folder, sandbox)
    task = task_of(study_of(command, proposals or {}, market), boundary_ms, market)
    plan = MODES[task.mode].plan(task, market)
    results = [MODES[task.mode].work(plan.task, part, market) for part in plan.parts]
    return MODES[task.mode].merge(plan.task, results, market)


def key_of(result: Merged) -> str:
    """Return the name under which a result is stored."""
    return hashlib.sha256(canonical(result.document)).hexdigest()
