"""What is said of a strategy's worth, and which commands are offered next."""

from typing import Any

import pytest

from libs.client.verbs.worth import next_steps, worth_of
from tests.unit.client import sentences as told


@pytest.mark.parametrize(
    ("changed", "commands"),
    [
        ({}, ["sentinel promote s1", "sentinel report bt-1"]),
        ({"gate": ["alert"]}, ["sentinel promote s1 --stage alert", "sentinel report bt-1"]),
        ({"gate": []}, ["sentinel report bt-1"]),
        ({"gate": ["alert"], "closed_trades": 0}, ["sentinel report bt-1", "sentinel promote s1 --stage alert"]),
        (
            {"kind": "python.classify"},
            [
                "sentinel screen s1 --symbol BTCUSDT",
                "sentinel promote s1 --stage alert",
                "sentinel promote s1",
                "sentinel report bt-1",
            ],
        ),
        (
            {"gate": [], "kind": "python.classify", "symbols": list("ABCDEF")},
            ["sentinel screen s1", "sentinel report bt-1"],
        ),
        (
            {"gate": None, "backtest_id": None},
            ["sentinel ingest import FILE --symbol BTCUSDT --timeframe 1h", "sentinel backtest s1"],
        ),
    ],
)
def test_next_steps_follow_the_gate(changed: dict[str, Any], commands: list[str]) -> None:
    assert [command for command, _ in next_steps({**told.BEST, **changed})] == commands


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        (
            {"closed_trades": 40, "window_start": "2022-01-01T00:00:00Z", "window_end": "2022-03-01T05:00:00Z"},
            ("judged on", "BTCUSDT, 1h bars, 2022-01-01 00:00 to 2022-03-01 05:00, 40 closed trades, SIMULATED prices"),
        ),
        (
            {
                "metrics": {"bars": 645},
                "timeframe": "1d",
                "symbols": ["A", "B"],
                "closed_trades": 1,
                "simulated": False,
            },
            ("judged on", "2 symbols, 645 bars of 1d, 1 closed trade"),
        ),
        (
            {"closed_trades": 0},
            ("judged on", "BTCUSDT, 1h bars, no trade: its condition was never met, SIMULATED prices"),
        ),
        (
            {"closed_trades": 0, "simulated": False, "code": "figures = get_fundamental_data(symbol)"},
            (
                "judged on",
                "BTCUSDT, 1h bars, no trade: its condition was never met by the company figures that are stored "
                "(`sentinel screen` names missing ones)",
            ),
        ),
        ({}, ("gate", "open to alert and paper")),
        (
            {"gate": ["alert"], "reasons": [told.CLOSED]},
            ("gate", "open to alert, closed to paper: poor is below average"),
        ),
        (
            {"gate": [], "reasons": [{**told.CLOSED, "stage": "alert", "words": "alert: it knows the future"}]},
            ("gate", "closed: it knows the future"),
        ),
        ({"duplicate": True}, ("known", "it was judged before, with this verdict")),
        ({"deciding_rule": "return 21 %"}, ("verdict", "good: return 21 %")),
        ({"verdict": None, "detail": "no bars are stored"}, ("verdict", "none: no bars are stored")),
    ],
)
def test_worth_says_verdict_window_trades_and_gate(changed: dict[str, Any], row: tuple[str, str]) -> None:
    assert row in worth_of({**told.BEST, **changed})
