"""What a command or a proposal asks for, and which of them contradict themselves."""

from datetime import UTC, datetime

import pytest

from libs.common.commands import RunBacktest
from libs.common.errors import PermanentError
from libs.common.events import StrategyProposed
from libs.strategy.family import family_of
from services.backtest.core.engine import Terms
from services.backtest.core.fingerprint import backtest_id, canonical, joint_hash
from services.backtest.core.job import job_of_command, job_of_proposal

AT = datetime(2024, 1, 1, tzinfo=UTC)
RULES = {"symbol": "BTCUSDT", "indicators": {"rsi": {"period": 14, "buy_below": 30, "sell_above": 70}}}


def command(**fields):
    return RunBacktest.first(key="c", at=AT, **fields)


def proposal(**fields):
    given = {"symbols": ("BTCUSDT",), "rules": RULES, "kind": "rules.json", "timeframe": "1h", **fields}
    return StrategyProposed.first(
        key="p", at=AT, strategy_id="abc", lineage_id="abc", family_id="fam-1", name="dip", code_hash="h", **given
    )


def test_job_of_a_given_definition_has_no_strategy_id_and_a_derived_family():
    job = job_of_command(command(rules=RULES, asked_by="me", fee=0.002, initial_capital=500.0), {})
    assert job.strategy_id is None
    assert job.strategy.symbols == ("BTCUSDT",)
    assert job.family_id == family_of("me", ["BTCUSDT"], "1h")
    assert job.terms == Terms(500.0, 1.0, 0.002, 0.0002)


def test_job_of_a_known_strategy_takes_its_definition_and_family():
    job = job_of_command(command(strategy_id="abc"), {"abc": proposal()})
    assert (job.strategy_id, job.family_id, job.strategy.timeframe) == ("abc", "fam-1", "1h")


def test_job_of_a_known_strategy_may_move_to_another_symbol_and_timeframe():
    job = job_of_command(command(strategy_id="abc", symbol="eth/usdt", timeframe="4h"), {"abc": proposal()})
    assert (job.strategy.symbols, job.strategy.timeframe) == (("ETHUSDT",), "4h")
    assert job.strategy.rules["symbol"] == "ETHUSDT"


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({}, "strategy.invalid", "/rules"),
        ({"strategy_id": "nope"}, "backtest.unknown_strategy", "/strategy_id"),
        ({"strategy_id": "abc", "rules": RULES}, "backtest.two_strategies", "/strategy_id"),
        ({"strategy_id": "abc", "signal_mode": "position"}, "backtest.signal_mode", "/signal_mode"),
        ({"strategy_id": "abc", "symbol": "../x"}, "input.symbol", None),
        ({"strategy_id": "abc", "timeframe": "7x"}, "input.timeframe", None),
        ({"kind": "model", "rules": RULES}, "strategy.unsupported_kind", "/kind"),
        ({"code": "x", "symbol": "ETHUSDT"}, "strategy.rejected", "/code"),
        ({"strategy_id": "abc", "parameters": {"fast": 3}}, "strategy.invalid", "/parameters"),
        ({"rules": RULES, "symbol": "ETHUSDT"}, "strategy.invalid", "/rules/symbol"),
        ({"rules": RULES, "timeframe": "7x"}, "strategy.invalid", "/timeframe"),
    ],
)
def test_command_that_cannot_run_is_refused_with_its_place(fields, code, pointer):
    with pytest.raises(PermanentError) as raised:
        job_of_command(command(**fields), {"abc": proposal()})
    assert (raised.value.code, raised.value.pointer) == (code, pointer)


def test_proposal_that_may_go_short_is_refused():
    with pytest.raises(PermanentError) as raised:
        job_of_proposal(proposal(allow_short=True))
    assert raised.value.code == "strategy.unsupported_short"


def test_backtest_id_changes_with_everything_that_decides_the_result():
    base = ("code", ["BTCUSDT"], "1h", {}, Terms(), "data")
    others = [
        ("edoc", *base[1:]),
        (base[0], ["ETHUSDT"], *base[2:]),
        (*base[:2], "4h", *base[3:]),
        (*base[:3], {"a": 1}, *base[4:]),
        (*base[:4], Terms(fee=0.002), base[5]),
        (*base[:5], "atad"),
    ]
    ids = [backtest_id(*base), *(backtest_id(*other) for other in others)]
    assert len(set(ids)) == len(ids)
    assert backtest_id(*base) == ids[0]


def test_joint_hash_ignores_the_order_of_symbols():
    assert joint_hash({"A": "1", "B": "2"}) == joint_hash({"B": "2", "A": "1"}) != joint_hash({"A": "2", "B": "1"})
    assert joint_hash({"A": "1"}) == "1"


def test_canonical_json_sorts_keys_at_every_level():
    assert canonical({"b": {"d": 1, "c": 2.5}, "a": None}) == b'{"a":null,"b":{"c":2.5,"d":1}}'
