"""One try of a family, and the arithmetic over all of them.

Decides what is remembered of every evaluation so that nothing need be run again, and what counts as a try: a distinct signal series.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from services.backtest.core.engine import Terms
from services.backtest.core.evidence.luck import sharpe_of
from services.backtest.core.fingerprint import canonical
from services.backtest.core.values import Floats, Times

COVERED = 0.8
"""Share of the judged bars that another try must have seen to be compared with."""


@dataclass(frozen=True)
class Trial:
    """One evaluation, never changed once stored.

    start_ms, end_ms: open times of the first and last bar. sharpe: per bar, None without spread. returns: (bars,) per-bar returns, little-endian
    float32. steps: the differences of the open times, compressed. at: when it was evaluated.
    """

    family_id: str
    code_hash: str
    signal_hash: str
    terms_hash: str
    start_ms: int
    end_ms: int
    bars: int
    sharpe: float | None
    returns: bytes
    steps: bytes
    at: datetime


@dataclass(frozen=True)
class Identity:
    """What names a trial: its family, the hashes of code and signals, the terms it ran at, and when."""

    family_id: str
    code_hash: str
    signal_hash: str
    terms: Terms
    at: datetime


def trial_of(identity: Identity, times: Times, returns: Floats) -> Trial:
    """Return what to remember of a run with (T,) per-bar `returns` on bars that open at (T,) `times`, epoch ms."""
    ratio = sharpe_of(returns)
    return Trial(
        family_id=identity.family_id,
        code_hash=identity.code_hash,
        signal_hash=identity.signal_hash,
        terms_hash=hashlib.sha256(canonical(asdict(identity.terms))).hexdigest(),
        start_ms=int(times[0]),
        end_ms=int(times[-1]),
        bars=len(times),
        sharpe=ratio if isinstance(ratio, float) else None,
        returns=returns.astype("<f4").tobytes(),
        steps=zlib.compress(np.diff(times).astype("<i8").tobytes()),
        at=identity.at,
    )


def returns_in(trial: Trial) -> Floats:
    """Return the (bars,) per-bar returns of a trial, to float32 precision (7 digits)."""
    return np.frombuffer(trial.returns, "<f4").astype(np.float64)


def times_in(trial: Trial) -> Times:
    """Return the (bars,) open times of a trial, epoch ms."""
    steps = np.frombuffer(zlib.decompress(trial.steps), "<i8")
    return np.concatenate(([trial.start_ms], trial.start_ms + np.cumsum(steps))).astype(np.int64)


def distinct(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the first trial of each signal hash, in order: the effective number of tries is their count."""
    first: dict[str, Trial] = {}
    for trial in trials:
        first.setdefault(trial.signal_hash, trial)
    return tuple(first.values())


def others(trials: Sequence[Trial], signal_hash: str) -> tuple[Trial, ...]:
    """Return the distinct trials of the family beside the one with `signal_hash`."""
    return tuple(trial for trial in distinct(trials) if trial.signal_hash != signal_hash)


def matrix(own: Trial, trials: Sequence[Trial]) -> Floats:
    """Return (T, N) returns of `own` (column 0) and its family's other distinct tries, on the bars all of them saw.

    A try that saw less than 80 % of the bars of `own` is left out.
    """
    axes: dict[tuple[int, bytes], Times] = {}
    for trial in (own, *others(trials, own.signal_hash)):
        if _axis(trial) not in axes:
            axes[_axis(trial)] = times_in(trial)
    base = axes[_axis(own)]
    covering = {
        key for key, axis in axes.items() if len(np.intersect1d(axis, base, assume_unique=True)) >= COVERED * own.bars
    }
    members = [own, *(trial for trial in others(trials, own.signal_hash) if _axis(trial) in covering)]
    common = base
    for key in sorted(covering):
        common = np.intersect1d(common, axes[key], assume_unique=True)
    places = {key: np.searchsorted(axes[key], common) for key in covering}
    return np.column_stack([returns_in(trial)[places[_axis(trial)]] for trial in members])


def _axis(trial: Trial) -> tuple[int, bytes]:
    """Name the bars of a trial: most of a family share one axis, which is then decoded once."""
    return trial.start_ms, trial.steps
