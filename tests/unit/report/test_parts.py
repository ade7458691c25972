"""What pages are made of: spelled numbers, months, thinned columns, bars, evidence in words."""

from typing import Any

import numpy as np
import pytest

from libs.report import figures
from libs.report.bars import bars_of
from libs.report.evidence import boundary_of, findings
from libs.report.months import compounded, months
from libs.report.parts.monthly import level
from libs.report.parts.setup import _identity
from libs.report.payload import times_of
from libs.report.reading import Candles
from libs.report.thin import kept, merged
from tests.support.build import walk
from tests.support.reports import EVIDENCE, HOUR, MS

DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (figures.percent(0.1234, signed=True), "+12.34\u202f%"),
        (figures.percent(-0.5), "−50.00\u202f%"),
        (figures.percent(-0.000001, signed=True), "0.00\u202f%"),
        (figures.number(1_234_567.891), "1,234,567.89"),
        (figures.price(20_235.626316), "20,235.63"),
        (figures.price(1.5), "1.5000"),
        (figures.price(0.00001234), "0.00001234"),
        (figures.count(2_160), "2,160"),
        (figures.count(6.25), "6.2"),
        (figures.moment(MS + HOUR), "2024-01-01 01:00"),
        (figures.written("2024-03-01T14:00:00+00:00"), "2024-03-01 14:00"),
    ],
)
def test_figure_is_spelled_for_a_person(text: str, wanted: str) -> None:
    assert text == wanted


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "3", True, 10**400, [], {}])
def test_what_is_no_number_is_a_dash(value: Any) -> None:
    assert {figures.percent(value), figures.number(value), figures.price(value), figures.count(value)} == {"–"}


@pytest.mark.parametrize("value", [None, -1, 10**15, float("nan")])
def test_what_is_no_time_is_a_dash(value: Any) -> None:
    assert figures.moment(value) == "–"
    assert figures.milliseconds(value) is None


def test_months_start_from_the_value_before_them_and_the_first_from_the_capital() -> None:
    times = [MS + day * DAY for day in (0, 30, 31, 59, 60)]
    found = months(times, [100.0, 110.0, 120.0, 99.0, 99.0], [100.0, 100.0, None, 90.0, None], 100.0)
    assert [(one.year, one.month) for one in found] == [(2024, 1), (2024, 2), (2024, 3)]
    assert [one.gain for one in found] == pytest.approx([0.10, -0.10, 0.0])
    assert found[1].held == pytest.approx(-0.10)
    assert found[2].held is None


def test_months_without_a_bar_are_absent_and_the_next_takes_their_change() -> None:
    found = months([MS, MS + 100 * DAY], [100.0, 150.0], [100.0, 100.0], 100.0)
    assert [(one.month, one.gain) for one in found] == [(1, 0.0), (4, 0.5)]


def test_months_multiply_to_the_year() -> None:
    assert compounded([0.1, -0.1]) == pytest.approx(-0.01)
    assert compounded([0.1, None]) is None


def test_month_is_tinted_by_its_share_of_the_largest() -> None:
    assert [level(gain, 0.2) for gain in (0.2, 0.01, -0.1, 0.0, None)] == ["u5", "u1", "d2", None, None]


def test_thinned_line_keeps_ends_and_extremes() -> None:
    values = [float(n % 7) for n in range(1_000)]
    values[503], values[777] = 99.0, -99.0
    places = kept((values, [0.0] * 1_000), 100)
    assert {0, 503, 777, 999} <= set(places)
    assert len(places) <= 100
    assert places == sorted(set(places))


def test_short_line_is_not_thinned() -> None:
    assert kept(([1.0, None, 2.0],), 3) == [0, 1, 2]
    assert kept(([],), 10) == []


def test_merged_candles_keep_highs_and_lows() -> None:
    candles = Candles(
        2, [0, 1, 2, 3, 4], [1.0, 2, 3, 4, 5], [9.0, 8, 7, 6, 5], [5.0, 4, 3, 2, 1], [1.5, 2.5, 3.5, 4.5, 5.5]
    )
    found = merged(candles, 2)
    assert found == Candles(6, [0, 3], [1.0, 4], [9.0, 6], [3.0, 1], [3.5, 5.5])
    assert merged(candles, 5) is candles


