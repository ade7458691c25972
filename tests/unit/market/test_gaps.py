import numpy as np
import pytest

from libs.common.errors import BadInputError
from libs.market.gaps import Gap, find_gaps
from tests.unit.market.series import HOUR, real_btc


def test_find_gaps_of_skipped_bars_names_first_last_and_count() -> None:
    ts = np.array([0, 1, 4, 5, 7]) * HOUR
    assert find_gaps(ts, HOUR) == [Gap(2 * HOUR, 3 * HOUR, 2), Gap(6 * HOUR, 6 * HOUR, 1)]


@pytest.mark.parametrize("bars", [[], [5], [5, 6, 7]])
def test_find_gaps_of_whole_series_is_empty(bars: list[int]) -> None:
    assert find_gaps(np.array(bars, np.int64) * HOUR, HOUR) == []


def test_find_gaps_of_bars_off_the_grid_counts_whole_steps_only() -> None:
    assert find_gaps(np.array([0, HOUR + HOUR // 2]), HOUR) == []


def test_find_gaps_with_no_step_is_refused() -> None:
    with pytest.raises(BadInputError):
        find_gaps(np.array([0, 1]), 0)


def test_find_gaps_of_real_bitcoin_hours_are_27_with_127_bars() -> None:
    gaps = find_gaps(real_btc().ts, HOUR)
    assert (len(gaps), sum(gap.bars_missing for gap in gaps), max(gap.bars_missing for gap in gaps)) == (27, 127, 33)
