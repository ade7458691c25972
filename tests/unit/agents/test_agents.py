"""An agent says of every bar once what `evaluate` says of it, whatever is lost, late or repeated."""

from datetime import datetime
from pathlib import Path

import pytest

from libs.common.bus import Service
from libs.common.events import AlertRaised, BarClosed, SignalRaised, StrategyRetired
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.catalog_writer import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate
from libs.strategy.spec import from_definition
from services.agents.app import build
from services.agents.core import Agent
from services.agents.duty import Duties
from services.agents.settings import Settings
from tests.support.bench import Bench
from tests.support.build import RSI_EMA, hour, promoted, walk

BARS = walk(200)
STRATEGY = promoted(rules=RSI_EMA, anchor=hour(0))


def service(tmp_path: Path, bars: Frame = BARS) -> Service:
    settings = Settings(data_dir=tmp_path)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", bars, "test", True)
    return build(settings)


def closed(bars: Frame, i: int, symbol: str = "BTCUSDT") -> BarClosed:
    opened = from_epoch_ms(int(bars.ts[i]))
    close_time = opened + (hour(1) - hour(0))
    return BarClosed.first(
        key=BarClosed.key_of(symbol, "1h", opened),
        at=close_time,
        symbol=symbol,
        timeframe="1h",
        open_time=opened,
        close_time=close_time,
        open=float(bars.open[i]),
        high=float(bars.high[i]),
        low=float(bars.low[i]),
        close=float(bars.close[i]),
        volume=float(bars.volume[i]),
        source="test",
        simulated=True,
    )


def signals(out: list[tuple[str, bytes]]) -> list[SignalRaised]:
    return [SignalRaised.parse(body, subject) for subject, body in out if subject.startswith("signals.")]


