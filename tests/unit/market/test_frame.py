import numpy as np
import pytest

from libs.common.errors import BadBarsError
from libs.market.frame import COLUMNS, Frame
from libs.market.records import as_frame, as_records
from tests.unit.market.series import HOUR, START, walk


def columns(**changes: object) -> dict[str, object]:
    good = {
        "ts": [0, 1, 2],
        "open": [10.0, 11.0, 12.0],
        "high": [12.0, 13.0, 14.0],
        "low": [9.0, 10.0, 11.0],
        "close": [11.0, 12.0, 13.0],
        "volume": [1.0, 0.0, 2.0],
    }
    return {**good, **changes}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ts": [0, 2, 1]}, "/ts/2"),
        ({"ts": [0, 0, 1]}, "/ts/1"),
        ({"ts": [0.0, 1.0, 2.0]}, "/ts"),
        ({"ts": [[0, 1, 2]]}, "/ts"),
        ({"open": [10.0, float("nan"), 12.0]}, "/open/1"),
        ({"high": [12.0, 13.0, float("inf")]}, "/high/2"),
        ({"close": [0.0, 12.0, 13.0], "low": [0.0, 10.0, 11.0]}, "/low/0"),
        ({"volume": [1.0, 2.0, -1.0]}, "/volume/2"),
        ({"high": [12.0, 11.5, 14.0]}, "/high/1"),
        ({"low": [11.5, 10.0, 11.0]}, "/low/0"),
        ({"close": [11.0, 12.0]}, "/close"),
        ({"close": [11.0, None, 13.0]}, "/close/1"),
        ({"close": ["11", "12", "13"]}, "/close"),
        ({"close": [11.0, 12.0, 10**400]}, "/close"),
        ({"close": [True, False, True]}, "/close"),
        ({"ts": [0, 2, 1], "open": [-1.0, 11.0, 12.0]}, "/open/0"),
    ],
)
def test_frame_of_bad_columns_names_the_first_bad_place(changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(BadBarsError) as caught:
        Frame.of(**columns(**changes))  # type: ignore[arg-type]
    assert caught.value.pointer == pointer


def test_frame_of_good_columns_copies_them() -> None:
    close = np.array([11.0, 12.0, 13.0])
    frame = Frame.of(**columns(close=close))  # type: ignore[arg-type]
    close[0] = 99.0
    assert frame.close[0] == 11.0
    assert (str(frame.ts.dtype), str(frame.close.dtype), len(frame)) == ("int64", "float64", 3)


def test_frame_of_no_bars_is_empty() -> None:
    assert len(Frame.of([], [], [], [], [], [])) == len(Frame.empty()) == 0


def test_frame_slices_are_views_with_stated_bounds() -> None:
    frame = walk(10)
    at = [START + HOUR * bar for bar in range(11)]
    assert [len(frame.until(at[3])), len(frame.until(at[3] - 1)), len(frame.until(at[0] - 1))] == [4, 3, 0]
    assert frame.between(at[2], at[5]).ts.tolist() == at[2:5]
    assert frame.between(None, at[5]).ts.tolist() == at[:5]
    assert frame.between(at[7], None).ts.tolist() == at[7:10]
    assert len(frame.between(at[5], at[2])) == 0
    assert frame.tail(3).ts.tolist() == at[7:10]
    assert [len(frame.tail(99)), len(frame.tail(0))] == [10, 0]
    assert np.shares_memory(frame.close, frame.between(at[2], at[5]).close)


def test_frame_to_pandas_follows_the_price_frame_contract() -> None:
    frame = walk(4)
    table = frame.to_pandas()
    assert list(table.columns) == list(COLUMNS)
    assert (table.index.name, str(table.index.tz)) == ("ts", "UTC")
    assert int(table.index[1].timestamp() * 1000) == frame.ts[1]
    table.loc[table.index[0], "close"] = 1.0
    assert frame.close[0] != 1.0


def test_data_hash_depends_on_every_value_and_not_on_memory_layout() -> None:
    frame = walk(50)
    strided = as_frame(as_records(frame))
    assert not strided.close.flags.c_contiguous
    assert strided.data_hash() == frame.data_hash()
    for name in ("ts", *COLUMNS):
        changed = {column: np.array(getattr(frame, column)) for column in ("ts", *COLUMNS)}
        changed[name][49] += 1
        assert Frame(**changed).data_hash() != frame.data_hash()
