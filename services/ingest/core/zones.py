"""From local wall-clock times to UTC: the hour that comes twice, and the hour that never was."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadInputError
from libs.common.values import from_epoch_ms
from libs.market.frame import TimeArray

_QUARTER_MS = 900_000


def find_zone(name: str) -> ZoneInfo:
    """Return the IANA zone `name`; raises BadInputError for any other text."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "use a name like UTC or America/New_York"
        raise BadInputError(f"{name[:64]!r} is not a time zone", pointer="/zone", hint=hint) from None


def to_utc(
    local_ms: TimeArray, series: npt.NDArray[np.int32], zone: ZoneInfo
) -> tuple[TimeArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return UTC times, which of them do not exist, and which exist twice, for wall-clock times in file order.

    local_ms: (T,) wall clock of `zone` as if it were UTC, epoch ms. series: (T,) number of the symbol. Where clocks go
    back an hour comes twice: its first row in a series is the earlier one (the later one in a series that runs backwards).
    """
    quarters, where = np.unique(local_ms // _QUARTER_MS, return_inverse=True)
    moments = [from_epoch_ms(int(quarter) * _QUARTER_MS) for quarter in quarters]
    first, second = (np.array([_offset_ms(m, zone, fold) for m in moments], np.int64)[where] for fold in (0, 1))
    unreal, twice = first < second, first > second
    offsets = np.where(twice & _is_second(local_ms, series, twice), second, first)
    return local_ms - offsets, unreal, twice


def _offset_ms(moment: datetime, zone: ZoneInfo, fold: int) -> int:
    offset = moment.replace(tzinfo=zone, fold=fold).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1_000


def _is_second(
    local_ms: TimeArray, series: npt.NDArray[np.int32], twice: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    is_second = np.zeros(len(local_ms), np.bool_)
    seen: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(twice):
        name = (int(series[row]), int(local_ms[row]))
        earlier = seen.setdefault(name, int(row))
        if earlier == row:
            continue
        backwards = local_ms[series == name[0]][0] > local_ms[series == name[0]][-1]
        is_second[earlier if backwards else row] = True
    return is_second
