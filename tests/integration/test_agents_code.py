"""Agents that run code: the same words as `evaluate`, faults said and survived, in the real sandbox."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from libs.common.bus import Service
from libs.common.events import AlertRaised, BarClosed, SignalRaised, StrategyPromoted
from libs.common.values import Action, from_epoch_ms, to_epoch_ms
from libs.market.catalog_writer import CatalogWriter
from libs.market.figures import CURRENT, Figures, encode
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import from_definition
from services.agents.app import build
from services.agents.settings import Settings
from services.backtest.core.engine import Terms
from services.backtest.core.job import Job
from services.backtest.families import Family
from services.backtest.runner import Done, Runner
from tests.support.bench import Bench
from tests.support.build import RSI_EMA, bar, hour, promoted, walk

BARS = walk(60)
CROSS = """
def generate_signals(df, fast=3):
    df["mean"] = df["close"].rolling(fast).mean()
    return (df["close"] > df["mean"]).astype(int) - (df["close"] < df["mean"]).astype(int)
"""
BREAKS = """
def generate_signals(df):
    if len(df) == 31:
        return df["close"].iloc[500]
    return [0] * len(df)
"""

LEADS = """
HORIZON = 3
def classify_symbol(symbol):
    own = get_price_data(symbol, timeframe="1h", days=30)["close"]
    other = get_price_data("ETHUSDT", timeframe="2h", days=6)["close"]
    rise = own[-1] / own[-13] - other[-1] / other[-6]
    return {"classification": len(own) % 3 != 1 and own[-1] > own[-4], "score": rise, "data": {"bars": len(own)}}
"""
STRONGEST = """
HORIZON = 4
def run_batch_backtest(start_date, end_date, symbols):
    closes = {s: get_price_data(s, timeframe="1h", days=9)["close"] for s in symbols}
    best = max(closes, key=lambda s: closes[s][-1] / closes[s][0])
    return {"instances": [{"ticker": best, "score": len(symbols)}]}
"""


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Service]:
    settings = Settings(data_dir=tmp_path)
    writer = CatalogWriter(settings.catalog_dir)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        writer.append(symbol, "1h", BARS, "test", True)
    service = build(settings)
    yield service
    assert service.close is not None
    service.close()


def coded(code: str, symbols: tuple[str, ...] = ("BTCUSDT",), **more: Any) -> StrategyPromoted:
    fields = {"kind": "python.signals", "rules": None, "code": code, "symbols": symbols, "anchor": hour(0), **more}
    return promoted(**fields)


def closed(i: int, symbol: str = "BTCUSDT") -> BarClosed:
    return closed_in(BARS, i, 0, symbol)


def closed_in(bars: Frame, i: int, first: int, symbol: str) -> BarClosed:
    values = {name: float(getattr(bars, name)[i]) for name in ("open", "high", "low", "close", "volume")}
    assert from_epoch_ms(int(bars.ts[i])) == hour(first + i)
    return bar(first + i, symbol, simulated=True, **values)


def signals(out: list[tuple[str, bytes]]) -> list[SignalRaised]:
    return [SignalRaised.parse(body, subject) for subject, body in out if subject.startswith("signals.")]


async def test_signals_of_code_equal_evaluate_bar_for_bar(agents: Service, tmp_path: Path) -> None:
    strategy = coded(CROSS, ("BTCUSDT", "ETHUSDT"), parameters={"fast": 4})
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(strategy)
        bars = [closed(i, symbol) for i in range(40) for symbol in ("BTCUSDT", "ETHUSDT")]
        said = signals(await bench.deliver(*bars))
    with closing(Pool(1)) as sandbox:
        whole = evaluate(from_definition(strategy), BARS.until(int(BARS.ts[39])), sandbox)
    names = {1: "buy", 0: "hold", -1: "sell"}
    for symbol in ("BTCUSDT", "ETHUSDT"):
        mine = [s for s in said if s.symbol == symbol]
        assert [s.action for s in mine] == [names[int(a)] for a in whole.actions]
        assert [s.reasoning for s in mine] == [whole.reason(i) for i in range(40)]
    assert {s.action.value for s in said} == {"buy", "hold", "sell"}
    assert said[-1].reasoning.startswith("generate_signals says ")
    assert not any(s.fault for s in said)


async def test_fault_of_the_code_is_a_hold_that_says_why_and_the_next_bar_goes_on(
    agents: Service, tmp_path: Path
) -> None:
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(BREAKS))
        await bench.deliver(promoted("rules", rules=RSI_EMA, anchor=hour(0)))
        said = signals(await bench.deliver(*(closed(i) for i in range(29, 33))))
    mine = [s for s in said if s.strategy_id == "s1"]
    assert [s.fault for s in mine] == [None, "strategy.raised", None, None]
    assert mine[1].action is Action.HOLD
    assert "IndexError" in mine[1].reasoning
    assert "line 4" in mine[1].reasoning
    assert len([s for s in said if s.strategy_id == "rules"]) == 4


async def test_symbol_that_breaks_its_fork_leaves_the_others_a_view(agents: Service, tmp_path: Path) -> None:
    greedy = """
