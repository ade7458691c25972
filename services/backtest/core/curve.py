"""One run as one curve: equity, exposure, buy and hold, and its trades, on one axis of open times.

Decides how runs on several symbols become one: the capital is split equally at the start, each share trades one symbol and is
never rebalanced, and the shares are added up on the union of all open times (a symbol without a bar keeps its last value).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from libs.market.frame import Frame
from services.backtest.core.engine import Result
from services.backtest.core.values import Floats, Times


@dataclass(frozen=True)
class Trades:
    """Trades as columns of equal length, in order of closing; open ones come last, with `exit_time` and `exit_index` -1.

    symbol_index: into `symbols`. entry_index, exit_index: bar of the fill in the symbol's own frame. cost, proceeds, fees, pnl:
    quote units, pnl after both fees. gain: pnl / (entry cost + entry fee). bars: bars held. mae, mfe: worst low and best high
    while held over the entry price, minus 1 (mae <= 0 <= mfe). An open trade is marked at the last close, without an exit fee.
    """

    symbols: tuple[str, ...]
    symbol_index: Times
    entry_index: Times
    exit_index: Times
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
    held, 0..1. The benchmark buys every symbol at the open of its first bar and holds, without costs.
    """

    times: Times
    equity: Floats
    exposure: Floats
    benchmark: Floats
    initial: float
    trades: Trades


def curve_of(symbol: str, frame: Frame, result: Result, initial: float) -> Curve:
    """Return the run of one symbol as a curve; `initial`: the capital it started with."""
    return Curve(
        frame.ts,
        result.equity,
        result.holding.astype(np.float64),
        frame.close * (initial / frame.open[0]),
        initial,
        _trades(symbol, frame, result),
    )


def combine(curves: Sequence[Curve]) -> Curve:
    """Return equal shares, one curve per symbol, as one curve. One curve is returned as it is; none raises ValueError."""
    if not curves:
        raise ValueError("there is no curve to combine")
    if len(curves) == 1:
        return curves[0]
    times = np.unique(np.concatenate([curve.times for curve in curves]))
    return Curve(
        times,
        np.sum([_stretch(times, curve.times, curve.equity, curve.initial) for curve in curves], axis=0),
        np.mean([_stretch(times, curve.times, curve.exposure, 0.0) for curve in curves], axis=0),
        np.sum([_stretch(times, curve.times, curve.benchmark, curve.initial) for curve in curves], axis=0),
        sum(curve.initial for curve in curves),
        _merged([curve.trades for curve in curves]),
    )


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


def _trades(symbol: str, frame: Frame, result: Result) -> Trades:
    book, count = result.trades, len(frame)
    is_open = book.exit_index < 0
    until = np.where(is_open, count, book.exit_index)
    mae, mfe = _excursions(frame, book.entry_index, until, book.entry_price)
    return Trades(
        symbols=(symbol,),
        symbol_index=np.zeros(len(until), np.int64),
        entry_index=book.entry_index,
        exit_index=book.exit_index,
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


def _excursions(frame: Frame, entry: Times, until: Times, price: Floats) -> tuple[Floats, Floats]:
    if not len(entry):
        return np.empty(0), np.empty(0)
    spans: NDArray[np.int64] = np.column_stack((entry, until)).ravel()
    spans = spans[:-1] if spans[-1] == len(frame) else spans
    lowest = np.minimum.reduceat(frame.low, spans)[::2]
    highest = np.maximum.reduceat(frame.high, spans)[::2]
    return np.minimum(lowest / price - 1.0, 0.0), np.maximum(highest / price - 1.0, 0.0)
