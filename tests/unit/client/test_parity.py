"""What counts as a difference between a live run and its backtest."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from libs.client.parity import Filled, compare, expected_fills
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate
from libs.strategy.spec import parse

HOUR = 3_600_000
STRATEGY = parse(rules={"indicators": {"ema": {"period": 3}}}, symbols=["BTCUSDT"], timeframe="1h")
CLOSE = np.array([10.0, 10, 10, 9, 8, 12, 14, 9, 7, 13, 15, 16])
FRAME = Frame.of(np.arange(len(CLOSE)) * HOUR, CLOSE, CLOSE + 1, CLOSE - 1, CLOSE, np.ones(len(CLOSE)))
TRADES: list[dict[str, Any]] = [
    {
        "open": False,
        "entry_time": 6 * HOUR,
        "entry_price": 14.0,
        "entry_fee": 1.0,
        "exit_time": 8 * HOUR,
        "exit_price": 7.0,
        "exit_fee": 0.5,
        "quantity": 2.5,
    },
    {"open": True, "entry_time": 10 * HOUR, "entry_price": 15.0, "entry_fee": 1.0, "quantity": 2.0},
]
FILLS = [
    Filled(6 * HOUR, "buy", 14.0, Decimal("2.5"), Decimal(1)),
    Filled(8 * HOUR, "sell", 7.0, Decimal("2.5"), Decimal("0.5")),
    Filled(10 * HOUR, "buy", 15.0, Decimal(2), Decimal(1)),
]


SAID = evaluate(STRATEGY, FRAME)


def said() -> dict[int, str]:
    names = {1: "buy", 0: "hold", -1: "sell"}
    return {int(ts): names[int(a)] for ts, a in zip(FRAME.ts, SAID.actions, strict=True)}


def test_equal_runs_have_no_difference() -> None:
    assert set(said().values()) == {"buy", "hold", "sell"}
    certificate = compare(STRATEGY, SAID, said(), FILLS, TRADES)
    assert certificate.differences == ()
    assert (certificate.bars, certificate.signals, certificate.fills) == (12, 12, 3)


def test_trades_of_a_report_stand_for_their_fills() -> None:
    assert expected_fills(TRADES) == FILLS


def test_missing_changed_and_foreign_signals_are_differences() -> None:
    actions = said()
    del actions[0]
    actions[HOUR] = "buy"
    actions[99 * HOUR] = "hold"
    found = compare(STRATEGY, SAID, actions, FILLS, TRADES).differences
    assert [(one.expected, one.found) for one in found] == [("hold", None), ("hold", "buy"), (None, "hold")]


@pytest.mark.parametrize(
    "change",
    [
        {"at_ms": 7 * HOUR},
        {"side": "buy"},
        {"price": 7.000000001},
        {"quantity": Decimal("2.50000002")},
        {"fee": Decimal("0.50000002")},
    ],
)
def test_fill_that_deviates_in_one_field_is_a_difference(change: dict[str, Any]) -> None:
    fills = [FILLS[0], replace(FILLS[1], **change), FILLS[2]]
    assert len(compare(STRATEGY, SAID, said(), fills, TRADES).differences) == 1


def test_fill_within_one_step_is_no_difference() -> None:
    step = Decimal("0.00000001")
    fills = [FILLS[0], replace(FILLS[1], quantity=FILLS[1].quantity + step, fee=FILLS[1].fee - step), FILLS[2]]
    assert compare(STRATEGY, SAID, said(), fills, TRADES).differences == ()


def test_missing_and_extra_fills_are_differences() -> None:
    assert len(compare(STRATEGY, SAID, said(), FILLS[:1], TRADES).differences) == 2
    assert len(compare(STRATEGY, SAID, said(), [*FILLS, FILLS[2]], TRADES).differences) == 1
