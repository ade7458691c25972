"""A forest trained on real Bitcoin bars, proposed, judged with all evidence, from order to verdict."""

import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from libs.common.commands import ImportBars, TrainModel
from libs.common.events import JobProgressed, ModelTrained, StrategyJudged, StrategyProposed
from libs.common.values import to_epoch_ms
from services.strategy_gen.app import build as build_strategy_gen
from services.strategy_gen.settings import Settings as StrategyGenSettings
from tests.support.bench import Bench
from tests.support.ingest import service as ingest
from tests.support.models import train, training_service
from tests.unit.ingest.csv_cases import NOW

BITCOIN = Path(__file__).resolve().parents[2] / "../shared/data/crypto/BTCUSDT_binance-spot_1h_2017-2022.csv.gz"


async def test_a_forest_on_real_bars_is_trained_proposed_and_judged_on_bars_it_has_not_seen(tmp_path: Path) -> None:
    if not BITCOIN.is_file():
        pytest.skip("real prices are absent")
    async with Bench.open(ingest(tmp_path), tmp_path) as bench:
        await bench.deliver(
            ImportBars.first(key="b", at=NOW, path=str(BITCOIN.resolve()), symbol="BTCUSDT", timeframe="1h")
        )
    async with training_service(tmp_path) as bench:
        command = TrainModel.first(
            key="t",
            at=NOW,
            name="forest",
            symbol="BTCUSDT",
            start=datetime(2021, 9, 1, tzinfo=UTC),
            options={"n_estimators": 20},
            folds=3,
            buy_above=0.52,
            sell_below=0.48,
            asked_by="ann",
        )
        progress: list[JobProgressed] = []
        trained = await train(bench, command, progress)
        assert isinstance(trained, ModelTrained), trained
        proposed = await _proposed(tmp_path, trained)
        published = await bench.deliver(proposed)
    [judged] = [StrategyJudged.parse(body, subject) for subject, body in published if "judged" in subject]
    card = json.loads((tmp_path / "models" / f"{trained.model_id}.json").read_text())
    report = orjson.loads(next((tmp_path / "reports").rglob(f"{judged.report_key}.json")).read_bytes())
    assert (progress[-1].done, progress[-1].total) == (7, 7)
    assert judged.evidence is not None
    assert judged.evidence.holdout is not None
    assert card["end_ms"] <= to_epoch_ms(judged.evidence.holdout.boundary)
    assert judged.evidence.look_ahead_passed is True
    assert judged.evidence.reproducible is True
    assert report["metadata"]["kind"] == "model"
    assert len(report["trades"]) > 20
    assert all(trade["entry_time"] > card["silent_until_ms"] for trade in report["trades"])
    assert all(0.52 < trade["entry_values"]["confidence"] < 1 for trade in report["trades"])


async def _proposed(folder: Path, trained: ModelTrained) -> StrategyProposed:
    async with Bench.open(build_strategy_gen(StrategyGenSettings(data_dir=folder)), folder) as bench:
        [(subject, body)] = await bench.deliver(trained)
        assert await bench.deliver(trained) == []
    proposed = StrategyProposed.parse(body, subject)
    assert (proposed.kind, proposed.origin, proposed.family_id) == ("model", "model", trained.family_id)
    assert proposed.parameters == {"model": trained.model_id, "buy_above": 0.52, "sell_below": 0.48}
    return proposed
