"""What is kept of signals over history, and what becomes of a classifier's hits."""

import numpy as np
import orjson
import pytest

from libs.common.values import to_epoch_ms
from libs.strategy.sandbox.host.answers import Detail
from libs.strategy.signals import Evaluation, Signals
from services.backtest.core.engine import Terms
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.fingerprint import canonical
from services.backtest.modes.instances import figures, instances_of
from services.backtest.modes.said import joined, said_of, told
from tests.support.build import START, frame

FREE = Terms(fee=0.0, slippage=0.0)


def carried(signals: Signals, *, position_mode: bool = False):
    body = orjson.loads(canonical(told(Evaluation({"AAA": signals}), "rules.json")))
    return said_of(body["symbols"]["AAA"], len(signals), position_mode=position_mode)


def spoken(*actions: int) -> Signals:
    return Signals(np.array(actions, np.int8), {}, frame([100.0 + n for n in range(len(actions))]))


def hit(*rows: int, bars: int = 10) -> Signals:
    hits = np.zeros(bars, np.bool_)
    hits[list(rows)] = True
    details = {row: Detail(row, row / 10, None, {"gap": row}) for row in rows}
    return Signals(np.zeros(bars, np.int8), {}, frame([100.0 + n for n in range(bars)]), hits=hits, details=details)


@pytest.mark.parametrize("actions", [(0, 0, 0), (1, 1, 0, -1, -1, 1), (-1,), (0, 1), (1, -1, 1, -1)])
def test_actions_come_back_as_they_were(actions: tuple[int, ...]) -> None:
    assert carried(spoken(*actions)).actions.tolist() == list(actions)


def test_every_buy_is_an_instance_and_of_positions_every_entry() -> None:
    assert carried(spoken(1, 1, 0, 1, -1)).rows.tolist() == [0, 1, 3]
    assert carried(spoken(1, 1, 0, 1, -1), position_mode=True).rows.tolist() == [0, 3]


def test_hits_come_back_with_scores_and_data() -> None:
    saying = carried(hit(2, 5))
    assert saying.rows.tolist() == [2, 5]
    assert saying.actions.tolist() == [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert saying.scores[[2, 5]].tolist() == [0.2, 0.5]
    assert saying.details[5] == (0.5, {"gap": 5})


def test_pieces_of_one_symbol_are_joined_and_faults_of_others_kept() -> None:
    parts = [orjson.loads(canonical(told(Evaluation({"AAA": hit(row)}), "python.batch"))) for row in (5, 2)]
    parts[1]["faults"] = {"AAA": {"code": "x"}, "BBB": {"code": "y"}}
    found = joined(parts)
    assert found["symbols"]["AAA"]["hits"] == [2, 5]
    assert set(found["symbols"]["AAA"]["details"]) == {"2", "5"}
    assert found["faults"] == {"BBB": {"code": "y"}}


def test_instance_is_bought_at_the_next_open_and_sold_after_the_horizon_with_costs() -> None:
    signals = hit(2, 7, 9)
    bars, saying = signals.frame, carried(signals)
    terms = Terms(fee=0.001, slippage=0.0002)
    first, open_ended, unbought = instances_of("AAA", bars, saying, 3, terms)
    assert (first["ticker"], first["timestamp"], first["classification"]) == (
        "AAA",
        to_epoch_ms(START) + 2 * 3_600_000,
        True,
    )
    assert first["entry_price"] == bars.open[3]
    assert first["price_change"] == bars.open[6] / bars.open[3] - 1
    paid, got = bars.open[3] * 1.0002 * 1.001, bars.open[6] * 0.9998 * 0.999
    assert first["future_return"] == pytest.approx(got / paid - 1, abs=1e-15)
    assert (first["data"], first["score"]) == ({"gap": 2}, 0.2)
    assert (open_ended["entry_price"], open_ended["future_return"]) == (bars.open[8], None)
    assert (unbought["entry_price"], unbought["future_return"]) == (None, None)


def test_instance_earns_what_the_engine_books_for_the_trade() -> None:
    signals = hit(2)
    saying = carried(signals)
    terms = Terms(fee=0.001, slippage=0.0002)
    (instance,) = instances_of("AAA", signals.frame, saying, 3, terms)
    result = run_portfolio({"AAA": saying.actions}, {"AAA": signals.frame}, terms, horizon=3)
    assert result.books["AAA"].gain[0] == pytest.approx(instance["future_return"], abs=1e-7)


def test_figures_count_what_is_known_and_are_null_without_any() -> None:
    found = [
        {"future_return": 0.1, "price_change": 0.102},
        {"future_return": -0.001, "price_change": 0.001},
        {"future_return": None, "price_change": None},
    ]
    told_of = figures(found)
    assert told_of["average_return"] == pytest.approx(0.0495)
    assert (told_of["hit_rate"], told_of["positive_return_rate"]) == (1.0, 0.5)
    assert (told_of["max_return"], told_of["min_return"]) == (0.1, -0.001)
    assert set(figures(found[2:]).values()) == {None}
