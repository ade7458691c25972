"""The data functions: plain lists and dicts, exactly as many bars as asked, none from after the as-of moment."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.data import DataFunctions
from libs.strategy.sandbox.guest.faults import StrategyError
from libs.strategy.sandbox.layout import read_market
from tests.unit.strategy.sandbox.guest_jobs import DAY_MS, HOUR_MS, START_MS, Columns, bars, market, views

KNOWN = {
    "A": {"market_cap": 3e9, "pe_ratio": 10, "sector": "Energy", "eps": None},
    "B": {"market_cap": 1e9, "pe_ratio": 30.5, "sector": "Technology"},
    "C": {"market_cap": None, "sector": "Energy"},
}


class Asked:
    """The functions of a market, with the symbol in hand and its row."""

    def __init__(self, symbols: dict[str, Columns], **more: Any):
        view = market(symbols, **more)
        index = read_market(view)
        self.asof = AsOf(index, view)
        self.functions = DataFunctions(self.asof, index).functions()

    def at(self, symbol: str, row: int) -> "Asked":
        self.asof.take(symbol)
        self.asof.stop = row + 1
        return self

    def prices(self, *args: Any, **named: Any) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = self.functions["get_price_data"](*args, **named)
        return found

    def scan(self, *args: Any, **named: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.functions["scan_universe"](*args, **named)
        return found


def test_prices_of_the_symbol_in_hand_end_with_the_bar_being_decided() -> None:
    asked = Asked({"A": bars(10)}).at("A", 4)
    for _ in range(2):
        found = asked.prices("A", "1h", 3)
        assert found == {
            "timestamps": [START_MS + row * HOUR_MS for row in (2, 3, 4)],
            "open": [101.0, 102.0, 103.0],
            "high": [103.0, 104.0, 105.0],
            "low": [100.0, 101.0, 102.0],
            "close": [102.0, 103.0, 104.0],
            "volume": [3.0, 4.0, 5.0],
        }
        assert type(found) is dict
        assert {type(column) for column in found.values()} == {list}
        assert {type(value) for value in found["close"]} == {float}
        assert {type(value) for value in found["timestamps"]} == {int}
        asked.asof.list_hand()


@pytest.mark.parametrize(("days", "count"), [(0, 0), (1, 1), (5, 5), (99, 5), (3.0, 3), (np.int64(2), 2)])
def test_prices_are_as_many_as_asked_or_as_there_are(days: Any, count: int) -> None:
    asked = Asked({"A": bars(10)}).at("A", 4)
    assert len(asked.prices("A", "1h", days)["close"]) == count


def test_prices_are_fresh_lists_that_a_strategy_may_change() -> None:
    asked = Asked({"A": bars(10), "B": bars(10)}).at("A", 4)
    for symbol in ("A", "B"):
        for _ in range(6):
            asked.prices(symbol, "1h", 3)["close"].clear()
        assert len(asked.prices(symbol, "1h", 3)["close"]) == 3


def test_prices_of_another_symbol_opened_strictly_before_the_bar_being_decided() -> None:
    asked = Asked({"A": bars(10), "B": bars(10), "C": bars(10, start_ms=START_MS + HOUR_MS // 2)}).at("A", 4)
    for _ in range(6):
        assert asked.prices("B", "1h", 99)["close"] == [100.0, 101.0, 102.0, 103.0]
        assert asked.prices("C", "1h", 99)["close"] == [100.0, 101.0, 102.0, 103.0]


def test_prices_as_of_a_moment_are_of_bars_closed_by_then() -> None:
    asked = Asked({"A": bars(10)})
    for moment, count in ((START_MS + 4 * HOUR_MS, 4), (START_MS + 4 * HOUR_MS - 1, 3), (START_MS, 0)):
        asked.asof.move_to(moment)
        assert len(asked.prices("A", "1h", 99)["close"]) == count


def test_prices_of_an_unknown_symbol_are_empty_lists() -> None:
    found = Asked({"A": bars(10)}).at("A", 4).prices("NONE", "1h")
    assert found == {name: [] for name in ("timestamps", "open", "high", "low", "close", "volume")}


@pytest.mark.parametrize("spelled", ["BTCUSDT", "btcusdt", "BTC/USDT"])
def test_symbols_may_be_spelled_as_people_do(spelled: str) -> None:
    assert Asked({"BTCUSDT": bars(10)}).at("BTCUSDT", 4).prices(spelled, "1h", 1)["close"] == [104.0]


@pytest.mark.parametrize(
    ("timeframe", "told"),
    [
        ("1m", "there are 1h bars here, so 1m cannot be made of them: ask for 1h or a multiple of it"),
        ("90m", "there are 1h bars here, so 90m cannot"),
        ("0h", "timeframe is '0h': write it like 1h"),
        ("day", "timeframe is 'day'"),
        (None, "timeframe is None"),
    ],
)
def test_timeframe_that_cannot_be_made_names_the_bars_there_are(timeframe: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Asked({"A": bars(10)}).at("A", 4).prices("A", timeframe, 3)


@pytest.mark.parametrize("days", [-1, 2.5, "3", None, True])
def test_days_that_are_no_count_are_refused(days: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="days is"):
        Asked({"A": bars(10)}).at("A", 4).prices("A", "1h", days)


def test_symbol_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="the symbol is"):
        Asked({"A": bars(10)}).at("A", 4).prices(["A"], "1h", 3)


def test_prices_before_any_bar_is_decided_are_refused() -> None:
    asked = Asked({"A": bars(10)})
    for ask in (asked.scan, lambda: asked.prices("A", "1h", 3), asked.asof.now_ms):
        with pytest.raises(StrategyError, match="before any bar was being decided"):
            ask()


def test_coarser_bars_are_closed_buckets_of_the_epoch_alone() -> None:
    asked = Asked({"A": bars(24, start_ms=START_MS + 2 * HOUR_MS), "B": bars(24, start_ms=START_MS)})
    first_bucket_broken = START_MS + 4 * HOUR_MS
    assert asked.at("A", 4).prices("A", "4h", 9)["timestamps"] == []
    found = asked.at("A", 5).prices("A", "4h", 9)
    assert found == {
        "timestamps": [first_bucket_broken],
        "open": [101.0],
        "high": [106.0],
        "low": [100.0],
        "close": [105.0],
        "volume": [3.0 + 4.0 + 5.0 + 6.0],
    }
    assert asked.prices("B", "4h", 9)["timestamps"] == [START_MS]
    assert asked.at("A", 6).prices("B", "4h", 9)["timestamps"] == [START_MS, START_MS + 4 * HOUR_MS]


def test_coarser_bars_equal_those_of_pandas_with_gaps_in_the_hours() -> None:
    columns = bars(24 * 9)
    kept = np.flatnonzero(np.arange(24 * 9) % 7 != 3)
    gappy = views(*(np.asarray(each)[kept] for each in columns))
    frame = pd.DataFrame(
        dict(zip(("ts", "open", "high", "low", "close", "volume"), map(np.asarray, gappy), strict=True))
    )
    frame.index = pd.to_datetime(frame["ts"], unit="ms")
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    daily = frame.resample("D").agg(rules)
    asked = Asked({"A": gappy})
    for row in range(len(kept)):
        moment = int(frame["ts"].iloc[row]) + HOUR_MS
        closed = daily[daily.index + pd.Timedelta(days=1) <= pd.Timestamp(moment, unit="ms")]
        found = asked.at("A", row).prices("A", "1d", 99)
        assert {name: found[name] for name in rules} == closed.to_dict("list")


def test_coarser_bars_of_hours_that_open_at_the_half_show_once_their_last_hour_closed() -> None:
    asked = Asked({"A": bars(48, start_ms=START_MS + HOUR_MS // 2)})
    assert asked.at("A", 22).prices("A", "1d", 9)["close"] == []
    assert asked.at("A", 23).prices("A", "1d", 9)["close"] == [123.0]
    asked.asof.move_to(START_MS + DAY_MS)
    assert asked.prices("A", "1d", 9)["close"] == []


def test_coarser_bars_of_an_empty_or_short_market_are_none() -> None:
    assert Asked({"A": bars(3), "B": bars(0)}).at("A", 2).prices("B", "1d", 9)["close"] == []
    assert Asked({"A": bars(3, start_ms=START_MS + HOUR_MS)}).at("A", 2).prices("A", "1d", 9)["close"] == []


def test_what_a_longer_market_serves_is_what_a_cut_one_serves() -> None:
    whole = Asked({"A": bars(200), "B": bars(200, first=50.0)})
    for row in (0, 30, 95, 96, 150):
        cut = Asked({"A": bars(row + 1), "B": bars(row + 1, first=50.0)})
        for asked in (("A", "1h", 10), ("A", "4h", 10), ("A", "1d", 9), ("B", "1h", 3), ("B", "1d", 9)):
            assert whole.at("A", row).prices(*asked) == cut.at("A", row).prices(*asked)


def test_many_symbols_are_a_dict_by_symbol() -> None:
    asked = Asked({"A": bars(10), "B": bars(10)}).at("A", 4)
    found = asked.functions["get_multiple_symbols_data"](["A", "B", "X"], timeframe="1h", days=2)
    assert {symbol: data["close"] for symbol, data in found.items()} == {
        "A": [103.0, 104.0],
        "B": [102.0, 103.0],
        "X": [],
    }
    with pytest.raises(TypeError, match="give a list"):
        asked.functions["get_multiple_symbols_data"]("A")


def test_fundamentals_hold_what_is_known_only() -> None:
    asked = Asked({"A": bars(3)}, fundamentals=KNOWN).at("A", 1)
    ask = asked.functions["get_fundamental_data"]
    assert ask("A") == {"market_cap": 3e9, "pe_ratio": 10, "sector": "Energy"}
    assert ask("NONE") == {}
    ask("A").clear()
    assert ask("A")["pe_ratio"] == 10


@pytest.mark.parametrize(
    ("filters", "symbols"),
    [
        (None, ["A", "B", "C"]),
        ({}, ["A", "B", "C"]),
        ({"min_market_cap": 1e9}, ["A", "B"]),
        ({"min_market_cap": 2e9}, ["A"]),
        ({"max_pe_ratio": 30.5}, ["A", "B"]),
        ({"min_pe_ratio": 5, "max_pe_ratio": 20}, ["A"]),
        ({"sector": "energy"}, ["A", "C"]),
        ({"sector": ["Technology", "Energy"], "min_market_cap": 1}, ["A", "B"]),
        ({"min_revenue": 1}, []),
    ],
)
def test_universe_is_filtered_by_bounds_and_sector(filters: Any, symbols: list[str]) -> None:
    asked = Asked({name: bars(3) for name in "CBA"}, fundamentals=KNOWN).at("A", 1)
    found = asked.scan(filters)
    assert found["symbols"] == symbols
    assert list(found["data"]) == symbols
    assert asked.scan(filters, limit=1)["symbols"] == symbols[:1]


def test_universe_holds_only_symbols_that_are_listed_by_then() -> None:
    asked = Asked({"A": bars(9), "B": bars(9, start_ms=START_MS + 4 * HOUR_MS), "C": bars(0)})
    assert asked.at("A", 4).scan()["symbols"] == ["A"]
    assert asked.at("A", 5).scan()["symbols"] == ["A", "B"]


def test_universe_refuses_filters_it_does_not_know_and_names_those_it_does() -> None:
    asked = Asked({"A": bars(3)}, fundamentals=KNOWN).at("A", 1)
    with pytest.raises(
        ValueError, match=r"no filter 'min_price': use sector, .* debt_to_equity, eps, market_cap, pb_ratio"
    ):
        asked.scan({"min_price": 5})
    with pytest.raises(ValueError, match="no filter 'market_cap'"):
        asked.scan({"market_cap": 5})
    with pytest.raises(TypeError, match="min_market_cap is '1e9': give a number"):
        asked.scan({"min_market_cap": "1e9"})
    with pytest.raises(TypeError, match="sector is 5"):
        asked.scan({"sector": 5})


def test_memory_of_lists_is_bounded() -> None:
    asked = Asked({"A": bars(25_001), "B": bars(10)})
    asked.at("A", 100)
    asked.asof.list_hand()
    assert not asked.asof.hand.is_listed
    assert asked.prices("A", "1h", 2)["close"] == [199.0, 200.0]
