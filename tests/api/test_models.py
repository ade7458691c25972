"""Models over HTTP: trained as a job, listed, each with its card."""

import hashlib
import json
from typing import Any

import pytest

from libs.common.events import JobDone, JobStarted, ModelTrained
from libs.common.training import TrainModel
from tests.api.test_jobs import answering
from tests.api.world import World, nothing_asked, refused
from tests.support.build import START

SCORES = {"rows": 500, "accuracy": 0.53, "balanced_accuracy": 0.52, "log_loss": 0.69, "brier": 0.249}
CARD = {"model_id": "6c" * 32, "scores": {"split": SCORES}}
ASKED = {"symbol": "BTCUSDT", "timeframe": "1h", "options": {"n_estimators": 50}}
COMMAND = TrainModel.first(key="t", at=START, symbol="BTCUSDT")


def keep(world: World) -> str:
    raw = json.dumps(CARD).encode()
    key = hashlib.sha256(raw).hexdigest()
    path = world.settings.reports_dir / key[:2] / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return key


def trained(key: str, **changes: Any) -> ModelTrained:
    told: dict[str, Any] = {
        "model_id": CARD["model_id"],
        "job_id": "j1",
        "family_id": "fam-1",
        "symbols": ("BTCUSDT",),
        "timeframe": "1h",
        "estimator": "RandomForestClassifier",
        "label": "next_bar",
        "calibration": "sigmoid",
        "buy_above": 0.55,
        "sell_below": 0.45,
        "start": START,
        "end": START,
        "silent_until": START,
        "rows": 600,
        "learnt_rows": 500,
        "split": SCORES,
        "always_up": SCORES,
        "data_hash": "ab",
        "result_key": key,
    }
    return ModelTrained.after(COMMAND, **(told | changes))


def words() -> dict[str, Any]:
    return {"job_id": "j1", "mode": "train", "name": "forest", "symbols_total": 1, "shards": 1}


async def test_training_answers_202_with_the_place_of_its_job(world: World) -> None:
    answering(world, JobStarted.after(COMMAND, **words()))
    reply = await world.client.post("/api/v1/models/train", json=ASKED)
    assert (reply.status_code, reply.headers["location"]) == (202, "/api/v1/jobs/j1"), reply.text
    (command,) = world.outlet.asked
    assert isinstance(command, TrainModel)
    assert (command.symbol, command.options) == ("BTCUSDT", {"n_estimators": 50})


async def test_training_that_ends_while_the_request_waits_answers_the_card(world: World) -> None:
    done = JobDone.after(COMMAND, **words(), summary={}, result_key=keep(world))
    answering(world, JobStarted.after(COMMAND, **words()), done)
    reply = await world.client.post("/api/v1/models/train", json=ASKED, headers={"Prefer": "wait=5"})
    assert reply.status_code == 200, reply.text
    assert reply.json()["result"] == CARD


async def test_models_are_listed_newest_first_and_each_has_its_card(world: World) -> None:
    key = keep(world)
    other = trained(key, model_id="7d" * 32).model_copy(update={"event_id": "other"})
    await world.fold(trained(key), other)
    listed = (await world.client.get("/api/v1/models")).json()["items"]
    assert {each["id"] for each in listed} == {"6c" * 32, "7d" * 32}
    one = (await world.client.get(f"/api/v1/models/{'6c' * 32}")).json()
    assert one["self"] == f"/api/v1/models/{'6c' * 32}"
    assert (one["split"], one["card"]) == (SCORES, CARD)


async def test_unknown_model_is_a_404(world: World) -> None:
    reply = await world.client.get(f"/api/v1/models/{'0' * 64}")
    assert (reply.status_code, reply.json()["code"]) == (404, "model.unknown")


async def test_training_refused_by_the_service_says_why(world: World) -> None:
    world.outlet.answer = lambda command: refused(command, "model.no_symbol", pointer="/symbol")
    reply = await world.client.post("/api/v1/models/train", json={})
    assert reply.json()["code"] == "model.no_symbol"
    assert reply.status_code in (400, 422)


@pytest.mark.parametrize("body", [{**ASKED, "label": "tomorrow"}, {**ASKED, "folds": 1}, {**ASKED, "wings": 2}])
async def test_training_with_a_bad_field_is_refused_before_it_is_sent(world: World, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/api/v1/models/train", json=body)
    assert reply.status_code in (400, 422)
