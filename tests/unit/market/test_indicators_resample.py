import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import BadInputError
from libs.market.frame import Frame
from libs.market.resample import resample
from tests.unit.market.series import HOUR, walk

FOUR = 4 * HOUR
MIDNIGHT = 1_700_006_400_000


def bars(*hours: int) -> Frame:
    """Return hourly bars at these hours after a midnight; the close of each is 100 + its hour."""
    close = np.array([100.0 + hour for hour in hours])
    ts = MIDNIGHT + HOUR * np.array(hours, np.int64)
    return Frame.of(ts, close - 0.5, close + 1, close - 1, close, np.array(hours, np.float64) + 1)


def test_bucket_counts_from_the_bar_that_closes_it_on() -> None:
    found = resample(bars(0, 1, 2, 3, 4, 5, 6, 7, 8), HOUR, FOUR)
    assert found.latest.tolist() == [-1, -1, -1, 0, 0, 0, 0, 1, 1]
    assert found.frame.ts.tolist() == [MIDNIGHT, MIDNIGHT + FOUR]


def test_bucket_holds_first_open_extremes_last_close_and_all_volume() -> None:
    frame = resample(bars(0, 1, 2, 3), HOUR, FOUR).frame
    columns = (frame.open, frame.high, frame.low, frame.close, frame.volume)
    assert [column.tolist() for column in columns] == [[99.5], [104.0], [99.0], [103.0], [10.0]]


def test_first_bucket_is_left_out_unless_the_frame_starts_with_it() -> None:
    found = resample(bars(1, 2, 3, 4, 5, 6, 7), HOUR, FOUR)
    assert found.latest.tolist() == [-1] * 6 + [0]
    assert found.frame.ts.tolist() == [MIDNIGHT + FOUR]


def test_bucket_whose_last_bar_is_missing_counts_from_the_next_bar_there_is() -> None:
    found = resample(bars(0, 1, 2, 5, 6, 7), HOUR, FOUR)
    assert found.latest.tolist() == [-1, -1, -1, 0, 0, 1]
    assert found.frame.close[0] == 102.0


def test_bucket_without_bars_does_not_exist() -> None:
    found = resample(bars(0, 1, 2, 3, 12, 13), HOUR, FOUR)
    assert found.frame.ts.tolist() == [MIDNIGHT]
    assert found.latest.tolist() == [-1, -1, -1, 0, 0, 0]


def test_one_bar_may_close_two_buckets() -> None:
    found = resample(bars(0, 7), HOUR, FOUR)
    assert found.latest.tolist() == [-1, 1]


def test_frame_without_bars_gives_none() -> None:
    found = resample(Frame.empty(), HOUR, FOUR)
    assert (len(found.frame), len(found.latest)) == (0, 0)


def test_column_is_stretched_over_the_bars_that_see_it() -> None:
    found = resample(bars(0, 1, 2, 3, 4), HOUR, FOUR)
    assert np.array_equal(found.stretched(found.frame.close), [np.nan] * 3 + [103.0] * 2, equal_nan=True)
    assert found.held(np.array([True])).tolist() == [False] * 3 + [True] * 2


@pytest.mark.parametrize(("step", "bucket"), [(HOUR, HOUR), (FOUR, HOUR), (HOUR, HOUR + 1), (0, HOUR)])
def test_lengths_that_do_not_fit_are_refused(step: int, bucket: int) -> None:
    with pytest.raises(BadInputError):
        resample(bars(0, 1), step, bucket)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 79)), st.integers(0, 80), st.sampled_from([FOUR, 24 * HOUR]))
def test_later_bars_change_nothing_that_was_seen(missing: set[int], cut: int, bucket: int) -> None:
    base = walk(80)
    keep = np.array([bar not in missing for bar in range(80)])
    columns = (base.ts, base.open, base.high, base.low, base.close, base.volume)
    frame = Frame.of(*(column[keep] for column in columns))
    whole = resample(frame, HOUR, bucket)
    part = resample(frame.until(int(base.ts[0]) + HOUR * (cut - 1)), HOUR, bucket)
    seen = len(part.latest)
    assert part.latest.tolist() == whole.latest[:seen].tolist()
    closed = len(part.frame)
    assert part.frame.data_hash() == whole.frame.until(int(part.frame.ts[-1]) if closed else -1).data_hash()
    for bar in range(seen):
        if part.latest[bar] >= 0:
            assert part.frame.ts[part.latest[bar]] + bucket <= frame.ts[bar] + HOUR
