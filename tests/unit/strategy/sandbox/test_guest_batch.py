"""Batch contracts in the guest: called once for each as-of moment, documented answers read, everything else refused."""

import json
from typing import Any

import pytest

from tests.unit.strategy.sandbox.guest_jobs import DAY_MS, START_MS, Answered, Guest, bars, market

TWO = Guest(
    market(
        {"A": bars(90, step_ms=DAY_MS), "B": bars(50, step_ms=DAY_MS, start_ms=START_MS + 40 * DAY_MS)}, ("1d", DAY_MS)
    ),
    ["A", "B"],
)
MOMENTS = [START_MS + 30 * DAY_MS, START_MS + 60 * DAY_MS]


def asked(source: str, contract: str = "run_batch_backtest", **more: Any) -> Answered:
    args = {
        "contract": contract,
        "start_ms": START_MS,
        "end_ms": START_MS + 90 * DAY_MS,
        "limit": None,
        "asof_ms": MOMENTS,
    }
    return TWO.run("batch", source, **args | more)


def test_batch_is_asked_at_each_moment_about_what_was_listed_by_then() -> None:
    source = """
        def run_batch_backtest(start_date, end_date, symbols):
            print(start_date, end_date, symbols, datetime.utcnow())
            return {'instances': [
                {'ticker': s, 'timestamp': 1, 'classification': True, 'entry_price': get_price_data(s, '1d', 1)['close'][-1]}
                for s in symbols
            ], 'performance_metrics': {'total': len(symbols), 'bad': float('nan')}}
    """
    found = asked(source)
    assert found.picks == [
        {"asof_ms": MOMENTS[0], "ticker": "A", "classification": True, "score": None, "data": {"entry_price": 129.0}},
        {"asof_ms": MOMENTS[1], "ticker": "A", "classification": True, "score": None, "data": {"entry_price": 159.0}},
        {"asof_ms": MOMENTS[1], "ticker": "B", "classification": True, "score": None, "data": {"entry_price": 119.0}},
    ]
    assert found.header["printed"].splitlines() == [
        "2024-01-01 2024-01-31 ['A'] 2024-01-31 00:00:00",
        "2024-01-01 2024-03-01 ['A', 'B'] 2024-03-01 00:00:00",
    ]
    assert found.header["claimed"] == {"performance_metrics": {"total": 2, "bad": None}}
    assert [(each["symbol"], each["rows"], each["error"]) for each in found.header["symbols"]] == [
        ("A", 90, None),
        ("B", 50, None),
    ]


def test_batch_contract_is_given_its_own_parameters_and_not_those_of_its_neighbour() -> None:
    source = """
        def run_batch_backtest(start_date, end_date, symbols, top=5):
            return {'instances': [{'ticker': s, 'score': top} for s in symbols]}
        def run_screening(universe, limit, /, *, floor=2, **more):
            return {'ranked_results': [{'symbol': s, 'score': floor + len(more)} for s in universe]}
    """
    parameters = {"top": 4, "floor": 3}
    assert {pick["score"] for pick in asked(source, parameters=parameters).picks} == {4}
    assert {pick["score"] for pick in asked(source, "run_screening", parameters=parameters).picks} == {4}


def test_screening_is_cut_to_its_limit_in_the_order_of_the_code() -> None:
    source = """
        def run_screening(universe, limit):
            assert limit == 1
            return {'ranked_results': [{'symbol': s, 'score': len(s), 'rank': i} for i, s in enumerate(reversed(universe))]}
    """
    found = asked(source, "run_screening", limit=1)
    assert [(pick["ticker"], pick["score"], pick["data"]) for pick in found.picks] == [
        ("A", 1, {"rank": 0}),
        ("B", 1, {"rank": 0}),
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("None", "run_batch_backtest returns None without a list instances"),
        ("{'results': []}", "returns a dict without a list instances"),
        ("['A']", "instances[0] is 'A'; make it a dict"),
        ("[{'ticker': 'XYZ'}]", "instances[0] names 'XYZ', which was not asked about"),
        ("[{'score': 1}]", "instances[0] names None"),
        ("[{'ticker': 'A', 'score': 'high'}]", "score is 'high'"),
        ("[{'ticker': 'A', 'classification': 'yes'}]", "instances[0] classification is 'yes'"),
        ("[{'ticker': 'A'}] * 10_001", "returns 10001 instances"),
    ],
)
def test_batch_answer_of_another_shape_is_refused(answer: str, told: str) -> None:
    found = asked(f"def run_batch_backtest(start_date, end_date, symbols):\n    return {answer}")
    assert (found.header["ok"], found.error["code"], found.error["line"]) == (False, "strategy.result", 1)
    assert told in f"{found.error['message']}; {found.error['hint']}"


def test_a_moment_that_raises_is_remarked_and_the_others_count() -> None:
    source = "def run_batch_backtest(start_date, end_date, symbols):\n    return [{'ticker': symbols[1]}]"
    found = asked(source)
    assert [pick["asof_ms"] for pick in found.picks] == MOMENTS[1:]
    assert (
        found.warnings["strategy.raised"]
        == "1 of 2 calls failed; first as of 2024-01-31: line 2: IndexError: list index out of range"
    )


def test_batch_answers_beyond_their_bound_are_refused() -> None:
    source = "def run_batch_backtest(start_date, end_date, symbols):\n    return [{'ticker': 'A', 'text': ['x' * 300] * 40}] * 400"
    assert asked(source).error["code"] == "strategy.result"


def test_batch_parameters_are_passed_by_name() -> None:
    source = (
        "def run_batch_backtest(start_date, end_date, symbols, floor=0):\n    return [{'ticker': 'A', 'score': floor}]"
    )
    assert {pick["score"] for pick in asked(source, parameters={"floor": 3}).picks} == {3}
    assert json.loads(asked(source).payload)[0]["score"] == 0
