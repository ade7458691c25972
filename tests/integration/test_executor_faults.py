"""The executor on a real database, fed with what it can read and not carry out: nothing is buried, no account stands still."""

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from libs.common.values import Side, Stage
from services.executor.app import build
from services.executor.settings import Settings
from tests.integration.test_executor_service import SYMBOLS, proven, run
from tests.support.bench import Bench
from tests.unit.executor.builders import bar, decision, round_


@pytest.mark.parametrize(
    "broken",
    [
        {"quote_amount": None},
        {"quote_amount": Decimal(0)},
        {"quote_amount": Decimal(10) ** 19},
        {"stage": Stage.ALERT},
        {"rank": 10**19},
    ],
)
@pytest.mark.parametrize("restart", [False, True])
async def test_decision_that_cannot_be_carried_out_is_refused_and_its_round_goes_on(
    tmp_path: Path, broken: dict[str, Any], restart: bool
) -> None:
    bars = [bar(number, symbol) for number in (1, 2) for symbol in SYMBOLS[:2]]
    out = await run(
        tmp_path,
        [*bars, decision(1, **broken), decision(1, "ETHUSDT"), round_(1, 2)],
        restart_every=1 if restart else None,
    )
    orders = [json.loads(body) for subject, body in out if subject.startswith("orders.")]
    told = sorted((o["symbol"], o["state"]) for o in orders)
    assert told == [("BTCUSDT", "refused"), ("ETHUSDT", "filled"), ("ETHUSDT", "intent")]
    assert {o["code"] for o in orders if o["symbol"] == "BTCUSDT"} < {
        "decision.amount",
        "decision.stage",
        "decision.rank",
    }
    assert await proven(tmp_path) == []


@pytest.mark.parametrize("symbol", ["USD", "USDUSDT"])
async def test_buy_of_the_cash_itself_is_refused_and_no_bar_is_buried(tmp_path: Path, symbol: str) -> None:
    out = await run(tmp_path, [bar(1, symbol), bar(2, symbol), decision(1, symbol), round_(1, 1)])
    assert [json.loads(body)["code"] for subject, body in out if subject.startswith("orders.")] == ["risk.quote_asset"]
    assert [subject for subject, _ in out if subject.startswith("portfolio.")] == ["portfolio.paper"] * 2


@pytest.mark.parametrize("close", [1e8, 1e300])
async def test_wild_close_stops_no_account_and_is_told_to_a_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, close: float
) -> None:
    entry = [bar(1, open=1e-4), bar(2, open=1e-4), decision(1, price=1e-4, quote_amount=Decimal(4_000)), round_(1, 1)]
    out = await run(tmp_path, [*entry, round_(2), bar(3, open=1e-4, close=close), round_(3), bar(25, open=1e-4)])
    assert [subject for subject, _ in out if subject.startswith("portfolio.")] == ["portfolio.paper"] * 4
    assert ["BTCUSDT" in record.message for record in caplog.records if record.levelname == "ERROR"] == [True]
    assert await proven(tmp_path) == []


async def test_buys_of_hundreds_of_millions_never_take_the_cash_below_zero(tmp_path: Path) -> None:
    settings = Settings(
        initial_cash=Decimal("900000008.14814682"), max_order_fraction=1, max_position_fraction=1, max_daily_loss=1
    )
    chance = random.Random(3)
    async with Bench.open(build(settings), tmp_path) as bench:
        for number in range(1, 41):
            is_buy = number % 2 == 1
            await bench.deliver(bar(number, open=97.31 if number == 2 else chance.uniform(90, 110), close=100.0))
            ask = {"quote_amount": Decimal(10**9)} if is_buy else {"side": Side.SELL}
            await bench.deliver(decision(number, **ask))
            await bench.deliver(round_(number, 1))
            assert bench.failed == []
            assert bench.state.accounts["paper"].cash >= 0
        assert bench.state.accounts["paper"].fill_count == 39
    assert await proven(tmp_path) == []
