"""A feed that plays stored bars as if they were live, merged over symbols in time order, as fast as consumers go."""

from collections.abc import Sequence

import numpy as np

from libs.common.errors import NotFoundError
from libs.common.values import Timeframe
from libs.market.catalog import Catalog
from services.ingest.feeds.protocol import Batch


class FilesFeed:
    """The bars of a catalog. It ends where the catalog ends; bars imported later are for the next watch."""

    name = "files"
    simulated = False
    identity = "files"

    def __init__(self, catalog: Catalog):
        """Play from `catalog`."""
        self._catalog = catalog

    def symbols(self, timeframe: Timeframe) -> Sequence[str]:
        """Return the symbols stored with this bar length."""
        return self._catalog.symbols(timeframe)

    def first_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the open time of the first stored bar; raises NotFoundError when none of `symbols` has one."""
        stored = [s for s in symbols if self._catalog.last_open_ms(s, timeframe) is not None]
        if not stored:
            raise NotFoundError(
                f"no {timeframe} bars of {', '.join(symbols)[:160]} are stored",
                pointer="/symbols",
                hint="import them first",
            )
        return min(self._catalog.info(symbol, timeframe).first_ms for symbol in stored)

    def start_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the open time of the first stored bar."""
        return self.first_ms(symbols, timeframe)

    def pace_s(self, timeframe: Timeframe) -> float:
        """Return 0: as fast as consumers go."""
        return 0.0

    def take(
        self, symbols: Sequence[str], timeframe: Timeframe, from_ms: int, until_ms: int | None, limit: int
    ) -> Batch:
        """Return the next groups; raises NotFoundError for a symbol that is not stored."""
        ahead = {symbol: self._catalog.read(symbol, timeframe, from_ms, until_ms) for symbol in symbols}
        times = np.sort(np.concatenate([frame.ts[: limit + 1] for frame in ahead.values()]))
        if len(times) > limit:
            next_ms = max(int(times[limit]), int(times[0]) + 1)
        else:
            behind = int(times[-1]) + 1 if len(times) else from_ms
            next_ms = max(behind, from_ms if until_ms is None else until_ms)
        last_ms = max(self._catalog.last_open_ms(symbol, timeframe) or 0 for symbol in symbols)
        return Batch({name: frame.between(None, next_ms) for name, frame in ahead.items()}, next_ms, last_ms < next_ms)
