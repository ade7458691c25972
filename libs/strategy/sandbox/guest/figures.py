"""Company figures as known at the moment being decided: of a company's dated rows the newest known by then, whole."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.layout import MarketIndex, Scalar

_NOTHING: Mapping[str, Scalar] = {}


class Figures:
    """The figures of one market. fields: every number that any company has at any time."""

    def __init__(self, asof: AsOf, index: MarketIndex):
        """Serve from `index` what was known at the moment of `asof`; figures without dates at any moment."""
        self._asof = asof
        self._always = index.fundamentals
        self._rows = {symbol: [row[1] for row in rows] for symbol, rows in index.history.items()}
        self._known = {symbol: [row[0] for row in rows] for symbol, rows in index.history.items()}
        everything = [*self._always.values(), *(row for rows in self._rows.values() for row in rows)]
        self.fields = {field for row in everything for field, value in row.items() if _is_number(value)}

    def __contains__(self, symbol: object) -> bool:
        """Tell whether anything is ever known of a company."""
        return symbol in self._always or symbol in self._rows

    def of(self, symbol: str) -> Mapping[str, Scalar]:
        """Return what is known of a company now, empty if nothing is."""
        known = self._known.get(symbol)
        if known is None:
            return self._always.get(symbol, _NOTHING)
        row = bisect_right(known, self._asof.now_ms()) - 1
        return self._rows[symbol][row] if row >= 0 else _NOTHING

    def all_of(self, symbols: Iterable[str]) -> dict[str, Mapping[str, Scalar]]:
        """Return what is known of each of several companies now."""
        return {symbol: self.of(symbol) for symbol in symbols}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
