"""Trained models in the sandbox: the same numbers as outside, silent on what they learnt, and no file that harms anyone."""

import hashlib
import io
import json
import os
import pickle
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from libs.common.errors import BadInputError, ConflictError, NotFoundError, RefusedError, SentinelError
from libs.common.values import Timeframe
from libs.market.features import WARM_UP, matrix
from libs.market.frame import COLUMNS, Frame
from libs.strategy.runtime import Evaluation, evaluate, evaluate_all
from libs.strategy.sandbox.host.models import ModelPool
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import Strategy, parse
from tests.support.models import fitted
from tests.support.swings import swinging

BARS = swinging(600)
LEARNT = 400


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelPool]:
    folder = tmp_path_factory.mktemp("models")
    with ModelPool(folder, 1) as made:
        yield made


@pytest.fixture(scope="module")
def forest() -> bytes:
    return fitted(BARS, RandomForestClassifier(10, min_samples_leaf=5, random_state=0, n_jobs=1), LEARNT)


def stored(pool: ModelPool, data: bytes, **parameters: float) -> Strategy:
    model_id = hashlib.sha256(data).hexdigest()
    pool.folder.path(model_id).write_bytes(data)
    return parse(kind="model", symbols=["BTCUSDT"], parameters={"model": model_id, **parameters})


def refusal(pool: ModelPool, data: bytes) -> str:
    said = evaluate_all(stored(pool, data), {"BTCUSDT": BARS}, pool)
    assert said.signals == {}
    fault = said.faults["BTCUSDT"]
    assert fault.code == "strategy.rejected", fault
    return fault.message


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def altered(data: bytes, change: Any) -> bytes:
    """Return a model file with `change(name, content)` done to each of its members."""
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        return archive(**{name: change(name, given.read(name)) for name in given.namelist()})


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(10, min_samples_leaf=5, random_state=0),
        ExtraTreesClassifier(10, min_samples_leaf=5, random_state=0),
        AdaBoostClassifier(n_estimators=5, random_state=0),
        GradientBoostingClassifier(n_estimators=5, random_state=0),
        HistGradientBoostingClassifier(max_iter=3, random_state=0, early_stopping=False),
        LogisticRegression(),
        GaussianNB(),
        KNeighborsClassifier(),
        MLPClassifier(max_iter=400, hidden_layer_sizes=(5,), random_state=0),
    ],
    ids=lambda made: type(made).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_model_says_in_the_sandbox_what_it_says_outside_and_nothing_of_bars_it_learnt(
    pool: ModelPool, estimator: Any
) -> None:
    strategy = stored(pool, fitted(BARS, estimator, LEARNT), buy_above=0.6, sell_below=0.4)
    signals = evaluate(strategy, BARS, pool)
    outside = estimator.predict_proba(matrix(BARS)[LEARNT + 1 :])[:, 1]
    chance = signals.values["probability"]
    np.testing.assert_allclose(chance[LEARNT + 1 :], outside, rtol=1e-12)
    assert np.isnan(chance[: LEARNT + 1]).all()
    assert not signals.actions[: LEARNT + 1].any()
    wanted = (outside > 0.6).astype(np.int8) - (outside < 0.4).astype(np.int8)
    assert signals.actions[LEARNT + 1 :].tolist() == wanted.tolist()
    side = np.where(wanted > 0, outside, np.where(wanted < 0, 1 - outside, np.nan))
    np.testing.assert_allclose(signals.values["confidence"][LEARNT + 1 :], side, rtol=1e-12)
    for first, stop in ((0, 500), (100, 467), (300, 600)):
        part = Frame.of(*(getattr(BARS, name)[:stop] for name in ("ts", *COLUMNS)))
        again = evaluate(strategy, part, pool).values["probability"]
        assert again[first:].tobytes() == chance[first:stop].tobytes()


def test_model_of_a_market_that_swings_foretells_it_and_says_why(pool: ModelPool, forest: bytes) -> None:
    signals = evaluate(stored(pool, forest, buy_above=0.6, sell_below=0.4), BARS, pool)
    came = np.sign(np.diff(BARS.close))
    spoken = np.flatnonzero(signals.actions[:-1])
    assert np.mean(signals.actions[spoken] == came[spoken]) > 0.6
    bar = int(spoken[0])
    told = signals.values_at(bar)
    assert f"predict_proba says {signals.actions[bar]}; probability" in signals.reason(bar)
    assert told["confidence"] is not None
    assert told["confidence"] > 0.6


def test_model_on_a_prefix_says_the_prefix(pool: ModelPool, forest: bytes) -> None:
    strategy = stored(pool, forest, buy_above=0.5, sell_below=0.5)
    whole = evaluate(strategy, BARS, pool)
    for stop in (500, 560, 599):
        cut = BARS.until(int(BARS.ts[stop - 1]))
        assert evaluate(strategy, cut, pool).actions.tobytes() == whole.actions[:stop].tobytes()


def test_model_on_many_symbols_says_of_each_what_it_says_of_it_alone(pool: ModelPool, forest: bytes) -> None:
    strategy = stored(pool, forest, buy_above=0.55, sell_below=0.45)
    frames = {f"S{number}": swinging(450 + number, number) for number in range(12)}
    many = evaluate_all(strategy, frames, pool)
    for symbol, frame in frames.items():
        assert many.signals[symbol].actions.tobytes() == evaluate(strategy, frame, pool).actions.tobytes()


