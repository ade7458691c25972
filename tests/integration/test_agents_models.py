"""An agent of a trained model says live, bar by bar, what the backtest path says of the whole window."""

import hashlib
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from libs.common.events import BarClosed, SignalRaised
from libs.common.values import Action
from libs.market.catalog_writer import CatalogWriter
from libs.strategy.runtime import evaluate
from libs.strategy.sandbox.host.models import ModelPool
from libs.strategy.spec import from_definition
from services.agents.app import build
from services.agents.settings import Settings
from tests.support.bench import Bench
from tests.support.build import bar, hour, promoted
from tests.support.models import fitted
from tests.support.swings import swinging

LEARNT, NEWEST = 300, 380
ACTIONS = {1: Action.BUY, 0: Action.HOLD, -1: Action.SELL}


def closed(place: int) -> BarClosed:
    values = {name: float(getattr(BARS, name)[place]) for name in ("open", "high", "low", "close", "volume")}
    return bar(place, "BTCUSDT", simulated=True, **values)


BARS = swinging(NEWEST)


async def test_agent_of_a_model_says_what_the_backtest_path_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", BARS, "test", True)
    data = fitted(BARS, LogisticRegression(), LEARNT)
    model_id = hashlib.sha256(data).hexdigest()
    settings.models_dir.mkdir()
    (settings.models_dir / f"{model_id}.skops").write_bytes(data)
    parameters = {"model": model_id, "buy_above": 0.55, "sell_below": 0.45}
    strategy = promoted(kind="model", rules=None, code=None, parameters=parameters, anchor=hour(0))
    said: list[SignalRaised] = []
    service = build(settings)
    async with Bench.open(service, tmp_path) as bench:
        await bench.deliver(strategy)
        for place in range(LEARNT - 3, NEWEST, 8):
            published = await bench.deliver(closed(place))
            said += [SignalRaised.parse(body, subject) for subject, body in published if subject.startswith("signals.")]
    assert service.close is not None
    service.close()
    with ModelPool(settings.models_dir, 1) as pool:
        whole = evaluate(from_definition(strategy), BARS, pool)
    places = {int(signal.open_time.timestamp()) * 1_000: signal for signal in said}
    told = [(place, places[int(ms)]) for place, ms in enumerate(BARS.ts) if int(ms) in places]
    assert len(told) > 20
    for place, signal in told:
        assert signal.action is ACTIONS[int(whole.actions[place])], place
        assert signal.values == whole.values_at(place)
        assert signal.reasoning == whole.reason(place)
    assert {signal.action for _, signal in told} == set(ACTIONS.values())
