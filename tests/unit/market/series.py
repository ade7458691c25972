"""Bars for the tests of this folder: seeded random walks, and the shared real files where they are present."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.market.frame import FloatArray, Frame

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR
SHARED = Path(__file__).resolve().parents[3] / "../shared/data"


def walk(bars: int, seed: int = 1, start_ms: int = START) -> Frame:
    """Return hourly bars of a random walk around 100."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, bars)))
    opened = np.concatenate(([100.0], close[:-1]))[:bars]
    high = np.maximum(opened, close) * (1 + random.random(bars) * 0.01)
    low = np.minimum(opened, close) * (1 - random.random(bars) * 0.01)
    return Frame.of(start_ms + HOUR * np.arange(bars), opened, high, low, close, random.random(bars) * 10)


def flat(closes: list[float]) -> Frame:
    """Return hourly bars that open where the last one closed and have no wicks."""
    close = np.array(closes, np.float64)
    opened = np.concatenate((close[:1], close[:-1]))
    return Frame.of(
        START + HOUR * np.arange(len(close)),
        opened,
        np.maximum(opened, close),
        np.minimum(opened, close),
        close,
        np.ones(len(close)),
    )


def shared(name: str) -> Path:
    """Return a file of the shared data, or skip the test."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared/data/{name} absent")
    return path


def real_btc() -> Frame:
    """Return the 46,981 hourly bars of BTCUSDT, 2017 to 2022."""
    with gzip.open(shared("crypto/BTCUSDT_binance-spot_1h_2017-2022.csv.gz"), "rt") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    return Frame.of(table[:, 0].astype(np.int64), *table[:, 1:].T)


def reference_quotes() -> dict[str, FloatArray]:
    """Return the columns of the 502 daily reference bars."""
    with shared("indicators/quotes.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("high", "low", "close")}


def reference(name: str, column: str) -> FloatArray:
    """Return the reference values of an indicator, NaN while it warms up."""
    records: list[dict[str, Any]] = json.loads(gzip.decompress(shared(f"indicators/{name}.json.gz").read_bytes()))
    return np.array([np.nan if row[column] is None else row[column] for row in records])
