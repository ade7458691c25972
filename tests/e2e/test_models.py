"""A model over the whole system: ordered on the bus, trained in the backtest service, proposed by strategy_gen, judged, shown by the gateway."""

from pathlib import Path

from libs.common.events import JobDone, ModelTrained, StrategyJudged, StrategyProposed
from libs.common.training import TrainModel
from libs.market.catalog import CatalogWriter
from tests.support.live import PARITY, live
from tests.support.swings import swinging


async def test_model_is_trained_proposed_and_judged_by_processes_that_know_nothing_of_each_other(
    tmp_path: Path,
) -> None:
    CatalogWriter(tmp_path / "data" / "catalog").append("BTCUSDT", "1h", swinging(2_160), "test", False)
    async with live(tmp_path / "data", PARITY, ("backtest", "strategy_gen")) as system:
        order = {"symbol": "BTCUSDT", "estimator": "LogisticRegression", "folds": 2}
        answer = await system.ask(TrainModel, **order)
        (done,) = await system.wait_for(JobDone, job_id=answer.result_ids[0])
        (trained,) = await system.wait_for(ModelTrained)
        (proposed,) = await system.wait_for(StrategyProposed, origin="model")
        (judged,) = await system.wait_for(StrategyJudged, strategy_id=proposed.strategy_id)
    assert done.summary["model_id"] == trained.model_id == proposed.parameters["model"]
    assert judged.evidence is not None
    assert judged.evidence.look_ahead_passed is True
