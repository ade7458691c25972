"""Which bars a documented backtest runs on when its body names none: hourly BTC-USD, or what is nearest to it here.

Reads the catalog, so it is called in a thread.
"""

from dataclasses import dataclass

from libs.common.errors import NotFoundError
from libs.common.values import Timeframe, base_asset
from libs.market.catalog import Catalog

SYMBOL = "BTCUSD"
TIMEFRAME = Timeframe.H1
_BITCOIN = "BTC"


@dataclass(frozen=True)
class Chosen:
    """A market nobody named. is_documented: it is the one the documents mean."""

    symbol: str
    timeframe: Timeframe

    @property
    def is_documented(self) -> bool:
        """Tell whether it is hourly BTC-USD."""
        return (self.symbol, self.timeframe) == (SYMBOL, TIMEFRAME)


def choose(catalog: Catalog, timeframe: Timeframe | None) -> Chosen:
    """Return the market for a request that names no symbol.

    BTC-USD before other Bitcoin markets before everything else; hourly bars before others, unless `timeframe` says which; then the
    market with most bars. Raises NotFoundError where nothing is stored.
    """
    lengths = [timeframe] if timeframe else sorted(Timeframe, key=lambda length: (length != TIMEFRAME, length.seconds))
    stored = [(length, catalog.symbols(length)) for length in lengths]
    for bitcoin_only in (True, False):
        for length, symbols in stored:
            wanted = [symbol for symbol in symbols if base_asset(symbol) == _BITCOIN or not bitcoin_only]
            if wanted:
                return Chosen(_largest(catalog, wanted, length), length)
    raise NotFoundError(
        f"no {timeframe or ''} bars are stored".replace("  ", " "),
        code="data.nothing_stored",
        pointer="/symbol",
        hint="import bars first: sentinel ingest import FILE",
    )


def _largest(catalog: Catalog, symbols: list[str], length: Timeframe) -> str:
    if SYMBOL in symbols:
        return SYMBOL
    return min(symbols, key=lambda symbol: (-catalog.info(symbol, length).bars, symbol))
