import re
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.common.errors import BadStrategyError
from libs.common.events import StrategyProposed
from libs.common.values import Timeframe
from libs.strategy.spec import code_hash, from_definition, parse, strategy_id

DOCUMENTED = {
    "symbol": "BTCUSDT",
    "combine": "any",
    "indicators": {
        "rsi": {"period": 14, "buy_below": 30, "sell_above": 70},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    },
}
PLAIN: dict[str, Any] = {"indicators": {"rsi": {}}}


def refused(**submission: Any) -> BadStrategyError:
    with pytest.raises(BadStrategyError) as caught:
        parse(**submission)
    return caught.value


def test_parse_of_the_documented_rules_fills_everything_in() -> None:
    strategy = parse(name="first", rules=DOCUMENTED)
    assert (strategy.kind, strategy.name, strategy.symbols, strategy.timeframe) == (
        "rules.json",
        "first",
        ("BTCUSDT",),
        Timeframe.H1,
    )
    assert strategy.rules == DOCUMENTED
    assert (strategy.code, strategy.parameters, strategy.signal_mode, strategy.allow_short) == (
        None,
        {},
        "action",
        False,
    )


@pytest.mark.parametrize(
    ("rules", "symbols", "found"),
    [
        ({**PLAIN, "symbol": "btcusdt"}, [], ("BTCUSDT",)),
        ({**PLAIN, "symbol": "BTC/USDT"}, ["btcusdt"], ("BTCUSDT",)),
        (PLAIN, ["ETHUSDT", "btc/usdt", "BTCUSDT"], ("BTCUSDT", "ETHUSDT")),
        (PLAIN, ("BRK.B",), ("BRK-B",)),
    ],
)
def test_symbols_are_canonical_sorted_and_unique(rules: Any, symbols: Any, found: tuple[str, ...]) -> None:
    assert parse(rules=rules, symbols=symbols).symbols == found


@pytest.mark.parametrize(
    ("submission", "pointer"),
    [
        ({"rules": PLAIN}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": None}}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": ""}}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": 123}}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": "../x"}}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": "BTCUSDT"}, "symbols": ["ETHUSDT"]}, "/rules/symbol"),
        ({"rules": {**PLAIN, "symbol": "BTCUSDT"}, "symbols": ["BTCUSDT", "ETHUSDT"]}, "/rules/symbol"),
        ({"rules": PLAIN, "symbols": "BTCUSDT"}, "/symbols"),
        ({"rules": PLAIN, "symbols": None}, "/symbols"),
        ({"rules": PLAIN, "symbols": ["BTCUSDT", "В"]}, "/symbols/1"),
        ({"rules": PLAIN, "symbols": [None]}, "/symbols/0"),
        ({"rules": PLAIN, "symbols": [f"A{n}" for n in range(1_001)]}, "/symbols"),
        ({"rules": DOCUMENTED, "timeframe": "0m"}, "/timeframe"),
        ({"rules": DOCUMENTED, "timeframe": None}, "/timeframe"),
        ({"rules": DOCUMENTED, "timeframe": ["1h"]}, "/timeframe"),
        ({"rules": DOCUMENTED, "signal_mode": "both"}, "/signal_mode"),
        ({"rules": DOCUMENTED, "allow_short": 1}, "/allow_short"),
        ({"rules": DOCUMENTED, "name": "x" * 121}, "/name"),
        ({"rules": DOCUMENTED, "name": 5}, "/name"),
        ({"rules": DOCUMENTED, "code": "print()"}, "/rules"),
        ({"kind": "rules.json", "rules": DOCUMENTED, "code": "print()"}, "/code"),
        ({"rules": DOCUMENTED, "parameters": {"period": 14}}, "/parameters"),
        ({}, "/rules"),
        ({"rules": None}, "/rules"),
        ({"rules": [], "symbols": ["BTCUSDT"]}, "/rules"),
    ],
)
def test_bad_submission_is_refused_at_its_place(submission: Any, pointer: str) -> None:
    error = refused(**submission)
    assert (error.pointer, error.code) == (pointer, "strategy.invalid")


