"""The as-of moment: which bars a strategy may see now, and what time it is for it.

For the symbol in hand: bars up to and including the one being decided. For every other symbol: bars that opened strictly before it,
because the order in which closes of the same moment arrive is not history. For a given moment: bars that closed by then.
"""

from collections.abc import Collection

from libs.strategy.sandbox.guest.columns import Columns, Memory
from libs.strategy.sandbox.guest.faults import StrategyError, refused
from libs.strategy.sandbox.layout import MarketIndex

LISTED_BARS = 25_000
"""Bars held as lists at most, of the symbol in hand and of all others each: about 5 MB."""


class AsOf:
    """The market as seen at one moment that moves.

    symbol, hand, stop: the symbol in hand, its stored bars, and how many of them may be seen; the caller moves `stop` from bar to bar.
    """

    __slots__ = ("_columns", "_index", "_memory", "_moment", "hand", "stop", "symbol")

    def __init__(self, index: MarketIndex, view: memoryview):
        """See nothing yet."""
        self._index = index
        self._memory = Memory(view)
        self._columns: dict[str, Columns] = {}
        self._moment: int | None = None
        self.symbol: str | None = None
        self.hand = Columns(self._memory, 0, 0)
        self.stop = 0

    @property
    def timeframe(self) -> str:
        """Name of the stored bars' length, such as `1h`."""
        return self._index.timeframe

    @property
    def timeframe_ms(self) -> int:
        """Length of a stored bar."""
        return self._index.timeframe_ms

    @property
    def symbols(self) -> Collection[str]:
        """Every symbol of the market, to be asked about quickly."""
        return self._index.symbols.keys()

    def take(self, symbol: str) -> Columns:
        """Make `symbol` the one in hand, none of its bars visible yet; return its bars."""
        hand = self.hand = Columns.of(self._memory, self._index.symbols[symbol])
        self._moment = None
        self.symbol, self.stop = symbol, 0
        return hand

    def rest(self) -> None:
        """See nothing, with no symbol in hand: as before the first one."""
        self.symbol, self.hand, self.stop = None, Columns(self._memory, 0, 0), 0
        self._moment = None

    def list_hand(self) -> None:
        """Hold the bars of the symbol in hand as lists, unless they are too many: worth it from a few decided bars on."""
        if self.hand.rows <= LISTED_BARS:
            self.hand.as_lists()

    def move_to(self, moment_ms: int) -> None:
        """See what had closed at a moment (epoch ms), with no symbol in hand."""
        self.rest()
        self._moment = moment_ms

    def stored(self, symbol: str) -> Columns | None:
        """Return the stored bars of a symbol, None if there is no such symbol."""
        if symbol == self.symbol:
            return self.hand
        found = self._columns.get(symbol)
        if found is None and symbol in self._index.symbols:
            found = self._columns[symbol] = Columns.of(self._memory, self._index.symbols[symbol])
        return found

    def stored_rows(self, symbol: str) -> int:
        """Return how many bars the market has of one of its symbols, visible or not."""
        return self._index.symbols[symbol].rows

    def last(self, symbol: str) -> int:
        """Return the latest open time (epoch ms) of a stored bar of `symbol` that may be seen."""
        if self._moment is not None:
            return self._moment - self.timeframe_ms
        opened = self._opened()
        return opened if symbol == self.symbol else opened - 1

    def is_listed(self, symbol: str) -> bool:
        """Tell whether the symbol has a bar that may be seen."""
        found = self.stored(symbol)
        return found is not None and found.rows > 0 and found.opened(0) <= self.last(symbol)

    def now_ms(self) -> int:
        """Return the as-of time: the close of the bar being decided, or the given moment."""
        return self._moment if self._moment is not None else self._opened() + self.timeframe_ms

    def _opened(self) -> int:
        if self.stop < 1:
            raise too_early()
        return self.hand.opened(self.stop - 1)


def too_early() -> StrategyError:
    """Return the error for a question asked while no bar is being decided."""
    return refused(
        "strategy.raised",
        "prices and the time were asked for before any bar was being decided",
        "ask inside the function that is called for a bar, not at the top of the code",
    )
