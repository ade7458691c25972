"""Real hourly bars for benchmarks: read from `../shared/data/crypto` beside the repository, or the folder named by --data."""

import csv
import gzip
import sys
from pathlib import Path

import numpy as np

from libs.market.frame import Frame

FOLDER = Path(__file__).resolve().parents[1] / "../shared/data/crypto"
BTC = "BTCUSDT_binance-spot_1h_2017-2022.csv.gz"
PAIRS = "spot_binance_24pairs_1h_2024-01_2024-05.csv.gz"


def hourly(folder: Path, name: str, symbol: str = "BTCUSDT") -> Frame:
    """Return the hourly bars of `symbol` in a file of that folder; ends the program where the file is absent."""
    path = folder / name
    if not path.exists():
        sys.exit(f"{path} is absent: name the folder of the price files by --data")
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row.get("symbol", symbol) == symbol]
    columns = [np.array([float(row[column]) for row in rows]) for column in ("open", "high", "low", "close", "volume")]
    return Frame.of(np.array([int(row["ts"]) for row in rows], np.int64), *columns)
