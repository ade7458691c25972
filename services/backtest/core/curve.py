"""One run as one curve: equity, exposure, buy and hold, and its trades, on one axis of open times.

Decides how runs on several symbols become one. `combine`: the capital is split equally at the start, each share trades one symbol and
is never rebalanced, and the shares are added up on the union of all open times (a symbol without a bar keeps its last value).
`portfolio_curve`: one purse, see `engine_portfolio`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from libs.common.values import base_asset
from libs.market.frame import Frame
from services.backtest.core.engine import Book, Result
from services.backtest.core.engine_portfolio import PortfolioResult
from services.backtest.core.values import Floats, Times

BITCOIN = "BTC"
"""The asset every run is also compared with where it trades it."""


@dataclass(frozen=True)
class Trades:
    """Trades as columns of equal length, in order of closing; open ones come last, with `exit_time` and `exit_index` -1.

    symbol_index: into `symbols`. entry_index, exit_index: bar of the first and last fill in the symbol's own frame. side: 1 or -1.
    exit_reason: place in `engine.EXIT_REASONS`. cost, proceeds, fees, pnl: quote units, pnl after both fees. gain: pnl / (entry cost
    + entry fee). bars: bars held. mae, mfe: the worst and the best price of the bars held and of the exit, as gain of the side over the
    entry price (mae <= 0 <= mfe). An open trade is valued at the last close, without an exit fee.
    """

    symbols: tuple[str, ...]
    symbol_index: Times
    entry_index: Times
    exit_index: Times
    side: Times
    exit_reason: Times
    entry_time: Times
    exit_time: Times
    entry_price: Floats
    exit_price: Floats
    quantity: Floats
    entry_cost: Floats
    entry_fee: Floats
    exit_proceeds: Floats
    exit_fee: Floats
    pnl: Floats
    gain: Floats
    bars: Times
    mae: Floats
    mfe: Floats

    def __len__(self) -> int:
        """Return the number of trades, open ones included."""
        return len(self.pnl)

    @property
    def closed(self) -> int:
        """Return the number of closed trades, which stand before the open ones."""
        return int(np.count_nonzero(self.exit_time >= 0))


@dataclass(frozen=True)
class Curve:
    """A run on the axis `times` ((T,) open times, epoch ms, T >= 1).

    equity, benchmark: (T,) quote units at the bar's close, both starting from `initial`. exposure: (T,) share of the symbols
    held, long or short, 0..1; with one purse the share of its places in use. bitcoin: (T,) the same capital held in Bitcoin, if it is
    one of the symbols. The benchmark buys every symbol at the open of its first bar and holds, without costs.
    """

    times: Times
    equity: Floats
    exposure: Floats
    benchmark: Floats
    initial: float
    trades: Trades
    bitcoin: Floats | None = None


def curve_of(symbol: str, frame: Frame, result: Result, initial: float) -> Curve:
    """Return the run of one symbol as a curve; `initial`: the capital it started with."""
    held = frame.close * (initial / frame.open[0])
    return Curve(
        frame.ts,
        result.equity,
        np.abs(result.holding).astype(np.float64),
        held,
        initial,
        _trades(symbol, frame, result.trades),
        held if base_asset(symbol) == BITCOIN else None,
    )


def combine(curves: Sequence[Curve]) -> Curve:
    """Return equal shares, one curve per symbol, as one curve. One curve is returned as it is; none raises ValueError."""
    if not curves:
        raise ValueError("there is no curve to combine")
    if len(curves) == 1:
        return curves[0]
    times = np.unique(np.concatenate([curve.times for curve in curves]))
    total = sum(curve.initial for curve in curves)
    bitcoin = [
        _stretch(times, curve.times, curve.bitcoin, curve.initial) * (total / curve.initial)
        for curve in curves
        if curve.bitcoin is not None
    ]
    return Curve(
        times,
        np.sum([_stretch(times, curve.times, curve.equity, curve.initial) for curve in curves], axis=0),
        np.mean([_stretch(times, curve.times, curve.exposure, 0.0) for curve in curves], axis=0),
        np.sum([_stretch(times, curve.times, curve.benchmark, curve.initial) for curve in curves], axis=0),
        total,
        _merged([curve.trades for curve in curves]),
        bitcoin[0] if bitcoin else None,
    )


def portfolio_curve(result: PortfolioResult, frames: Mapping[str, Frame], initial: float) -> Curve:
    """Return a run with one purse as a curve; frames: those of the run. Its benchmark buys all symbols equally, each at its first open."""
    share = initial / len(result.symbols)
    held = {name: _held(result.times, frames[name], share) for name in result.symbols}
    bitcoin = [line * len(held) for name, line in held.items() if base_asset(name) == BITCOIN]
    return Curve(
        result.times,
        result.equity,
        result.exposure,
        np.sum(list(held.values()), axis=0),
        initial,
        _merged([_trades(name, frames[name], result.books[name]) for name in result.symbols]),
        bitcoin[0] if bitcoin else None,
    )


def _held(times: Times, frame: Frame, capital: float) -> Floats:
    return _stretch(times, frame.ts, frame.close * (capital / frame.open[0]), capital)


def _stretch(times: Times, own: Times, values: Floats, before: float) -> Floats:
    place = np.searchsorted(own, times, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], before)


def _merged(parts: Sequence[Trades]) -> Trades:
    symbols = tuple(symbol for part in parts for symbol in part.symbols)
    offsets = np.cumsum([0] + [len(part.symbols) for part in parts])
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Trades)
        if field.name not in ("symbols", "symbol_index")
    }
    index = np.concatenate([part.symbol_index + offset for part, offset in zip(parts, offsets, strict=False)])
    closing = np.where(columns["exit_time"] < 0, np.iinfo(np.int64).max, columns["exit_time"])
    order = np.lexsort((index, columns["entry_time"], closing))
    return Trades(symbols, index[order], **{name: column[order] for name, column in columns.items()})


def _trades(symbol: str, frame: Frame, book: Book) -> Trades:
    count = len(frame)
    is_open = book.exit_index < 0
    until = np.where(is_open, count, book.exit_index)
    mae, mfe = _excursions(frame, book, until)
    return Trades(
        symbols=(symbol,),
        symbol_index=np.zeros(len(until), np.int64),
        entry_index=book.entry_index,
        exit_index=book.exit_index,
        side=book.side,
        exit_reason=book.exit_reason,
        entry_time=frame.ts[book.entry_index],
        exit_time=np.where(is_open, -1, frame.ts[np.minimum(until, count - 1)]),
        entry_price=book.entry_price,
        exit_price=book.exit_price,
        quantity=book.quantity,
        entry_cost=book.entry_cost,
        entry_fee=book.entry_fee,
        exit_proceeds=book.exit_proceeds,
        exit_fee=book.exit_fee,
        pnl=book.pnl,
        gain=book.gain,
        bars=until - book.entry_index,
        mae=mae,
        mfe=mfe,
    )


def _excursions(frame: Frame, book: Book, until: Times) -> tuple[Floats, Floats]:
    if not len(until):
        return np.empty(0), np.empty(0)
    spans: NDArray[np.int64] = np.column_stack((book.entry_index, until)).ravel()
    spans = spans[:-1] if spans[-1] == len(frame) else spans
    inside = until == book.entry_index
    lowest = np.minimum(np.where(inside, np.inf, np.minimum.reduceat(frame.low, spans)[::2]), book.exit_price)
    highest = np.maximum(np.where(inside, -np.inf, np.maximum.reduceat(frame.high, spans)[::2]), book.exit_price)
    down, up = lowest / book.entry_price - 1.0, highest / book.entry_price - 1.0
    is_long = book.side > 0
    return np.minimum(np.where(is_long, down, -up), 0.0), np.maximum(np.where(is_long, up, -down), 0.0)
