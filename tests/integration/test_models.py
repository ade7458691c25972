"""Training through the service: same bytes twice, the bars kept back unseen, a restart in between, and what is refused."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import CancelJob
from libs.common.errors import BadInputError, PermanentError, TransientError
from libs.common.events import JobFailed, JobProgressed, ModelTrained, StrategyJudged, StrategyProposed
from libs.common.training import TrainModel
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import CatalogWriter
from services.backtest.core.evidence.holdout import fix
from services.backtest.models.process import Trainings
from services.backtest.models.task import Labelling, TrainingTask
from services.backtest.models.training import train as fit
from services.strategy_gen.app import build as build_strategy_gen
from services.strategy_gen.settings import Settings as StrategyGenSettings
from tests.support.bench import Bench
from tests.support.build import START
from tests.support.models import TrainingOutlet, train, training_service
from tests.support.swings import swinging

BARS = swinging(2_160)
LOGISTIC = {"symbol": "btcusdt", "estimator": "LogisticRegression", "folds": 3, "name": "swing"}


def command(key: str = "t", **fields: Any) -> TrainModel:
    return TrainModel.first(key=key, at=START + timedelta(days=200), **{**LOGISTIC, **fields})


@pytest.fixture
def market(tmp_path: Path) -> Path:
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", BARS, "test", False)
    return tmp_path


async def ended(folder: Path, order: TrainModel) -> ModelTrained | JobFailed:
    async with training_service(folder) as bench:
        return await train(bench, order)


def card_of(folder: Path, trained: ModelTrained) -> dict[str, Any]:
    return dict(json.loads((folder / "models" / f"{trained.model_id}.json").read_text()))


async def test_training_the_same_twice_gives_the_same_bytes_and_says_how_far_it_is(market: Path) -> None:
    progress: list[JobProgressed] = []
    async with training_service(market) as bench:
        first = await train(bench, command(estimator="RandomForestClassifier", options={"n_estimators": 5}), progress)
        assert isinstance(first, ModelTrained), first
        path = market / "models" / f"{first.model_id}.skops"
        body = path.read_bytes()
        path.unlink()
        again = await train(bench, command("u", estimator="RandomForestClassifier", options={"n_estimators": 5}))
    assert isinstance(again, ModelTrained)
    assert (again.model_id, again.split) == (first.model_id, first.split)
    assert path.read_bytes() == body
    assert [each.done for each in progress] == sorted(each.done for each in progress)
    assert {each.phase for each in progress} == {"walk-forward", "calibration", "fitting the model"}
    assert (progress[-1].done, progress[-1].total) == (7, 7)


async def test_training_finds_what_can_be_foretold_and_shows_it_beside_the_baseline(market: Path) -> None:
    trained = await ended(market, command())
    assert isinstance(trained, ModelTrained)
    card = card_of(market, trained)
    split, base = card["scores"]["split"], card["scores"]["always_up"]
    assert split["accuracy"] > base["accuracy"] + 0.1
    assert split["log_loss"] < base["log_loss"]
    assert split["brier"] < base["brier"]
    assert all(fold["accuracy"] > fold["always_up"]["accuracy"] for fold in card["scores"]["walk_forward"])
    assert (trained.split, trained.always_up) == (split, base)


async def test_training_leaves_the_bars_kept_back_from_its_family_alone(market: Path) -> None:
    boundary_ms = fix("fam", BARS.ts, START).boundary_ms
    trained = await ended(market, command(end=from_epoch_ms(int(BARS.ts[-1]))))
    assert isinstance(trained, ModelTrained)
    card = card_of(market, trained)
    assert card["end_ms"] <= boundary_ms
    assert to_epoch_ms(trained.silent_until) < boundary_ms - 86_400_000
    seen = BARS.until(boundary_ms - 1)
    assert card["rows"] == len(seen) - 33 - 1


async def test_training_begins_again_after_the_service_was_killed(market: Path) -> None:
    order = command()
    async with training_service(market) as bench:
        started = await bench.deliver(order)
    assert any(subject.startswith("backtests.started.") for subject, _ in started)
    async with training_service(market) as bench:
        trained = await train(bench, order)
    assert isinstance(trained, ModelTrained)
    assert trained.job_id == order.event_id


async def test_model_trained_becomes_a_proposal_once_and_is_judged_on_what_it_has_not_seen(market: Path) -> None:
    trained = await ended(market, command(asked_by="ann", buy_above=0.6, sell_below=0.4))
    assert isinstance(trained, ModelTrained)
    proposed = await proposal_of(market, trained)
    async with training_service(market) as bench:
        published = await bench.deliver(proposed)
    [judged] = [StrategyJudged.parse(body, subject) for subject, body in published if ".judged." in subject]
    assert judged.evidence is not None
    assert (judged.evidence.look_ahead_passed, judged.evidence.reproducible) == (True, True)
    assert judged.window_start < trained.silent_until < judged.window_end
    report = json.loads(next((market / "reports").rglob(f"{judged.report_key}.json")).read_bytes())
    assert len(report["trades"]) > 20
    assert min(trade["entry_time"] for trade in report["trades"]) > to_epoch_ms(trained.silent_until)


async def proposal_of(market: Path, trained: ModelTrained) -> StrategyProposed:
    async with Bench.open(build_strategy_gen(StrategyGenSettings(data_dir=market)), market) as bench:
        [(subject, body)] = await bench.deliver(trained)
        assert await bench.deliver(trained) == []
    proposed = StrategyProposed.parse(body, subject)
    assert (proposed.kind, proposed.origin, proposed.submitted_by) == ("model", "model", "ann")
    assert proposed.family_id == trained.family_id
    assert proposed.parameters == {"model": trained.model_id, "buy_above": 0.6, "sell_below": 0.4}
    return proposed


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"estimator": "os.system"}, "model.estimator", "/estimator"),
        ({"estimator": "LinearRegression"}, "model.estimator", "/estimator"),
        ({"estimator": "Perceptron"}, "model.estimator", "/estimator"),
        ({"estimator": "VotingClassifier"}, "model.options", "/options"),
        ({"options": {"wings": 2}}, "model.options", "/options"),
        ({"options": {"random_state": 7}}, "model.options", "/options/random_state"),
        ({"options": {"C": {"deep": 1}}}, "model.options", "/options/C"),
        ({"options": {"C": -1.0}}, "model.fit", "/estimator"),
        ({"estimator": "MultinomialNB"}, "model.fit", "/estimator"),
        ({"label": Labelling("triple_barrier", 24, 9.0, 0.001)}, "model.one_label", "/label"),
        ({"folds": 20}, "model.too_few_rows", "/start"),
    ],
)
def test_training_that_cannot_be_done_says_why(fields: dict[str, Any], code: str, pointer: str) -> None:
    task = TrainingTask(("BTCUSDT",), "1h", 0, 1, **{"estimator": "LogisticRegression", **fields})
    with pytest.raises(BadInputError) as caught:
        fit(task, {"BTCUSDT": BARS}, lambda phase, done: None)
    assert (caught.value.code, caught.value.pointer) == (code, pointer), caught.value.detail


async def test_training_that_cannot_be_done_ends_its_job_and_stores_nothing(market: Path) -> None:
    failed = await ended(market, command(estimator="os.system"))
    assert isinstance(failed, JobFailed)
    assert (failed.code, failed.pointer, failed.mode) == ("model.estimator", "/estimator", "train")
    assert not (market / "models").exists()


async def test_training_that_takes_too_long_is_ended(market: Path) -> None:
    task = TrainingTask(("BTCUSDT",), "1h", int(BARS.ts[0]), int(BARS.ts[-1]), "RandomForestClassifier")
    trainings = Trainings(market, longest_s=0.2)
    with pytest.raises(PermanentError) as caught:
        await asyncio.to_thread(trainings.run, task, lambda phase, done: None)
    assert caught.value.code == "model.too_slow"
    trainings.close()
    with pytest.raises(TransientError):
        trainings.run(task, lambda phase, done: None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": None}, "model.no_symbol"),
        ({"symbol": "ETHUSDT"}, "data.unknown_symbol"),
        ({"symbol": "?"}, "input.symbol"),
        ({"timeframe": "7m"}, "input.timeframe"),
        ({"buy_above": 0.4, "sell_below": 0.6}, "model.thresholds"),
        ({"start": START + timedelta(days=89)}, "backtest.holdout"),
        ({"end": START - timedelta(days=8)}, "backtest.no_bars"),
    ],
)
async def test_training_without_sense_is_refused_at_once(market: Path, fields: dict[str, Any], code: str) -> None:
    async with training_service(market) as bench:
        order = command(**fields)
        work = bench.row(order).work
        assert work is not None
        with pytest.raises(PermanentError) as caught:
            await work(order)
    assert caught.value.code == code


async def test_cancelled_training_ends_at_once_and_the_one_behind_it_goes_on(market: Path) -> None:
    slow = command("slow", estimator="RandomForestClassifier", options={"n_estimators": 20_000})
    stop = CancelJob.first(key="stop", at=START, job_id=slow.event_id)
    async with training_service(market) as bench, asyncio.timeout(60):
        await bench.deliver(slow)
        outlet = TrainingOutlet(bench)
        keeping = asyncio.create_task(bench.row(slow).handle.__self__.keep(outlet))  # type: ignore[attr-defined]
        await outlet.heard.wait()
        told = dict(await bench.deliver(stop))
        await bench.deliver(command("next"))
        published: list[tuple[str, bytes]] = []
        while not any(subject.startswith("models.trained.") for subject, _ in published):
            await outlet.moved.wait()
            outlet.moved.clear()
            published += await bench.published()
        keeping.cancel()
        [(_, again)] = await bench.deliver(CancelJob.first(key="again", at=START, job_id=slow.event_id))
    assert json.loads(told[f"backtests.stopped.{slow.event_id}"])["cancelled"]
    [trained] = [json.loads(body) for subject, body in published if subject.startswith("models.trained.")]
    assert trained["job_id"] == command("next").event_id
    assert json.loads(again)["code"] == "job.ended"
