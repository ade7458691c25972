"""What a command or a proposal asks for, and which of them contradict themselves."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from libs.common.commands import RunBacktest
from libs.common.errors import BadMessageError, PermanentError
from libs.common.events import StrategyProposed
from libs.strategy.family import family_of
from services.backtest.core.engine import Terms
from services.backtest.core.fingerprint import Definition, backtest_id, canonical, definition_hash, joint_hash
from services.backtest.core.requests import job_of_command, job_of_proposal

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
    assert (job.purpose, job.evidence, job.fixes_holdout) == ("look", True, False)


def test_job_of_nobody_belongs_to_the_family_of_nameless_submissions():
    assert job_of_command(command(rules=RULES), {}).family_id == family_of("bus", ["BTCUSDT"], "1h")


def test_job_with_guards_carries_them_in_its_terms():
    guards = {"stop_loss": 0.05, "take_profit": 0.1, "trailing_stop": 0.03, "volume_cap": 0.2}
    terms = job_of_command(command(rules=RULES, **guards), {}).terms
    assert {name: getattr(terms, name) for name in guards} == guards


@pytest.mark.parametrize("field", ["stop_loss", "trailing_stop", "volume_cap", "take_profit", "fee", "fraction"])
@pytest.mark.parametrize("value", [-0.01, 1e9, "a", None])
def test_command_with_a_term_out_of_range_is_refused_with_its_place(field, value):
    body = {**command(rules=RULES).model_dump(mode="json"), field: value}
    with pytest.raises(BadMessageError) as raised:
        RunBacktest.parse(json.dumps(body).encode(), RunBacktest.subject)
    assert raised.value.pointer == f"/{field}"


def test_job_of_a_known_strategy_takes_its_definition_and_family():
    job = job_of_command(command(strategy_id="abc"), {"abc": proposal()})
    assert (job.strategy_id, job.family_id, job.strategy.timeframe) == ("abc", "fam-1", "1h")


def test_job_of_a_known_strategy_may_move_to_another_symbol_and_timeframe():
    job = job_of_command(command(strategy_id="abc", symbol="eth/usdt", timeframe="4h"), {"abc": proposal()})
    assert (job.strategy.symbols, job.strategy.timeframe) == (("ETHUSDT",), "4h")
    assert job.strategy.rules["symbol"] == "ETHUSDT"
    assert job.family_id == family_of("user", ["ETHUSDT"], "4h")


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({}, "strategy.invalid", "/rules"),
        ({"strategy_id": "nope"}, "backtest.unknown_strategy", "/strategy_id"),
        ({"strategy_id": "abc", "rules": RULES}, "backtest.two_strategies", "/strategy_id"),
        ({"strategy_id": "abc", "signal_mode": "position"}, "backtest.signal_mode", "/signal_mode"),
        ({"strategy_id": "abc", "allow_short": True}, "backtest.allow_short", "/allow_short"),
        ({"rules": RULES, "purpose": "promotion"}, "backtest.promotion", "/strategy_id"),
        ({"strategy_id": "abc", "purpose": "promotion", "fee": 0.0}, "backtest.promotion", "/fee"),
        ({"strategy_id": "abc", "purpose": "promotion", "start": AT}, "backtest.promotion", "/start"),
        ({"strategy_id": "abc", "symbol": "../x"}, "input.symbol", None),
        ({"strategy_id": "abc", "timeframe": "7x"}, "input.timeframe", None),
        ({"kind": "magic", "rules": RULES}, "strategy.unsupported_kind", "/kind"),
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


def test_proposal_that_may_go_short_is_judged_with_shorts():
    job = job_of_proposal(proposal(allow_short=True))
    assert job.strategy.allow_short
    assert (job.purpose, job.fixes_holdout) == ("judge", True)


BASE = Definition("code", ("BTCUSDT",), "1h", {}, Terms())
OTHERS = [
    {"code_hash": "edoc"},
    {"symbols": ("ETHUSDT",)},
    {"timeframe": "4h"},
    {"parameters": {"a": 1}},
    {"terms": Terms(fee=0.002)},
    {"terms": Terms(stop_loss=0.1)},
    {"purpose": "promotion"},
]


def test_backtest_id_changes_with_everything_that_decides_the_result():
    ids = [backtest_id(BASE, "data"), backtest_id(BASE, "atad")]
    ids += [backtest_id(replace(BASE, **other), "data") for other in OTHERS]
    assert len(set(ids)) == len(ids)
    assert backtest_id(BASE, "data") == ids[0]


def test_backtest_id_does_not_depend_on_what_was_asked_of_its_terms_before():
    used = Terms()
    assert used.rules
    assert used.guarded is False
    assert backtest_id(replace(BASE, terms=used), "data") == backtest_id(BASE, "data")


def test_definition_hash_changes_with_all_but_the_bars():
    hashes = [definition_hash(BASE), definition_hash(replace(BASE, start=AT)), definition_hash(replace(BASE, end=AT))]
    hashes += [definition_hash(replace(BASE, **other)) for other in OTHERS]
    assert len(set(hashes)) == len(hashes)


def test_joint_hash_ignores_the_order_of_symbols():
    assert joint_hash({"A": "1", "B": "2"}) == joint_hash({"B": "2", "A": "1"}) != joint_hash({"A": "2", "B": "1"})
    assert joint_hash({"A": "1"}) == "1"


def test_canonical_json_sorts_keys_at_every_level():
    assert canonical({"b": {"d": 1, "c": 2.5}, "a": None}) == b'{"a":null,"b":{"c":2.5,"d":1}}'
