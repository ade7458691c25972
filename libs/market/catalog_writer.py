"""The bar catalog as ingest writes it. One process writes; everyone else reads through `Catalog`.

Promises: what is reported as stored is on the disk (fsync); a kill at any moment leaves a readable series, an append cut short
leaves its first bars; a stored bar is final and is never changed. Refuses to mix simulated and real bars in one series.
Every method raises StoreUnavailableError when the disk is full or gone; nothing is stored then.
"""

import json
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.common.errors import ConflictError
from libs.market.durable import Disk
from libs.market.frame import COLUMNS, Frame
from libs.market.records import (
    RECORD,
    Origin,
    as_frame,
    as_records,
    bars_path,
    read_origin,
    sound_bars,
)

_LONGEST_SOURCE = 64


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge did. conflicts: open times (epoch ms) stored with other values; if there is one, nothing was written."""

    added: int = 0
    duplicates: int = 0
    conflicts: list[int] = field(default_factory=list)


class CatalogWriter:
    """Writes the bars under `root`; frames come from `Frame.of` or a catalog, so they are known to be valid."""

    def __init__(self, root: Path):
        """Write below `root`; folders are made when needed."""
        self._root = root
        self._disk = Disk()

    def together(self) -> AbstractContextManager[None]:
        """Return the block in which many series cost the disk little more than one; each at most once in it.

        New series appear at its end, none if it raises. Series that were there keep what was appended, so a caller that wants
        all or nothing works on copies.
        """
        return self._disk.together()

    def append(self, symbol: str, timeframe: str, frame: Frame, source: str, simulated: bool) -> int:
        """Store the bars newer than the last stored one and return how many; older ones are skipped, not compared.

        source: where they are from, at most 64 characters. Raises ConflictError if the series is simulated and these bars
        are not, or the other way round.
        """
        path = bars_path(self._root, symbol, timeframe)
        stored = _cut_and_read(path)
        newer = frame.between(int(stored["ts"][-1]) + 1, None) if len(stored) else frame
        if len(newer):
            self._claim(path, source, simulated)
            self._disk.append(path, as_records(newer).tobytes())
        return len(newer)

    def merge(self, symbol: str, timeframe: str, frame: Frame, source: str, simulated: bool) -> MergeResult:
        """Store bars of any time. Identical stored bars are duplicates; one that differs is a conflict: nothing is written.

        Bars before the end rewrite the file under another name and rename it. Raises as `append`.
        """
        path = bars_path(self._root, symbol, timeframe)
        stored = _cut_and_read(path)
        fresh, duplicates, conflicts = _compare(as_frame(stored), frame)
        if conflicts or not fresh.any():
            return MergeResult(0, duplicates, conflicts)
        self._claim(path, source, simulated)
        added = as_records(frame)[fresh]
        if not len(stored) or added["ts"][0] > stored["ts"][-1]:
            self._disk.append(path, added.tobytes())
        else:
            both = np.concatenate((stored, added))
            self._disk.replace(path, both[np.argsort(both["ts"], kind="stable")].tobytes())
        return MergeResult(len(added), duplicates, [])

    def _claim(self, path: Path, source: str, simulated: bool) -> None:
        self._disk.make_folder(path.parent)
        origin = Origin(source, simulated)
        if path.exists():
            known = read_origin(path)
            if known.simulated != simulated:
                raise ConflictError(
                    f"{path.stem} holds {_word(known.simulated)} bars, these are {_word(simulated)}",
                    code="data.mixed_origin",
                    hint="keep simulated and real prices in different data directories",
                )
            origin = Origin(_joined(known.source, source), simulated)
            if origin == known:
                return
        said = json.dumps({"source": origin.source, "simulated": origin.simulated}, sort_keys=True).encode()
        self._disk.replace(path.with_suffix(".json"), said)


def _word(simulated: bool) -> str:
    return "simulated" if simulated else "real"


def _joined(known: str, source: str) -> str:
    if source in known.split("+"):
        return known
    joined = f"{known}+{source}"
    return joined if len(joined) <= _LONGEST_SOURCE else "several"


def _cut_and_read(path: Path) -> npt.NDArray[np.void]:
    """Cut a tail that a crash tore, and map what is left."""
    if not path.exists() or not path.stat().st_size:
        return np.empty(0, RECORD)
    size = path.stat().st_size
    whole = size // RECORD.itemsize
    records: npt.NDArray[np.void] = np.empty(0, RECORD)
    if whole:
        records = np.asarray(np.memmap(path, RECORD, "r", shape=(whole,)))
    sound = sound_bars(records)
    if sound * RECORD.itemsize != size:
        with path.open("r+b") as file:
            file.truncate(sound * RECORD.itemsize)
            os.fsync(file.fileno())
    return records[:sound]


def _compare(stored: Frame, frame: Frame) -> tuple[npt.NDArray[np.bool_], int, list[int]]:
    known = np.array(stored.ts)
    place = np.searchsorted(known, frame.ts)
    met = np.zeros(len(frame), np.bool_)
    if len(known):
        inside = place < len(known)
        met[inside] = known[place[inside]] == frame.ts[inside]
    differs = np.zeros(len(frame), np.bool_)
    for name in COLUMNS:
        differs[met] |= getattr(stored, name)[place[met]] != getattr(frame, name)[met]
    return ~met, int(met.sum() - differs.sum()), [int(open_ms) for open_ms in frame.ts[differs]]