def test_model_on_few_or_no_bars_holds(pool: ModelPool, forest: bytes) -> None:
    strategy = stored(pool, forest)
    assert not evaluate(strategy, BARS.tail(WARM_UP), pool).actions.any()
    assert len(evaluate(strategy, BARS.tail(0), pool)) == 0


def test_model_that_was_changed_on_the_disk_is_refused(pool: ModelPool, forest: bytes) -> None:
    strategy = stored(pool, forest, buy_above=0.7)
    path = pool.folder.path(strategy.parameters["model"])
    path.write_bytes(forest[:-30] + bytes([forest[-30] ^ 1]) + forest[-29:])
    with pytest.raises(ConflictError) as caught:
        evaluate(strategy, BARS, pool)
    path.write_bytes(forest)
    assert caught.value.code == "model.damaged"


def test_model_that_is_not_stored_and_a_pool_without_models_are_typed_errors(pool: ModelPool, forest: bytes) -> None:
    absent = parse(kind="model", symbols=["BTCUSDT"], parameters={"model": "0" * 64})
    with pytest.raises(NotFoundError) as caught:
        evaluate(absent, BARS, pool)
    assert caught.value.code == "model.unknown"
    with Pool(1) as code_only, pytest.raises(RefusedError):
        evaluate(stored(pool, forest), BARS, code_only)
    with pytest.raises(BadInputError):
        pool.folder.path("../../etc/passwd")


class Evil:
    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def test_file_with_a_pickle_is_refused_before_anything_in_it_runs(
    pool: ModelPool, forest: bytes, tmp_path: Path
) -> None:
    evil = Evil(tmp_path / "escaped")
    assert "no model of skops" in refusal(pool, pickle.dumps(evil))
    assert "holds 'model.pkl'" in refusal(pool, archive(model__pkl=pickle.dumps(evil)))
    array = np.empty(1, object)
    array[0] = evil
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=True)
    hidden = altered(forest, lambda name, data: packed.getvalue() if name.endswith(".npy") else data)
    assert "cannot be read" in refusal(pool, hidden)
    assert not evil.mark.exists()
    pickle.loads(pickle.dumps(evil))  # the pickle does work where it is read
    assert evil.mark.exists()


@pytest.mark.parametrize(
    ("module", "name", "loader"),
    [("posix", "system", "FunctionNode"), ("subprocess", "Popen", "TypeNode"), ("builtins", "eval", "FunctionNode")],
)
def test_file_with_a_foreign_type_is_refused_by_name(
    pool: ModelPool, forest: bytes, module: str, name: str, loader: str
) -> None:
    def add(member: str, data: bytes) -> bytes:
        if member != "schema.json":
            return data
        schema = json.loads(data)
        content: Any = {"module_path": module, "function": name}
        node = {"__class__": name, "__module__": module, "__loader__": loader, "content": content, "__id__": 999_999}
        schema["content"]["features"] = node
        return json.dumps(schema).encode()

    message = refusal(pool, altered(forest, add))
    assert "not allowed" in message
    assert name in message


def test_file_that_unpacks_to_too_much_is_refused(pool: ModelPool) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for number in range(9):
            made.writestr(f"{number}.npy", bytes(32 * 2**20))
    assert "unpacks to more than 256 MB" in refusal(pool, packed.getvalue())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timeframe": "4h"}, "for 4h bars"),
        ({"features": ["rsi_14"]}, "other features"),
        ({"format": 2}, "another format"),
        ({"calibration": {"kind": "magic"}}, "calibrated"),
        ({"silent_until_ms": "never"}, "until when it learnt"),
        ({"estimator": {"predict_proba": 1}}, "no classifier"),
    ],
)
def test_file_that_is_no_model_for_these_bars_says_why(pool: ModelPool, changes: dict[str, Any], words: str) -> None:
    assert words in refusal(pool, fitted(BARS, GaussianNB(), LEARNT, **changes))


def test_forged_tree_ends_its_own_job_and_the_next_is_served(pool: ModelPool, forest: bytes) -> None:
    def forge(name: str, data: bytes) -> bytes:
        if not name.endswith(".npy"):
            return data
        array = np.load(io.BytesIO(data))
        if array.dtype.names and "left_child" in array.dtype.names:
            array["left_child"] = array["right_child"] = 2**40
        packed = io.BytesIO()
        np.save(packed, array)
        return packed.getvalue()

    strategy = stored(pool, altered(forest, forge))
    said: Evaluation | None = None
    try:
        said = evaluate_all(strategy, {"BTCUSDT": BARS}, pool)
    except SentinelError as error:
        assert error.code == "sandbox.unavailable"  # noqa: PT017 - killed twice, it may count as a machine in need
    assert said is None or said.faults["BTCUSDT"].code in ("strategy.crash", "strategy.rejected", "strategy.raised")
    assert evaluate(stored(pool, forest), BARS, pool).speaker == "predict_proba"


def test_timeframe_of_the_strategy_is_the_models(pool: ModelPool, forest: bytes) -> None:
    other = replace(stored(pool, forest), timeframe=Timeframe.H4)
    said = evaluate_all(other, {"BTCUSDT": BARS}, pool)
    assert "the model is for 1h bars" in said.faults["BTCUSDT"].message


def test_models_run_behind_the_same_walls_as_code(pool: ModelPool, forest: bytes) -> None:
    evaluate(stored(pool, forest), BARS, pool)
    told = pool.models.capabilities()
    assert (told["sandbox"], told["self_test"], told["seccomp"]) == ("on", "passed", "yes")
    assert pool.capabilities()["models"] == "on"
