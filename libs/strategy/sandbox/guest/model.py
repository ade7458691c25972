"""One job of a trained model inside the child: load it without pickle, ask it for each row, say what its probabilities mean.

Runs after the process was locked down, so that a file made to harm harms only its own job. What may be in a file is a fixed list of types;
the parent believes nothing of what is answered here beyond its form, which is that of `signals`.
"""

import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import skops.io as skops
from sklearn.ensemble import RandomForestClassifier
from skops.io.exceptions import UntrustedTypesFoundException

from libs.strategy.sandbox.calibration import calibrated, is_calibration
from libs.strategy.sandbox.matrix import MatrixIndex, pack_matrix, read_matrix
from libs.strategy.sandbox.wire import JobHeader

Answer: TypeAlias = tuple[dict[str, Any], bytes]
FloatArray = npt.NDArray[np.float64]

CONTRACT = "predict_proba"
FORMAT = 1
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types a file may hold beside those skops trusts by itself (scikit-learn's estimators, numpy): what fitted classifiers are made of.

Trees are indexed without bounds checks, so a forged one can crash the process; it is the child's.
"""

COLUMNS = ("probability", "confidence")
_BLOCK = 512
_MEMBER = re.compile(r"schema\.json|[0-9]{1,20}\.npy")
_MOST_BYTES = 256 * 1024 * 1024
_SYMBOL = "REHEARSAL"


class ModelError(Exception):
    """The file is no model that may run, or not one for these rows; the text says why."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model. up: which column of `predict_proba` is the chance of the label 1. silent_until_ms: open time of the last bar it learnt from."""

    estimator: Any
    timeframe: str
    features: tuple[str, ...]
    silent_until_ms: int
    calibration: dict[str, Any]
    up: int


def run(header: JobHeader, source: bytes, market: memoryview, *, guarded: bool) -> Answer:
    """Return header and payload of the result frame of one job.

    source: the model file. market: a matrix file. args: symbols, parameters {buy_above, sell_below}, explain. A row that is not whole, or of a bar the
    model learnt from, is a hold without a probability. guarded: as for code; the list of types holds either way.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _answered(header, source, market)
    except ModelError as error:
        told = {"code": "strategy.rejected", "type": "ModelError", "message": str(error)[:400], "line": None}
        return {"ok": False, "op": header.op, "error": told, "diagnostics": []}, b""


def load(data: bytes) -> Model:
    """Return the model in a file; raises ModelError for anything but a whole one made of trusted types."""
    _check_members(data)
    try:
        told = skops.loads(data, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise ModelError(f"the model holds types that are not allowed: {error}") from error
    except MemoryError:
        raise
    except Exception as error:
        raise ModelError(f"the model cannot be read: {type(error).__name__}: {error}") from error
    return _model_of(told)


def probabilities(model: Model, rows: FloatArray, slots: npt.NDArray[np.int64]) -> FloatArray:
    """Return the calibrated chance of "up" for rows, (n, F) finite; raises ModelError where the classifier gives none.

    slots: (n,) which bar of all time each row is of, ascending. A row always stands at the same place of a block of the same size, because products
    of matrices differ in the last bit with the number of rows: so it gets the same chance in whatever window it is asked about.
    """
    found = np.empty(len(rows))
    parted = (np.diff(slots // _BLOCK) != 0) | (np.diff(slots) == 0)
    for first, stop in pairwise([0, *(np.flatnonzero(parted) + 1).tolist(), len(rows)]):
        if first < stop:
            block, places = np.zeros((_BLOCK, rows.shape[1])), slots[first:stop] % _BLOCK
            block[places] = rows[first:stop]
            found[first:stop] = _asked(model, block)[places]
    return found


def _asked(model: Model, block: FloatArray) -> FloatArray:
    raw = np.asarray(model.estimator.predict_proba(block), np.float64)
    if raw.ndim != 2 or raw.shape[0] != len(block) or model.up >= raw.shape[1]:
        raise ModelError("the classifier gives no probability for each row")
    found = calibrated(model.calibration, np.ascontiguousarray(raw[:, model.up]))
    if not np.isfinite(found).all() or found.min() < 0.0 or found.max() > 1.0:
        raise ModelError("the classifier gives a probability that is none")
    return found


def rehearse() -> None:
    """Run a small forest on made-up rows, and forget it. Raises RuntimeError if it does not answer."""
    source, market = _rehearsal()
    args = {"symbols": [_SYMBOL], "parameters": {"buy_above": 0.6, "sell_below": 0.4}, "explain": True}
    told, payload = run(JobHeader(0, "signals", args=args), source, memoryview(market), guarded=True)
    if not told["ok"] or not payload:
        raise RuntimeError(f"the rehearsal failed: {told}"[:500])


def _answered(header: JobHeader, source: bytes, market: memoryview) -> Answer:
    if header.op != "signals":
        raise ModelError(f"a model does not answer {header.op}")
    model, index = load(source), read_matrix(market)
    if (model.timeframe, model.features) != (index.timeframe, index.features):
        raise ModelError(
            f"the model is for {model.timeframe} bars with other features, these are {index.timeframe} bars"
        )
    symbols, bounds = header.args["symbols"], header.args["parameters"]
    parts: list[bytes] = []
    chance = np.empty(0)
    for symbol in symbols:
        chance = _chances(model, index, market, symbol)
        parts.append(actions_of(chance, bounds["buy_above"], bounds["sell_below"]).tobytes())
    columns = list(COLUMNS) if header.args.get("explain") and len(symbols) == 1 else []
    if columns:
        parts += [chance.astype("<f8").tobytes(), confidence_of(chance, parts[0]).astype("<f8").tobytes()]
    told = {
        "ok": True,
        "op": header.op,
        "contract": CONTRACT,
        "symbols": [{"symbol": each, "rows": index.symbols[each].rows, "error": None} for each in symbols],
        "warnings": [],
        "values": {"columns": columns} if columns else {},
        "repeatable": True,
    }
    return told, b"".join(parts)


def actions_of(chance: FloatArray, buy_above: float, sell_below: float) -> npt.NDArray[np.int8]:
    """Return (T,) int8: 1 where the chance of "up" is above `buy_above`, -1 below `sell_below`, else 0, also where it is NaN."""
    with np.errstate(invalid="ignore"):
        found: npt.NDArray[np.int8] = (chance > buy_above).astype(np.int8) - (chance < sell_below).astype(np.int8)
    return found


def confidence_of(chance: FloatArray, actions: bytes) -> FloatArray:
    """Return the calibrated chance that the side taken is right, NaN where none is taken."""
    side = np.frombuffer(actions, np.int8)
    found: FloatArray = np.where(side > 0, chance, np.where(side < 0, 1.0 - chance, np.nan))
    return found


def _chances(model: Model, index: MatrixIndex, market: memoryview, symbol: str) -> FloatArray:
    times, numbers = index.block(market, symbol)
    rows = np.asarray(numbers).reshape(len(times), len(index.features))
    opened = np.asarray(times, np.int64)
    asked = np.isfinite(rows).all(axis=1) & (opened > model.silent_until_ms)
    found = np.full(len(times), np.nan)
    found[asked] = probabilities(model, rows[asked], opened[asked] // index.timeframe_ms)
    return found


def _check_members(data: bytes) -> None:
    """Refuse what is no plain archive of one schema and arrays, before anything in it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ModelError("the file is no model of skops") from error
    names = [member.filename for member in members]
    foreign = sorted(name for name in names if not _MEMBER.fullmatch(name))
    if foreign or len(set(names)) != len(names):
        raise ModelError(f"the file holds {foreign[0][:40]!r}" if foreign else "the file holds a member twice")
    if sum(member.file_size for member in members) > _MOST_BYTES:
        raise ModelError(f"the file unpacks to more than {_MOST_BYTES // 2**20} MB")


def _model_of(told: Any) -> Model:
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ModelError("the file is a model of another format")
    estimator, features = told.get("estimator"), told.get("features")
    classes = [int(each) for each in getattr(estimator, "classes_", ())]
    if not callable(getattr(estimator, "predict_proba", None)) or sorted(classes) != [0, 1]:
        raise ModelError("the file holds no classifier of the labels 0 and 1")
    if not isinstance(features, list) or not all(isinstance(each, str) for each in features):
        raise ModelError("the file names no features")
    timeframe, until, curve = told.get("timeframe"), told.get("silent_until_ms"), told.get("calibration")
    if not isinstance(timeframe, str) or type(until) is not int or not is_calibration(curve):
        raise ModelError("the file does not say for which bars it is, until when it learnt, or how it is calibrated")
    return Model(estimator, timeframe, tuple(features), until, dict(curve or {}), classes.index(1))


@cache
def _rehearsal() -> tuple[bytes, bytes]:
    """Return a model file and a matrix file, made once while files can still be opened."""
    rows = np.random.default_rng(0).normal(size=(64, 2))
    forest = RandomForestClassifier(4, max_depth=3, random_state=0, n_jobs=1).fit(rows, rows[:, 0] > 0)
    model = {
        "format": FORMAT,
        "timeframe": "1h",
        "features": ["a", "b"],
        "silent_until_ms": -1,
        "calibration": {"kind": "none"},
        "estimator": forest,
    }
    times = np.arange(len(rows), dtype=np.int64)
    packed = pack_matrix(("1h", 3_600_000), ("a", "b"), {_SYMBOL: (times.data, rows.data)})
    return skops.dumps(model), b"".join(packed)
