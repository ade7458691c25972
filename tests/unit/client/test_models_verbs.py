"""train and models: what they send, what they print."""

from typing import Any

from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

MODEL = "6c" * 32
SCORES = {"rows": 500, "accuracy": 0.53, "balanced_accuracy": None, "log_loss": 0.69, "brier": 0.249}
CARD = {
    "model_id": MODEL,
    "estimator": "RandomForestClassifier",
    "symbols": ["BTCUSDT"],
    "timeframe": "1h",
    "learnt_rows": 2_000,
    "learnt_until": "2024-03-01T00:00:00+00:00",
    "chances_unseen": {"p01": 0.41, "p50": 0.5, "p99": 0.6},
    "scores": {"split": SCORES, "always_up": SCORES, "walk_forward": [SCORES, SCORES]},
}
JOB = {"id": "j1", "mode": "train", "state": "done", "result": CARD}
LISTED = {
    "id": MODEL,
    "name": "forest",
    "estimator": "RandomForestClassifier",
    "symbols": ["BTCUSDT"],
    "timeframe": "1h",
    "split": SCORES,
    "always_up": {**SCORES, "accuracy": 0.5},
    "at": "2024-06-01T00:00:00Z",
}


def test_train_sends_the_wish_and_prints_the_scores_beside_the_baseline(gateway: Any, run: Any) -> None:
    server = gateway({("POST", "/api/v1/models/train"): (200, JOB)})
    given = ("--symbol", "BTCUSDT", "--option", "n_estimators=50", "--option", "criterion=entropy", "--name", "forest")
    status, out, _ = run("train", *given)
    assert status == 0, out
    [(_, _, asked)] = server.asked
    assert asked["options"] == {"n_estimators": 50, "criterion": "entropy"}
    assert MODEL in out
    assert "always up" in out
    assert "silent until then" in out


def test_train_with_an_option_without_a_value_is_refused(gateway: Any, run: Any) -> None:
    gateway({})
    status, _, err = run("train", "--symbol", "BTCUSDT", "--option", "n_estimators")
    assert status != 0
    assert "name=value" in err


def test_models_lists_what_was_trained_and_shows_one(gateway: Any, run: Any) -> None:
    gateway(
        {
            ("GET", "/api/v1/models"): (200, {"items": [LISTED], "next_cursor": None}),
            ("GET", f"/api/v1/models/{MODEL}"): (200, {**LISTED, "card": CARD}),
        }
    )
    status, out, _ = run("models")
    assert status == 0
    assert MODEL in out
    assert "0.5300\t0.5000" in out
    status, out, _ = run("models", MODEL)
    assert status == 0
    assert "fold 2" in out
