"""Agents that run code: the same words as `evaluate`, faults said and survived, in the real sandbox."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from libs.common.bus import Service
from libs.common.events import SignalRaised, StrategyPromoted
from libs.common.values import Action, from_epoch_ms
from libs.market.catalog_writer import CatalogWriter
from libs.strategy.runtime import evaluate
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import from_definition
from services.agents.app import build
from services.agents.settings import Settings
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


def closed(i: int, symbol: str = "BTCUSDT") -> Any:
    values = {name: float(getattr(BARS, name)[i]) for name in ("open", "high", "low", "close", "volume")}
    assert from_epoch_ms(int(BARS.ts[i])) == hour(i)
    return bar(i, symbol, simulated=True, **values)


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


async def test_lost_bars_of_code_are_healed_with_what_could_be_known_then(agents: Service, tmp_path: Path) -> None:
    peeking = "def generate_signals(df):\n    return (df['close'].shift(-1) > df['close']).astype(int)\n"
    async with Bench.open(agents, tmp_path) as bench:
        await bench.deliver(coded(peeking))
        await bench.deliver(closed(10))
        healed = signals(await bench.deliver(closed(14)))
    assert [s.open_time for s in healed] == [hour(11), hour(12), hour(13), hour(14)]
    assert {s.action for s in healed} == {Action.HOLD}
