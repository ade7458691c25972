"""The data functions a strategy calls: prices and fundamentals as plain lists and dicts, none of them from after the as-of moment."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from libs.strategy.check.allowed import DATA_FUNCTIONS
from libs.strategy.sandbox.guest.asof import LISTED_BARS, AsOf
from libs.strategy.sandbox.guest.columns import Bars, Columns, no_bars, resample
from libs.strategy.sandbox.guest.faults import shown
from libs.strategy.sandbox.guest.figures import Figures
from libs.strategy.sandbox.guest.universe import scan
from libs.strategy.sandbox.layout import MarketIndex

_TIMEFRAME = re.compile(r"([1-9]\d{0,3})(m|min|h|d|w)")
_UNIT_MS = {"m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_USES_UNTIL_LISTED = 4


class DataFunctions:
    """The four functions over one market. fundamentals_asked: whether the strategy looked at fundamentals."""

    def __init__(self, asof: AsOf, index: MarketIndex):
        """Serve from `index` what `asof` lets be seen."""
        self._asof = asof
        self._figures = Figures(asof, index)
        self._resampled: dict[tuple[str, int], Columns] = {}
        self._uses: dict[int, int] = {}
        self._listed = 0
        self._makers: dict[str, Callable[[], Callable[..., Any]]] = {
            "get_price_data": self._price_function,
            "get_multiple_symbols_data": self._multiple_function,
            "get_fundamental_data": self._fundamental_function,
            "scan_universe": self._scan_function,
        }
        self.fundamentals_asked = False

    def functions(self, wanted: Collection[str] = DATA_FUNCTIONS) -> dict[str, Callable[..., Any]]:
        """Return the functions, or those `wanted`, by the names a strategy knows; new ones each time."""
        return {name: self._makers[name]() for name in wanted}

    def _price_function(self) -> Callable[..., Bars]:
        asof, own, serve = self._asof, self._asof.timeframe, self._serve

        def get_price_data(symbol: str, timeframe: str = "1d", days: int = 30) -> Bars:
            """Return the newest `days` bars that may be seen as lists; fewer if there are fewer, empty lists for an unknown symbol."""
            if symbol == asof.symbol and timeframe == own and type(days) is int and days > 0 and asof.stop:
                stop = asof.stop
                return asof.hand.cut(stop - days if stop > days else 0, stop)
            return serve(symbol, timeframe, days)

        return get_price_data

    def _multiple_function(self) -> Callable[..., dict[str, Bars]]:
        serve = self._serve

        def get_multiple_symbols_data(symbols: Iterable[str], timeframe: str = "1d", days: int = 30) -> dict[str, Bars]:
            """Return `get_price_data` of each symbol, by symbol."""
            if isinstance(symbols, str):
                raise TypeError("symbols is one text: give a list, as in get_multiple_symbols_data([symbol])")
            return {symbol: serve(symbol, timeframe, days) for symbol in symbols}

        return get_multiple_symbols_data

    def _fundamental_function(self) -> Callable[[str], dict[str, Any]]:
        def get_fundamental_data(symbol: str) -> dict[str, Any]:
            """Return what is known about a company, by field; `{}` if nothing is. Unknown fields are absent."""
            self.fundamentals_asked = True
            known = self._figures.of(self._spelled(symbol))
            return {field: value for field, value in known.items() if value is not None}

        return get_fundamental_data

    def _scan_function(self) -> Callable[..., dict[str, Any]]:
        def scan_universe(filters: dict[str, Any] | None = None, limit: int = 100) -> dict[str, Any]:
            """Return `symbols` (sorted) and their `data` that pass `min_<field>`, `max_<field>` and `sector`."""
            self.fundamentals_asked = True
            listed = [symbol for symbol in self._asof.symbols if self._asof.is_listed(symbol)]
            known = self._figures.all_of(listed)
            return scan(known, self._figures.fields, listed, filters, _count(limit, "limit"))

        return scan_universe

    def _serve(self, symbol: str, timeframe: str, days: int) -> Bars:
        wanted_ms = self._length(timeframe)
        count = _count(days, "days")
        symbol = self._spelled(symbol)
        bars = self._asof.stored(symbol)
        if bars is None:
            return no_bars()
        if symbol == self._asof.symbol and wanted_ms == self._asof.timeframe_ms:
            stop = self._asof.stop
        else:
            if wanted_ms != self._asof.timeframe_ms:
                bars = self._coarser(symbol, bars, wanted_ms)
            self._list_if_used(bars)
            stop = bars.visible(self._asof.last(symbol))
        return bars.cut(max(0, stop - count), stop)

    def _coarser(self, symbol: str, bars: Columns, wanted_ms: int) -> Columns:
        key = (symbol, wanted_ms)
        if key not in self._resampled:
            self._resampled[key] = resample(bars, self._asof.timeframe_ms, wanted_ms)
        return self._resampled[key]

    def _list_if_used(self, bars: Columns) -> None:
        if bars.is_listed:
            return
        uses = self._uses[id(bars)] = self._uses.get(id(bars), 0) + 1
        if uses == _USES_UNTIL_LISTED and self._listed + bars.rows <= LISTED_BARS:
            self._listed += bars.rows
            bars.as_lists()

    def _length(self, timeframe: str) -> int:
        own, own_ms = self._asof.timeframe, self._asof.timeframe_ms
        if timeframe == own:
            return own_ms
        read = _TIMEFRAME.fullmatch(timeframe) if isinstance(timeframe, str) else None
        if read is None:
            raise ValueError(f"timeframe is {shown(timeframe)}: write it like {own}")
        wanted_ms = int(read[1]) * _UNIT_MS[read[2]]
        if wanted_ms < own_ms or wanted_ms % own_ms:
            raise ValueError(
                f"there are {own} bars here, so {timeframe} cannot be made of them: ask for {own} or a multiple of it"
            )
        return wanted_ms

    def _spelled(self, symbol: str) -> str:
        if not isinstance(symbol, str):
            raise TypeError(f"the symbol is {shown(symbol)}: give a text like 'BTCUSDT'")
        # A class of the strategy's own could be equal to one symbol now and to another in the next line.
        symbol = str.__str__(symbol)
        if symbol in self._asof.symbols or symbol in self._figures:
            return symbol
        return symbol.upper().replace("/", "")


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        if not (isinstance(value, float) and value.is_integer()):
            raise TypeError(f"{name} is {shown(value)}: give a whole number")
        value = int(value)
    count = int(value)
    if count < 0:
        raise ValueError(f"{name} is {count}: give a number of at least 0")
    return count
