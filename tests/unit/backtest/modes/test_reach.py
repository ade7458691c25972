"""Which classifiers look at their own symbol only."""

import pytest

from services.backtest.modes.reach import stays_home

HOME = [
    "    return get_price_data(symbol, '1d', 2)['close'][-1] > 5",
    "    return bool(get_price_data(symbol=symbol, days=2)) and get_fundamental_data(symbol) != {}",
    "    return symbol == 'AAPL'",
]
AWAY = [
    "    return get_price_data('SPY', '1d', 2)['close'][-1] > 5",
    "    symbol = 'SPY'\n    return get_price_data(symbol)['close'] != []",
    "    for symbol in ['SPY']:\n        pass\n    return bool(get_price_data(symbol))",
    "    ask = get_price_data\n    return bool(ask('SPY'))",
    "    return scan_universe({}, 5)['symbols'] == []",
    "    return bool(get_multiple_symbols_data([symbol]))",
    "    return bool(get_price_data(*['SPY']))",
    "    return any(get_price_data(symbol) for symbol in ['SPY'])",
    "    return (lambda symbol: bool(get_price_data(symbol)))('SPY')",
    "    return bool(list(map(get_price_data, ['SPY'])))",
    "    return bool(get_fundamental_data('SPY'))",
]


@pytest.mark.parametrize("body", HOME)
def test_question_about_the_own_symbol_stays_at_home(body: str) -> None:
    assert stays_home(f"def classify_symbol(symbol):\n{body}\n")


@pytest.mark.parametrize("body", AWAY)
def test_anything_else_counts_as_a_look_elsewhere(body: str) -> None:
    assert not stays_home(f"def classify_symbol(symbol):\n{body}\n")


def test_helper_that_asks_counts_as_a_look_elsewhere() -> None:
    helper = "def last(name):\n    return get_price_data(name)['close'][-1]\n"
    assert not stays_home(f"{helper}def classify_symbol(symbol):\n    return last('SPY') > 5\n")


def test_code_that_calls_its_classifier_with_another_symbol_counts_as_a_look_elsewhere() -> None:
    code = "def classify_symbol(symbol):\n    return symbol != 'SPY' and classify_symbol('SPY')\n"
    assert not stays_home(code)


def test_code_without_a_classifier_does_not_stay_at_home() -> None:
    assert not stays_home("def run_screening(universe, limit):\n    return []\n")
