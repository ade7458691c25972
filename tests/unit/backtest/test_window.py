"""Which bars a backtest runs on, and which windows are refused."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.common.errors import BadInputError, NotFoundError
from libs.common.values import Timeframe, to_epoch_ms
from services.backtest.core.window import MAX_BARS, choose

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
LAST = datetime(2022, 12, 31, 23, tzinfo=UTC)


def choose_of(timeframe=Timeframe.H1, start=None, end=None):
    return choose(timeframe, to_epoch_ms(FIRST), to_epoch_ms(LAST), start, end)


def test_window_by_default_is_the_newest_90_days():
    window = choose_of()
    assert window.end_ms == to_epoch_ms(LAST + timedelta(hours=1))
    assert window.end_ms - window.start_ms == 90 * 86_400_000


def test_window_by_default_of_minutes_is_5000_bars():
    window = choose_of(Timeframe.M1)
    assert (window.end_ms - window.start_ms) // 60_000 == 5_000


def test_window_by_default_has_the_time_of_a_thousand_bars_where_90_days_hold_fewer():
    window = choose_of(Timeframe.D1)
    assert (window.end_ms - window.start_ms) // 86_400_000 == 1_000


def test_window_with_only_an_end_goes_back_90_days_from_it():
    end = datetime(2021, 6, 1, tzinfo=UTC)
    window = choose_of(end=end)
    assert (window.start_ms, window.end_ms) == (to_epoch_ms(end - timedelta(days=90)), to_epoch_ms(end))


def test_window_takes_bars_that_close_by_its_end():
    window = choose_of(end=datetime(2021, 6, 1, 12, 30, tzinfo=UTC))
    last = window.last_open_before(Timeframe.H1)
    assert to_epoch_ms(datetime(2021, 6, 1, 11, tzinfo=UTC)) < last <= to_epoch_ms(datetime(2021, 6, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize("hours", [0, -1])
def test_window_that_starts_at_or_after_its_end_is_refused(hours):
    start = datetime(2021, 6, 1, tzinfo=UTC)
    with pytest.raises(BadInputError) as raised:
        choose_of(start=start, end=start + timedelta(hours=hours))
    assert (raised.value.code, raised.value.pointer) == ("backtest.window_empty", "/start")


def test_window_of_100_years_of_minutes_is_refused():
    with pytest.raises(BadInputError) as raised:
        choose_of(Timeframe.M1, datetime(1930, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    assert raised.value.code == "backtest.window_too_long"
    assert str(MAX_BARS) in raised.value.detail


def test_window_of_five_years_of_minutes_is_allowed():
    start = datetime(2018, 1, 1, tzinfo=UTC)
    assert choose_of(Timeframe.M1, start, start + timedelta(days=5 * 366)).start_ms == to_epoch_ms(start)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2023, 1, 1, 1, tzinfo=UTC), None),
        (datetime(2030, 1, 1, tzinfo=UTC), None),
        (None, datetime(2019, 1, 1, tzinfo=UTC)),
        (None, datetime(2020, 1, 1, 0, 59, tzinfo=UTC)),
        (datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 2, 1, tzinfo=UTC)),
    ],
)
def test_window_outside_the_stored_bars_is_refused_naming_them(start, end):
    with pytest.raises(NotFoundError) as raised:
        choose_of(start=start, end=end)
    assert raised.value.code == "backtest.no_bars"
    assert "2020-01-01" in raised.value.hint
