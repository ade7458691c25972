"""Strategies of kind model: what a submission says, which one it is, what is refused."""

from typing import Any

import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.spec import code_hash, parse, strategy_id, tuned

MODEL = "6c" * 32


def made(**parameters: Any) -> dict[str, Any]:
    return {"kind": "model", "symbols": ["btcusdt"], "parameters": {"model": MODEL, **parameters}}


def test_parse_of_a_model_fills_in_its_thresholds() -> None:
    strategy = parse(**made())
    assert strategy.parameters == {"model": MODEL, "buy_above": 0.55, "sell_below": 0.45}
    assert (strategy.kind, strategy.code, strategy.rules, strategy.symbols) == ("model", None, None, ("BTCUSDT",))
    assert strategy.signal_mode == "action"


def test_thresholds_make_another_strategy_of_the_same_code_and_another_model_another_code() -> None:
    one, other = parse(**made()), parse(**made(buy_above=0.6))
    assert strategy_id(one) != strategy_id(other)
    assert code_hash(one) == code_hash(other)
    assert code_hash(parse(**made(model="7d" * 32))) != code_hash(one)


def test_tuned_model_has_the_new_threshold_and_the_same_model() -> None:
    assert tuned(parse(**made()), {"buy_above": 0.7}).parameters == {
        "model": MODEL,
        "buy_above": 0.7,
        "sell_below": 0.45,
    }


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"parameters": {}}, "/parameters/model"),
        ({"parameters": {"model": "../../etc/passwd"}}, "/parameters/model"),
        ({"parameters": {"model": MODEL, "buy_above": 1.5}}, "/parameters/buy_above"),
        ({"parameters": {"model": MODEL, "sell_below": True}}, "/parameters/sell_below"),
        ({"parameters": {"model": MODEL, "buy_above": float("nan")}}, "/parameters/buy_above"),
        ({"parameters": {"model": MODEL, "buy_above": 0.4, "sell_below": 0.6}}, "/parameters/sell_below"),
        ({"parameters": {"model": MODEL, "wings": 2}}, "/parameters/wings"),
        ({"code": "def generate_signals(df): ..."}, "/code"),
        ({"rules": {}}, "/rules"),
        ({"symbols": []}, "/symbols"),
        ({"signal_mode": "position"}, "/signal_mode"),
    ],
)
def test_parse_of_a_model_that_makes_no_sense_names_the_place(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse(**{**made(), **changes})
    assert caught.value.pointer == pointer
