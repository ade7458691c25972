"""Watches as values: whose turn it is, what may share, where the default one goes on."""

from typing import Any

import numpy as np
import pytest

from libs.common.errors import BadInputError, BadSymbolError, ConflictError
from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.market.gaps import Gap
from services.ingest.core.facts import Origin, bars_closed, gaps_found, groups
from services.ingest.core.market_gaps import market_gaps
from services.ingest.core.watches import (
    Watch,
    aligned,
    canonical_symbols,
    check_free,
    default_watch,
    event_clock_ms,
    whose_turn,
)

HOUR = 3_600_000
DAY = 24 * HOUR


def watch(watch_id: str = "w", next_ms: int = 0, timeframe: Timeframe = Timeframe.H1, **changes: Any) -> Watch:
    fields: dict[str, Any] = {"symbols": ("BTCUSDT",), "start_ms": 0, "end_ms": None, **changes}
    return Watch(watch_id=watch_id, identity="files", timeframe=timeframe, next_ms=next_ms, **fields)


def frame(*open_ms: int) -> Frame:
    ones = np.ones(len(open_ms))
    return Frame.of(np.array(open_ms, np.int64), ones, ones, ones, ones, ones)


def test_symbols_are_made_canonical_sorted_and_unique() -> None:
    assert canonical_symbols(["eth/usdt", "BTCUSDT", "btc-usdt"], ["BTCUSDT", "ETHUSDT"]) == ("BTCUSDT", "ETHUSDT")


def test_symbol_the_feed_does_not_have_is_refused_at_its_place() -> None:
    with pytest.raises(BadInputError) as refused:
        canonical_symbols(["BTCUSDT", "FOOUSDT"], ["BTCUSDT"])
    assert (refused.value.code, refused.value.pointer) == ("feed.unknown_symbol", "/symbols/1")
    with pytest.raises(BadSymbolError):
        canonical_symbols(["../x"], ["BTCUSDT"])


def test_two_watches_of_one_series_are_refused() -> None:
    running = {"w": watch()}
    with pytest.raises(ConflictError, match="BTCUSDT"):
        check_free(watch("v", symbols=("BTCUSDT", "ETHUSDT")), running)
    check_free(watch("v", timeframe=Timeframe.M5), running)
    check_free(watch("w"), running)


def test_start_is_moved_up_to_the_grid() -> None:
    assert aligned(HOUR + 1, Timeframe.H1) == 2 * HOUR
    assert watch().starting_at(HOUR + 1).next_ms == 2 * HOUR


def test_watch_that_would_end_before_its_first_bar_is_refused() -> None:
    with pytest.raises(BadInputError) as refused:
        watch(end_ms=HOUR).starting_at(HOUR)
    assert refused.value.pointer == "/end"


def test_event_clock_is_how_far_the_furthest_watch_is() -> None:
    assert event_clock_ms({"a": watch("a", 5), "b": watch("b", 9)}) == 9
    assert event_clock_ms({}) == 0


def test_watch_whose_bar_closes_first_takes_its_turn_up_to_the_others() -> None:
    hourly = watch("hourly", 0)
    minutes = watch("minutes", 0, Timeframe.M5)
    chosen, until_ms = whose_turn([hourly, minutes], {"hourly": hourly, "minutes": minutes})
    assert chosen is minutes
    assert until_ms == HOUR - 300_000 + 1


def test_watch_alone_goes_to_its_end() -> None:
    alone = watch(end_ms=7 * HOUR)
    assert whose_turn([alone], {"w": alone}) == (alone, 7 * HOUR)


def test_watch_that_is_the_only_one_due_does_at_least_one_bar() -> None:
    late, waiting = watch("late", 9 * HOUR), watch("waiting", 0)
    assert whose_turn([late], {"late": late, "waiting": waiting}) == (late, 9 * HOUR + 1)


def test_default_watch_goes_on_where_it_stopped() -> None:
    fresh, stopped = watch("default"), watch("default", 5 * HOUR)
    assert default_watch(None, fresh) is fresh
    assert default_watch(stopped, fresh) is stopped


def test_default_watch_with_other_symbols_or_timeframe_never_goes_back_in_time() -> None:
    stopped = watch("default", 5 * HOUR)
    wider = default_watch(stopped, watch("default", symbols=("BTCUSDT", "ETHUSDT")))
    assert (wider.symbols, wider.next_ms, wider.start_ms) == (("BTCUSDT", "ETHUSDT"), 5 * HOUR, 5 * HOUR)
    slower = default_watch(stopped, watch("default", timeframe=Timeframe.H4))
    assert slower.next_ms == 8 * HOUR


def test_groups_come_by_time_and_then_by_symbol() -> None:
    found = list(groups({"ETHUSDT": frame(HOUR, 2 * HOUR), "BTCUSDT": frame(HOUR, 3 * HOUR)}))
    assert found == [(HOUR, ["BTCUSDT", "ETHUSDT"]), (2 * HOUR, ["ETHUSDT"]), (3 * HOUR, ["BTCUSDT"])]


def test_bars_carry_the_id_of_their_series_and_open_time() -> None:
    (bar,) = bars_closed({"BTCUSDT": frame(HOUR)}, Timeframe.H1, {"BTCUSDT": Origin("csv", False)})
    assert bar.event_id == bar.id_of("BTCUSDT", "1h", bar.open_time)
    assert (bar.at, bar.source, bar.simulated) == (bar.close_time, "csv", False)


def test_gap_has_one_id_for_ever() -> None:
    (first,) = gaps_found("BTCUSDT", Timeframe.H1, [Gap(HOUR, 2 * HOUR, 2)])
    (again,) = gaps_found("BTCUSDT", Timeframe.H1, [Gap(HOUR, 2 * HOUR, 2)])
    assert first == again
    assert first.at.timestamp() == 4 * 3_600


def test_weekends_of_a_daily_series_that_never_trades_on_one_are_no_gaps() -> None:
    friday = 1 * DAY
    week = frame(friday, friday + 3 * DAY, friday + 4 * DAY, friday + 10 * DAY).ts
    assert market_gaps(week, Timeframe.D1) == [Gap(friday + 5 * DAY, friday + 7 * DAY, 3)]


def test_weekends_of_a_daily_series_that_trades_on_some_are_gaps() -> None:
    friday = 1 * DAY
    assert market_gaps(frame(friday, friday + DAY, friday + 3 * DAY).ts, Timeframe.D1) == [
        Gap(friday + 2 * DAY, friday + 2 * DAY, 1)
    ]