def classify_symbol(symbol):
    kept = []
    while symbol == "BTCUSDT" and len(get_price_data(symbol, "1h", 99)["close"]) == 30:
        kept.append(np.ones(100_000))
    return True
"""
    both = ("BTCUSDT", "ETHUSDT")
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(greedy, both, kind="python.classify"))
        said = [s for i in (28, 29) for s in signals(await bench.deliver(*(closed(i, symbol) for symbol in both)))]
    assert [(s.symbol, s.fault) for s in said] == [
        ("BTCUSDT", None),
        ("ETHUSDT", None),
        ("BTCUSDT", "strategy.memory"),
        ("ETHUSDT", None),
    ]


async def test_lost_bars_of_code_are_healed_with_what_could_be_known_then(agents: Service, tmp_path: Path) -> None:
    peeking = "def generate_signals(df):\n    return (df['close'].shift(-1) > df['close']).astype(int)\n"
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(peeking))
        await bench.deliver(closed(10))
        healed = signals(await bench.deliver(closed(14)))
    assert [s.open_time for s in healed] == [hour(11), hour(12), hour(13), hour(14)]
    assert {s.action for s in healed} == {Action.HOLD}


async def test_classifier_that_lost_many_bars_says_what_it_would_have_said_bar_by_bar(
    agents: Service, tmp_path: Path
) -> None:
    both = ("BTCUSDT", "ETHUSDT")
    strategy = coded(LEADS, both, kind="python.classify")
    bodies = []
    for steps in (range(1, 50), (7, 18, 49)):
        folder = tmp_path / str(len(steps))
        folder.mkdir()
        async with Bench.open(agents, folder) as bench:
            await bench.deliver(strategy)
            out = await bench.deliver(*(closed(0, symbol) for symbol in both))
            for i in steps:
                out += await bench.deliver(*(closed(i, symbol) for symbol in both))
            bodies.append(sorted(out))
    said = signals(bodies[1])
    assert len(said) == 100
    assert {s.action.value for s in said if not s.fault} == {"buy", "hold", "sell"}
    assert 20 < sum(s.fault == "strategy.raised" for s in said) < 40
    assert any("score" in s.values for s in said)
    assert bodies[0] == bodies[1]


async def test_batch_contract_says_live_what_its_backtest_says_whoever_closes_first(tmp_path: Path) -> None:
    """Each symbol's bar is stored a moment before its message, as by a feed: at a month's end the other ones may not be there yet."""
    settings, symbols = Settings(data_dir=tmp_path), ("BTCUSDT", "ETHUSDT")
    shift, days = 720 * 3_600_000, 30
    frames = {symbol: shifted(walk(48, seed), shift) for seed, symbol in enumerate(symbols)}
    strategy = coded(STRONGEST, symbols, kind="python.batch", anchor=hour(24 * days))
    service, writer = build(settings), CatalogWriter(settings.catalog_dir)
    said: list[SignalRaised] = []
    async with Bench.open(service, tmp_path) as bench:
        await bench.deliver(strategy)
        for i in range(48):
            for symbol in symbols:
                one = frames[symbol].between(int(frames[symbol].ts[i]), int(frames[symbol].ts[i]) + 1)
                writer.append(symbol, "1h", one, "test", True)
                said += signals(await bench.deliver(closed_in(frames[symbol], i, 24 * days, symbol)))
    assert service.close is not None
    service.close()
    with closing(Pool(1)) as sandbox:
        whole = evaluate_all(from_definition(strategy), frames, sandbox)
    names = {1: "buy", 0: "hold", -1: "sell"}
    for symbol in symbols:
        mine = [s.action.value for s in said if s.symbol == symbol]
        assert mine == [names[int(action)] for action in whole.signals[symbol].actions]
    assert [s.open_time for s in said if s.action is Action.BUY] == [hour(24 * 31)]


def shifted(frame: Frame, by_ms: int) -> Frame:
    return Frame(frame.ts + by_ms, frame.open, frame.high, frame.low, frame.close, frame.volume)


async def test_strategy_that_runs_into_its_limits_again_and_again_rests_until_it_is_promoted_again(
    agents: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.agents.thinking.LIVE_CPU_S", 1)
    burner = "def generate_signals(df):\n    while True:\n        pass\n"
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(burner))
        said = [signals(await bench.deliver(closed(i)))[0].fault for i in range(4)]
        assert said == ["strategy.cpu_timeout"] * 3 + ["strategy.resting"]
        await bench.deliver(coded(burner, step=1).model_copy(update={"event_id": "again"}))
        assert signals(await bench.deliver(closed(4)))[0].fault == "strategy.cpu_timeout"


CHEAP = """
HORIZON = 2

