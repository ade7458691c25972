"""What is stored in this profile, as far as a request may lean on it: symbols, bar lengths, named lists. Reads only."""

from pathlib import Path

from libs.common.values import Timeframe, base_asset
from libs.market.catalog import Catalog
from libs.market.universes import Universes


class Stock:
    """The catalog and the universes of one profile."""

    def __init__(self, catalog_dir: Path, universes_dir: Path):
        """Read below both folders, which need not exist yet."""
        self._catalog = Catalog(catalog_dir)
        self._universes = Universes(universes_dir, self._catalog)

    def symbols(self, timeframe: str | None = None) -> tuple[str, ...]:
        """Return the symbols with bars of `timeframe`, or with any, sorted."""
        return tuple(self._catalog.symbols(timeframe))

    def members(self, universe: str, timeframe: str) -> tuple[str, ...]:
        """Return the symbols of a universe that have such bars; raises NotFoundError (/universe)."""
        return self._universes.symbols(universe, timeframe)

    def listed(self, universe: str) -> tuple[str, ...]:
        """Return the symbols of a universe, stored or not; raises NotFoundError (/universe)."""
        return self._universes.get(universe).symbols

    def timeframes(self, symbols: tuple[str, ...] = ()) -> tuple[Timeframe, ...]:
        """Return the bar lengths that are stored for any of `symbols` (of all where there are none named), shortest first."""
        wanted = set(symbols)
        return tuple(
            timeframe
            for timeframe in Timeframe
            if (stored := self.symbols(timeframe)) and (not wanted or wanted.intersection(stored))
        )

    def alias(self, symbol: str) -> str:
        """Return the stored symbol that a bare asset stands for (BTC: BTCUSDT), if it is the only one; else `symbol` itself."""
        stored = self.symbols()
        if symbol in stored:
            return symbol
        found = [each for each in stored if each != symbol and base_asset(each) == symbol]
        return found[0] if len(found) == 1 else symbol
