"""Submissions of Python code: what is read from them, what they are called, what is refused and where."""

from typing import Any

import pytest

from libs.common.errors import BadStrategyError
from libs.common.events import StrategyProposed
from libs.strategy.spec import code_hash, from_definition, parse, strategy_id, tuned
from tests.support.build import START

CODE = """
def generate_signals(df, fast=10, slow=30.0, name="sma"):
    return (df["close"] > df["close"].rolling(fast).mean()).astype(int)
"""
BOTH = (
    CODE
    + """
def classify_symbol(symbol):
    return len(get_price_data(symbol)["close"]) > 3
"""
)


def of(code: str = CODE, **more: Any) -> Any:
    return parse(**{"code": code, "symbols": ["BTCUSDT"], **more})


def refused(code: str = CODE, **more: Any) -> BadStrategyError:
    with pytest.raises(BadStrategyError) as caught:
        of(code, **more)
    return caught.value


def test_code_without_a_kind_runs_by_its_best_contract() -> None:
    assert of().kind == of(kind="python").kind == of(BOTH).kind == "python.signals"
    assert of(BOTH, kind="python.classify").kind == "python.classify"
    error = refused(kind="python.classify")
    assert (error.pointer, error.hint) == ("/kind", "it defines python.signals")


def test_every_declared_parameter_is_written_out() -> None:
    assert of().parameters == {"fast": 10, "name": "sma", "slow": 30.0}
    changed = of(parameters={"slow": 40})
    assert changed.parameters == {"fast": 10, "name": "sma", "slow": 40.0}
    assert strategy_id(of(parameters={"fast": 10})) == strategy_id(of()) != strategy_id(changed)
    assert code_hash(changed) == code_hash(of())
    assert tuned(of(), {"fast": 5}).parameters["fast"] == 5


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"fst": 3}, "/parameters/fst"),
        ({"fast": "3"}, "/parameters/fast"),
        ({"fast": 3.5}, "/parameters/fast"),
        ({"fast": True}, "/parameters/fast"),
        ({"slow": float("nan")}, "/parameters/slow"),
        ({"name": 3}, "/parameters/name"),
        ([], "/parameters"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_with_their_place(parameters: Any, pointer: str) -> None:
    if parameters:
        assert refused(parameters=parameters).pointer == pointer
    else:
        assert of(parameters=parameters).parameters["fast"] == 10


def test_formatting_comments_and_docstrings_make_no_new_strategy() -> None:
    same = "# note\n" + CODE.replace('"sma"', "'sma'").replace("fast=10,", "fast = 10 ,").replace(
        "    return", '    """Words."""\n    return'
    )
    assert (code_hash(of(same)), strategy_id(of(same))) == (code_hash(of()), strategy_id(of()))
    other = CODE.replace(">", "<")
    assert code_hash(of(other)) != code_hash(of())


def test_signal_mode_stands_in_the_code_or_in_the_submission_but_not_in_both_ways() -> None:
    position = 'SIGNAL_MODE = "position"\n' + CODE
    assert of(position).signal_mode == of(position, signal_mode="position").signal_mode == "position"
    assert of(signal_mode="position").signal_mode == "position"
    assert of().signal_mode == "action"
    assert refused(position, signal_mode="action").pointer == "/signal_mode"
    assert code_hash(of(signal_mode="position")) != code_hash(of())


def test_refused_code_says_the_first_error_and_carries_every_finding() -> None:
    error = refused("import os\n" + CODE + "x = undefined_name\n")
    assert (error.code, error.pointer) == ("strategy.rejected", "/code")
    assert error.detail.startswith("line 1, column 8: ")
    assert error.hint
    assert [found["line"] for found in error.diagnostics] == [1, 5]
    assert all({"code", "severity", "message", "line", "column", "hint"} <= found.keys() for found in error.diagnostics)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"rules": {}}, "/rules"),
        ({"symbols": []}, "/symbols"),
        ({"code": 7}, "/code"),
        ({"kind": "rules.json", "rules": {"indicators": {"rsi": {}}}}, "/code"),
        ({"kind": "python", "code": None}, "/code"),
    ],
)
def test_contradictions_are_refused_with_their_place(more: dict[str, Any], pointer: str) -> None:
    assert refused(**more).pointer == pointer


def test_definition_of_code_comes_back_whole() -> None:
    strategy = of(BOTH, kind="python.classify", name="both", parameters={})
    fact = StrategyProposed.first(
        key="p",
        at=START,
        strategy_id=strategy_id(strategy),
        lineage_id="l",
        family_id="f",
        kind=strategy.kind,
        name=strategy.name,
        code=strategy.code,
        code_hash=code_hash(strategy),
        symbols=strategy.symbols,
        timeframe=strategy.timeframe,
        parameters=strategy.parameters,
        signal_mode=strategy.signal_mode,
    )
    assert from_definition(StrategyProposed.parse(fact.body(), fact.subject_name())) == strategy