def classify_symbol(symbol):
    return (get_fundamental_data(symbol).get("pe_ratio") or 99) < 20
"""


async def test_company_figures_are_those_known_at_the_bar_live_and_in_the_backtest(
    agents: Service, tmp_path: Path
) -> None:
    """The price is 10 times earnings from bar 10 on and 30 times from bar 20 on; before that nothing is known."""
    moments = np.array([to_epoch_ms(hour(11)), to_epoch_ms(hour(21))], np.float64)
    figures = Figures(("BTCUSDT", "BTCUSDT"), moments, ("pe_ratio",), np.array([[10.0], [30.0]]), {}, ("csv",))
    version, table, about = encode(figures)
    folder = tmp_path / "fundamentals"
    folder.mkdir()
    (folder / f"{version}.npy").write_bytes(table)
    (folder / f"{version}.json").write_bytes(about)
    (folder / CURRENT).write_text(version)
    strategy = coded(CHEAP, kind="python.classify")
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(strategy)
        said = signals(await bench.deliver(*(closed(i) for i in range(30))))
    with closing(Pool(1)) as sandbox:
        runner = Runner(tmp_path / "catalog", tmp_path / "reports", sandbox)
        job = Job(from_definition(strategy), None, "fam", Terms(), hour(0), hour(30), evidence=False)
        outcome = runner.run(job, Family("fam", hour(0)))
        runner.close()
    assert isinstance(outcome, Done)
    log = orjson.loads(runner.reports.read(outcome.summary.report_key))["signals"]["BTCUSDT"]
    judged = {1: "buy", 0: "hold", -1: "sell"}
    changes = dict(zip(log["from"], log["action"], strict=True))
    expected, now = [], 0
    for i in range(30):
        now = changes.get(to_epoch_ms(hour(i)), now)
        expected.append(judged[now])
    assert [s.action.value for s in said] == expected
    bought = [i for i, s in enumerate(said) if s.action is Action.BUY]
    assert (bought[0], bought[-1] < 20) == (10, True)


GREEN = """
HORIZON = 2

def classify_symbol(symbol):
    bars = get_price_data(symbol, timeframe="1h", days=1)
    return bars["close"][-1] > bars["open"][-1]
"""


async def test_picker_at_stage_alert_alerts_when_a_pick_begins_and_not_when_one_has_been_held(
    agents: Service, tmp_path: Path
) -> None:
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(GREEN, kind="python.classify", stage="alert"))
        out = await bench.deliver(*(closed(i) for i in range(40)))
    raised = [AlertRaised.parse(body, subject) for subject, body in out]
    green = BARS.close > BARS.open
    starts = [i for i in range(40) if green[i] and (i == 0 or not green[i - 1])]
    assert [alert.at for alert in raised] == [hour(i + 1) for i in starts]
    assert {alert.action for alert in raised} == {Action.BUY}
    assert all("classify_symbol says yes" in alert.message for alert in raised)