def test_report_bars_are_shared_between_symbols_and_keep_every_high() -> None:
    frames = {"B": walk(100), "A": walk(30)}
    found = bars_of(frames, most=40)
    assert list(found) == ["A", "B"]
    assert [(one["every_bars"], len(one["times"])) for one in found.values()] == [(2, 15), (5, 20)]
    assert found["B"]["high"].max() == frames["B"].high.max()
    assert found["B"]["close"][-1] == frames["B"].close[-1]
    np.testing.assert_array_equal(found["B"]["open"], frames["B"].open[::5])


def test_report_bars_within_the_limit_are_the_bars() -> None:
    frame = walk(10)
    found = bars_of({"A": frame})["A"]
    assert found["every_bars"] == 1
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(found[name], getattr(frame, name))


def test_regular_times_are_three_numbers() -> None:
    assert times_of([MS + n * HOUR for n in range(9)]) == {"first": MS, "count": 9, "unit": HOUR, "runs": [[1, 8]]}
    assert times_of([0, 2, 4, 10])["runs"] == [[1, 2], [3, 1]]


def test_evidence_reads_as_one_finding_per_check() -> None:
    found = {one.name: one for one in findings(EVIDENCE)}
    assert {name: one.state for name, one in found.items()} == {
        "Look-ahead": "pass",
        "Lookback": "note",
        "Reproducible": "pass",
        "Luck": "fail",
        "Overfit": "warn",
        "Random entry": "note",
        "Doubled costs": "note",
        "Holdout": "fail",
        "Walk-forward, rolling": "note",
    }
    assert "It is one of 37 tries of its family." in found["Luck"].answer
    assert dict(found["Luck"].facts)["Bars needed to be sure"] == "– (the Sharpe ratio is too low)"
    assert dict(found["Walk-forward, rolling"].facts)["Efficiency, test over training"] == "– (training did not earn)"


def test_look_ahead_names_the_bars_that_changed_with_both_values() -> None:
    change = {"time": MS, "full": 1, "again": 0, "cut": MS + HOUR}
    asked = [{"symbol": "BTCUSDT", "look_ahead": {"passed": False, "changes": [change], "unchecked": [], "reruns": 4}}]
    (told, *_) = findings({"asked": asked})
    assert told.state == "fail"
    assert told.rows[1] == ("2024-01-01 00:00", "BTCUSDT", "buy", "hold", "2024-01-01 01:00")


def test_cuts_that_could_not_be_checked_fail_look_ahead() -> None:
    asked = [{"symbol": "X", "look_ahead": {"passed": False, "changes": [], "unchecked": [MS, MS], "reruns": 4}}]
    assert (
        findings({"asked": asked})[0].answer
        == "It could not be checked at 2 cuts: the strategy refused to answer there."
    )


def test_kept_back_bars_are_known_before_they_are_examined() -> None:
    short = {"in_short": {"holdout": {"boundary": "2024-01-02T00:00:00+00:00", "seen": False}}, "holdout": None}
    assert boundary_of(short) == MS + DAY
    (told,) = findings(short)
    assert (told.name, told.state) == ("Holdout", "note")
    assert boundary_of({}) is None
    assert findings({}) == ()


def test_a_common_purse_is_named_with_its_places_and_bars() -> None:
    told = dict(_identity({"purse": {"horizon": 4, "max_positions": 20}}))
    assert told == {"Purse": "one for all symbols, at most 20 positions of equal weight, each held 4 bars"}
    assert "Purse" not in dict(_identity({"purse": None}))


def test_gain_beyond_the_range_of_numbers_is_unknown() -> None:
    [month] = months([0], [10_000.0], [10_000.0], 6.2e-308)
    assert (month.gain, month.held) == (None, None)
    assert compounded([1e200, 1e200]) is None
