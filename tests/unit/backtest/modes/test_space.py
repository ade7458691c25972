"""Which values a sweep tries."""

from typing import Any

import pytest

from libs.common.errors import BadInputError, BadStrategyError, PermanentError
from libs.strategy.spec import parse
from services.backtest.modes.space import combinations, with_values
from tests.support.jobs import RSI

CODE = parse(code="def generate_signals(df, fast=5, slow=2.5, up=True):\n    return [0] * len(df)\n", symbols=["AAA"])
RULES = parse(rules=RSI, symbols=["AAA"])


def asked(space: dict[str, Any], method: str = "grid", count: int = 100) -> dict[str, Any]:
    return {"space": space, "method": method, "count": count}


def test_grid_has_every_combination_once_in_order() -> None:
    found = combinations(CODE, asked({"slow": {"low": 0.1, "high": 0.4, "step": 0.1}, "fast": [2, 3, 2]}))
    assert [(each["fast"], each["slow"]) for each in found] == [
        (fast, slow) for fast in (2, 3) for slow in (0.1, 0.2, 0.3, 0.4)
    ]


def test_whole_bounds_give_whole_numbers() -> None:
    found = combinations(CODE, asked({"fast": {"low": 2, "high": 9, "step": 3}}))
    assert [each["fast"] for each in found] == [2, 5, 8]
    assert {type(each["fast"]) for each in found} == {int}


def test_draws_depend_on_what_is_asked_and_on_nothing_else() -> None:
    space = {"fast": {"low": 2, "high": 60}, "slow": {"low": 0.5, "high": 9.5}}
    first = combinations(CODE, asked(space, "random", 30))
    assert combinations(CODE, asked(dict(reversed(space.items())), "random", 30)) == first
    assert len({(each["fast"], each["slow"]) for each in first}) == 30
    assert all(2 <= each["fast"] <= 60 and 0.5 <= each["slow"] <= 9.5 for each in first)
    assert combinations(CODE, asked(space, "random", 31)) != [*first, first[0]]


def test_draws_of_few_values_are_each_made_once() -> None:
    found = combinations(CODE, asked({"fast": [2, 3], "up": [True, False]}, "random", 50))
    assert len(found) == 4


def test_rules_are_changed_where_the_pointer_says() -> None:
    changed = with_values(RULES, {"/indicators/rsi/period": 7})
    assert changed.rules is not None
    assert changed.rules["indicators"]["rsi"]["period"] == 7
    assert RULES.rules is not None
    assert RULES.rules["indicators"]["rsi"]["period"] == 14
    assert changed.symbols == RULES.symbols


@pytest.mark.parametrize(
    ("space", "code"),
    [
        ({"fast": []}, "sweep.space"),
        ({"fast": 5}, "sweep.space"),
        ({"fast": [[1]]}, "sweep.space"),
        ({"fast": {"low": 5, "high": 2, "step": 1}}, "sweep.space"),
        ({"fast": {"low": 1, "high": 2, "step": 0}}, "sweep.space"),
        ({"fast": {"low": 1, "high": 2, "by": 1}}, "sweep.space"),
        ({"fast": {"low": 1, "high": True, "step": 1}}, "sweep.space"),
        ({"fast": {"low": 1, "high": 2}}, "sweep.space"),
        ({"fast": {"low": 1, "high": 200_000, "step": 1}}, "sweep.too_many"),
        ({"fast": {"low": 1, "high": 200, "step": 1}, "slow": {"low": 1, "high": 200, "step": 1}}, "sweep.too_many"),
        ({"nope": [1]}, "strategy.invalid"),
        ({"fast": ["two"]}, "strategy.invalid"),
        ({"fast": [1.5]}, "strategy.invalid"),
    ],
)
def test_space_that_makes_no_sense_is_refused_with_its_place(space: dict[str, Any], code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        combinations(CODE, asked(space))
    assert refused.value.code == code
    assert refused.value.pointer


@pytest.mark.parametrize("method", ["grid", "random"])
@pytest.mark.parametrize(
    "values",
    [
        {"low": -1e308, "high": 1e308, "step": 1e-300},
        {"low": -1e308, "high": 1e308},
        {"low": 0, "high": 2**63 - 1},
        {"low": 0, "high": 10**400, "step": 1},
        {"low": 0, "high": 1, "step": 1e-300},
    ],
)
def test_range_too_wide_to_count_is_refused_with_its_place(method: str, values: dict[str, Any]) -> None:
    with pytest.raises(PermanentError) as refused:
        combinations(CODE, asked({"slow": values}, method))
    assert (refused.value.code, refused.value.pointer) == ("sweep.space", "/space/slow")


@pytest.mark.parametrize("pointer", ["period", "/indicators/macd/fast", "/indicators/rsi", "/indicators/rsi/nope", "/"])
def test_pointer_to_nothing_in_the_rules_is_refused(pointer: str) -> None:
    with pytest.raises(BadStrategyError):
        combinations(RULES, asked({pointer: [1]}))


def test_value_that_the_rules_do_not_take_is_refused() -> None:
    with pytest.raises(BadInputError):
        combinations(RULES, asked({"/indicators/rsi/period": [-4]}))
