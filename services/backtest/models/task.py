"""One training as a value: which bars, which label, which classifier. Equal tasks on equal bars give equal bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Labelling:
    """What "up" means. kind: `next_bar` or `triple_barrier`; the rest is of the latter: bars, and fractions of the entry price."""

    kind: str = "next_bar"
    horizon: int = 1
    take_profit: float = 0.0
    stop_loss: float = 0.0


@dataclass(frozen=True)
class TrainingTask:
    """A training.

    symbols: canonical, sorted. start_ms, end_ms: bars that open in [start, end), epoch ms. options: of the classifier, as it names them. folds: of
    walk-forward and of calibration. embargo: bars left out around what is tested, None for the larger of the horizon and 1 % of the bars.
    calibration: `sigmoid`, `isotonic` or `none`.
    """

    symbols: tuple[str, ...]
    timeframe: str
    start_ms: int
    end_ms: int
    estimator: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: Labelling = Labelling()
    calibration: str = "sigmoid"
    folds: int = 5
    embargo: int | None = None

    def to_bytes(self) -> bytes:
        """Return the task as JSON; equal tasks give equal bytes."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, data: bytes) -> "TrainingTask":
        """Return the task that `to_bytes` wrote."""
        told = orjson.loads(data)
        return cls(**{**told, "symbols": tuple(told["symbols"]), "label": Labelling(**told["label"])})

    @property
    def seed(self) -> int:
        """Return the number every random choice of the training begins with."""
        return int.from_bytes(hashlib.sha256(self.to_bytes()).digest()[:4], "big") >> 1

    @property
    def steps(self) -> int:
        """Return how many classifiers are fitted: one a fold, the folds of calibration, and the one that is kept."""
        return self.folds + (0 if self.calibration == "none" else self.folds) + 1