@pytest.mark.parametrize("kind", ["magic", "rules", "python.magic", 7, ["rules.json"]])
def test_other_kinds_are_refused_and_the_running_ones_named(kind: Any) -> None:
    error = refused(kind=kind, rules=PLAIN, symbols=["BTCUSDT"])
    assert (error.code, error.pointer) == ("strategy.unsupported_kind", "/kind")
    assert error.hint == "kinds that run: rules.json, python, python.signals, python.classify, python.batch, model"


def test_name_in_the_rules_counts_when_the_submission_has_none() -> None:
    assert parse(rules={**DOCUMENTED, "name": "dip"}).name == "dip"
    assert parse(name="own", rules={**DOCUMENTED, "name": "dip"}).name == "own"


def test_hash_and_id_ignore_order_defaults_name_and_notes() -> None:
    first = parse(name="a", rules=DOCUMENTED)
    other = parse(
        name="b",
        symbols=["btc/usdt"],
        rules={"notes": "same", "indicators": {"ema": {}, "rsi": {"sell_above": 70.0, "buy_below": 30.0}}},
    )
    assert code_hash(first) == code_hash(other)
    assert strategy_id(first) == strategy_id(other)
    assert re.fullmatch(r"[a-z2-7]{12}", strategy_id(first))


def test_id_of_the_documented_rules_never_changes() -> None:
    assert strategy_id(parse(rules=DOCUMENTED)) == "vq7igcpxf7bx"


def test_hash_and_id_tell_different_strategies_apart() -> None:
    base: dict[str, Any] = {"rules": PLAIN, "symbols": ["BTCUSDT"]}
    changes: list[dict[str, Any]] = [
        {},
        {"symbols": ["ETHUSDT"]},
        {"timeframe": "4h"},
        {"signal_mode": "position"},
        {"allow_short": True},
        {"rules": {**PLAIN, "combine": "all"}},
        {"rules": {"indicators": {"rsi": {"period": 15}}}},
        {"rules": {"indicators": {"ema": {}}}},
        {"rules": {"indicators": {"sma": {}}}},
    ]
    strategies = [parse(**{**base, **change}) for change in changes]
    assert len({strategy_id(strategy) for strategy in strategies}) == len(changes)
    assert len({code_hash(strategy) for strategy in strategies}) == len(changes) - 2


@pytest.mark.parametrize("rules", [DOCUMENTED, {**DOCUMENTED, "notes": "kept"}, PLAIN])
def test_strategy_survives_the_bus(rules: Any) -> None:
    strategy = parse(name="x", rules=rules, symbols=["BTCUSDT"], timeframe="15m", signal_mode="position")
    fact = StrategyProposed.first(
        key="x",
        at=datetime(2024, 1, 1, tzinfo=UTC),
        strategy_id=strategy_id(strategy),
        lineage_id="l",
        family_id="f",
        code_hash=code_hash(strategy),
        **{name: getattr(strategy, name) for name in strategy.__dataclass_fields__},
    )
    read = StrategyProposed.parse(fact.body(), fact.subject_name())
    assert from_definition(read) == strategy


def test_definition_of_a_model_without_its_file_is_refused() -> None:
    strategy = parse(rules=DOCUMENTED)
    fact = StrategyProposed.first(
        key="x",
        at=datetime(2024, 1, 1, tzinfo=UTC),
        strategy_id="s",
        lineage_id="l",
        family_id="f",
        code_hash="c",
        kind="model",
        name="",
        code="x = 1",
        symbols=strategy.symbols,
        timeframe=strategy.timeframe,
    )
    with pytest.raises(BadStrategyError) as caught:
        from_definition(fact)
    assert caught.value.code == "strategy.invalid"