async def test_signals_equal_evaluate_bar_for_bar(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(STRATEGY)
        said = signals(await bench.deliver(*(closed(BARS, i) for i in range(200))))
    whole = evaluate(from_definition(STRATEGY), BARS)
    names = {1: "buy", 0: "hold", -1: "sell"}
    assert [s.action for s in said] == [names[int(a)] for a in whole.actions]
    assert [s.reasoning for s in said] == [whole.reason(i) for i in range(200)]
    assert [s.values for s in said] == [whole.values_at(i) for i in range(200)]
    assert {s.action.value for s in said} == {"buy", "hold", "sell"}
    assert all(s.simulated for s in said)


async def test_lost_message_is_healed_by_the_next_with_the_same_ids(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(STRATEGY)
        await bench.deliver(closed(BARS, 100))
        healed = signals(await bench.deliver(closed(BARS, 103)))
    assert [s.open_time for s in healed] == [hour(101), hour(102), hour(103)]
    assert [s.caused_by for s in healed] == [closed(BARS, i).event_id for i in (101, 102, 103)]


async def test_repeated_and_late_bars_change_nothing_also_after_a_restart(tmp_path: Path) -> None:
    app = service(tmp_path)
    async with Bench.open(app, tmp_path) as bench:
        await bench.deliver(STRATEGY)
        await bench.deliver(closed(BARS, 100))
    async with Bench.open(app, tmp_path) as bench:
        assert await bench.deliver(closed(BARS, 100), closed(BARS, 99)) == []
        assert len(await bench.deliver(closed(BARS, 101))) == 1


async def test_bar_that_the_catalog_does_not_have_yet_is_tried_again(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, BARS.until(int(BARS.ts[50]))), tmp_path) as bench:
        await bench.deliver(STRATEGY)
        assert await bench.deliver(closed(BARS, 60)) == []
        assert [getattr(f.error, "code", "") for f in bench.failed] == ["data.behind"]


async def test_buy_has_stop_and_target_from_the_range_and_hold_has_none(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(STRATEGY)
        said = signals(await bench.deliver(*(closed(BARS, i) for i in range(200))))
    for signal in said[20:]:
        if signal.action == "buy":
            assert signal.stop is not None
            assert signal.target is not None
            assert signal.stop < signal.price < signal.target
        else:
            assert (signal.stop, signal.target) == (None, None)


async def test_stage_alert_alerts_when_the_condition_becomes_true_and_never_signals(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(rules=RSI_EMA, anchor=hour(0), stage="alert"))
        out = await bench.deliver(*(closed(BARS, i) for i in range(200)))
    raised = [AlertRaised.parse(body, subject) for subject, body in out]
    whole = evaluate(from_definition(STRATEGY), BARS).actions
    starts = [i for i in range(200) if whole[i] and (i == 0 or whole[i] != whole[i - 1])]
    assert [a.at for a in raised] == [hour(i + 1) for i in starts]


async def test_retired_strategy_is_silent(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(STRATEGY)
        await bench.deliver(StrategyRetired.after(STRATEGY, strategy_id="s1"))
        assert await bench.deliver(closed(BARS, 100)) == []


async def test_bars_before_the_anchor_are_met_with_silence(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(rules=RSI_EMA, anchor=hour(50)))
        assert await bench.deliver(*(closed(BARS, i) for i in range(50))) == []
        assert bench.failed == []
        assert len(await bench.deliver(closed(BARS, 50))) == 1


async def test_life_steps_out_of_order_leave_the_newest(tmp_path: Path) -> None:
    app = service(tmp_path)
    async with Bench.open(app, tmp_path) as bench:
        strategy = promoted(rules=RSI_EMA, anchor=hour(0), step=2)
        await bench.deliver(StrategyRetired.after(strategy, strategy_id="s1", step=3))
        await bench.deliver(strategy)
    async with Bench.open(app, tmp_path) as bench:
        assert await bench.deliver(closed(BARS, 100)) == []
        assert bench.state.agents == {}


@pytest.fixture
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.agents.duty.KEPT_BARS", 40)
    monkeypatch.setattr("services.agents.duty.MOST_BARS", 80)


@pytest.mark.usefixtures("short_history")
@pytest.mark.parametrize("anchor", [hour(0), None])
def test_history_that_grows_too_long_loses_its_oldest_bars_in_steps(tmp_path: Path, anchor: datetime | None) -> None:
    service(tmp_path)
    duties = Duties(Catalog(Settings(data_dir=tmp_path).catalog_dir))
    agent = Agent.of(promoted(rules=RSI_EMA, anchor=anchor))
    seen = {i: duties.of(agent, closed(BARS, i), None)[0] for i in (0, 79, 80, 119, 120)}
    assert {i: len(duty.bars) for i, duty in seen.items()} == {0: 1, 79: 80, 80: 41, 119: 80, 120: 41}
    healed = duties.of(agent, closed(BARS, 120), to_epoch_ms(hour(78)))
    assert [duty.key for duty in healed if duty.open_ms == seen[80].open_ms] == [seen[80].key]


@pytest.mark.usefixtures("short_history")
async def test_signals_of_several_symbols_do_not_depend_on_whose_bar_comes_first(tmp_path: Path) -> None:
    bodies = []
    for order in (("BTCUSDT", "ETHUSDT"), ("ETHUSDT", "BTCUSDT")):
        folder = tmp_path / order[0]
        agents = service(folder)
        CatalogWriter(Settings(data_dir=folder).catalog_dir).append("ETHUSDT", "1h", BARS, "test", True)
        async with Bench.open(agents, folder) as bench:
            rules = {"indicators": {"ema": {"period": 30}}}
            await bench.deliver(promoted(rules=rules, symbols=order, anchor=hour(0)))
            out = [await bench.deliver(*(closed(BARS, i, symbol) for symbol in order)) for i in range(78, 84)]
            bodies.append(sorted(body for each in out for _, body in each))
    assert len(bodies[0]) == 12
    assert bodies[0] == bodies[1]
