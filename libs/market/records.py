"""Where the catalog's files lie and how their records look, shared by reader and writer.

`<root>/<timeframe>/<SYMBOL>.bars` holds fixed 48-byte records, oldest first; `<SYMBOL>.json` beside it says where they are
from. Decides names and layout. Wart: a symbol is a file name, so it is checked here, whoever asks.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadBarsError, BadSymbolError
from libs.common.values import Timeframe, parse_timeframe
from libs.market.frame import COLUMNS, Frame

RECORD = np.dtype([("ts", "<i8"), *((name, "<f8") for name in COLUMNS)])
"""One bar: 48 bytes, little endian."""

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a series is from; simulated prices never mix with real ones."""

    source: str
    simulated: bool


def bars_path(root: Path, symbol: str, timeframe: str) -> Path:
    """Return the path of a series; raises BadSymbolError or BadTimeframeError for what must not become a file name."""
    if not _SYMBOL.fullmatch(symbol):
        raise BadSymbolError(symbol)
    return root / parse_timeframe(timeframe) / f"{symbol}.bars"


def stored_symbols(root: Path, timeframe: str | None) -> list[str]:
    """Return the symbols that have a file of `timeframe`, or of any, sorted."""
    lengths = [parse_timeframe(timeframe)] if timeframe is not None else list(Timeframe)
    return sorted({name for length in lengths for name in _names(root / length)})


def _names(folder: Path) -> list[str]:
    try:
        return [name.removesuffix(".bars") for name in os.listdir(folder) if name.endswith(".bars")]
    except FileNotFoundError:
        return []


def read_origin(bars: Path) -> Origin:
    """Return what the sidecar of the series at `bars` says; raises BadBarsError if it is missing or damaged."""
    sidecar = bars.with_suffix(".json")
    try:
        said = json.loads(sidecar.read_bytes())
        return Origin(str(said["source"]), bool(said["simulated"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBarsError(
            f"{sidecar.name} does not say where the bars are from: {str(error)[:160]}",
            code="data.no_origin",
            hint="import the bars again",
        ) from None


def sound_bars(records: npt.NDArray[np.void]) -> int:
    """Return how many records from the start are whole.

    A crash while appending may leave, beside a torn record, a tail of zeros where the file grew before its bytes arrived;
    no bar closes at zero.
    """
    count = len(records)
    while count and records["close"][count - 1] <= 0:
        count -= 1
    return count


def as_frame(records: npt.NDArray[np.void]) -> Frame:
    """Return the columns of `records` as views."""
    return Frame(records["ts"], *(records[name] for name in COLUMNS))


def as_records(frame: Frame) -> npt.NDArray[np.void]:
    """Return the bars of `frame` as records ready to be written."""
    records = np.empty(len(frame), RECORD)
    for name in ("ts", *COLUMNS):
        records[name] = getattr(frame, name)
    return records
