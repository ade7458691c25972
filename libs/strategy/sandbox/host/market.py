"""The market a job may look at: the bars of many symbols and their fundamentals in one sealed memory file.

Decides nothing about what is visible when: the reader inside the child goes by index, and who must not see a bar is given a file
that does not hold it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from libs.common.errors import BadInputError
from libs.common.values import Timeframe
from libs.market.frame import COLUMNS, Frame
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.layout import Scalar, pack_market
from libs.strategy.sandbox.wire import WireError


def market_memfd(
    frames: Mapping[str, Frame],
    timeframe: Timeframe,
    fundamentals: Mapping[str, Mapping[str, Scalar]] | None = None,
    *,
    point_in_time: bool = False,
    history: Mapping[str, Sequence[tuple[int, Mapping[str, Scalar]]]] | None = None,
) -> int:
    """Return a descriptor, owned by the caller, of the sealed market file.

    frames: bars by symbol. fundamentals: numbers, texts or None by symbol and field; point_in_time: they were known at the
    as-of time and not only today. history: rows by symbol with the moment (epoch ms) each was known from, oldest first. Columns that lie in one piece are not copied on the way: 500 symbols of 1,000 bars (24 MB)
    take about twice what the kernel needs to hand out the pages. Raises BadInputError if the fundamentals are no JSON values.
    """
    columns = {symbol: _views(frame) for symbol, frame in frames.items()}
    length_ms = 1_000 * timeframe.seconds
    try:
        parts = pack_market(
            (timeframe.value, length_ms), columns, fundamentals, point_in_time=point_in_time, history=history
        )
    except (WireError, TypeError, ValueError) as error:
        raise BadInputError(
            f"the market cannot be written: {error}"[:300],
            code="sandbox.market",
            pointer="/fundamentals",
            hint="fundamentals are finite numbers, texts or null",
        ) from error
    return sealed("market", parts)


def _views(frame: Frame) -> tuple[memoryview, ...]:
    floats = (np.ascontiguousarray(getattr(frame, name), "<f8").data for name in COLUMNS)
    return (np.ascontiguousarray(frame.ts, "<i8").data, *floats)
