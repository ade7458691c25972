"""A look at every stored series: how many bars and gaps, and whether one breaks the price-frame contract."""

from dataclasses import dataclass
from pathlib import Path

from libs.common.errors import SentinelError
from libs.common.values import Timeframe
from libs.market.catalog import Catalog
from libs.market.frame import Frame
from libs.market.gaps import find_gaps


@dataclass(frozen=True)
class Series:
    """What one symbol and timeframe holds; `problem` is empty when every bar is sound."""

    symbol: str
    timeframe: str
    bars: int
    gaps: int
    bars_missing: int
    problem: str = ""


def inspect(root: Path) -> list[Series]:
    """Return every series below `root`, by timeframe and symbol; none when the folder is absent."""
    catalog = Catalog(root)
    return [_inspect(catalog, symbol, length) for length in Timeframe for symbol in catalog.symbols(length.value)]


def _inspect(catalog: Catalog, symbol: str, timeframe: Timeframe) -> Series:
    try:
        catalog.info(symbol, timeframe.value)
        frame = catalog.read(symbol, timeframe.value)
        Frame.of(frame.ts, frame.open, frame.high, frame.low, frame.close, frame.volume)
    except SentinelError as error:
        return Series(symbol, timeframe.value, 0, 0, 0, error.detail)
    gaps = find_gaps(frame.ts, timeframe.seconds * 1_000)
    return Series(symbol, timeframe.value, len(frame), len(gaps), sum(gap.bars_missing for gap in gaps))
