"""Cuts a run of a Python strategy into jobs for the sandbox: which symbols together, on what market, asked what.

Decides nothing about answers.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.frame import Frame
from libs.strategy.code import batch_contract
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.layout import Scalar
from libs.strategy.sandbox.wire import Limits, Op
from libs.strategy.spec import Strategy

LIMITS = Limits(result_bytes=16 * 1024 * 1024)
MAX_SYMBOLS_A_JOB = 500
MAX_BARS_A_JOB = 1_500_000
MAX_CALLS_A_JOB = 60_000
"""Calls of a classifier in one fork: some seconds for a demanding one, so that its limit is not met and other callers need not wait long."""

Offer: TypeAlias = tuple[list[str], Job]
"""A job, and the symbols it answers for."""


@dataclass(frozen=True)
class View:
    """What a strategy may look at beside bars.

    fundamentals: numbers, texts or None by symbol and field. point_in_time: they were known at the time and not only today. history: of
    other symbols, rows with the moment (epoch ms) each was known from, oldest first; a strategy sees the newest known by then.
    """

    fundamentals: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    point_in_time: bool = False
    history: Mapping[str, Sequence[tuple[int, Mapping[str, Scalar]]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """How far a run goes: at which bars a classifier or a batch contract is asked, and for how long.

    newest_only: at the newest bar of each symbol; a classifier then tells its score whether it says yes or no, and a batch contract is
    asked once. moments: as-of times (epoch ms) of a batch contract, ascending; None is the end of each month. told: at how many of the
    newest bars of each symbol a classifier's scores and data are wanted, None is all; the room for them is bounded. cpu_s: seconds of
    processor a job may use, None is the usual 30.
    """

    newest_only: bool = False
    moments: tuple[int, ...] | None = None
    told: int | None = None
    cpu_s: int | None = None

    @property
    def limits(self) -> Limits:
        """Return the limits of each job."""
        return LIMITS if self.cpu_s is None else replace(LIMITS, cpu_s=self.cpu_s, wall_s=self.cpu_s + 5.0)


def month_ends(first_ms: int, last_ms: int) -> list[int]:
    """Return the first moments (epoch ms, UTC) of the months that begin after `first_ms` and up to `last_ms`."""
    moment = from_epoch_ms(first_ms)
    found: list[int] = []
    year, month = moment.year, moment.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        start = to_epoch_ms(datetime(year, month, 1, tzinfo=moment.tzinfo))
        if start > last_ms:
            return found
        found.append(start)


def jobs(
    strategy: Strategy, frames: Mapping[str, Frame], focus: Sequence[str], seen: tuple[View, Span]
) -> Iterator[Offer]:
    """Yield the jobs of a run on the symbols of `focus`, each with those it answers for.

    Only a strategy of one symbol explains itself by columns: what a signal says may not depend on what else ran in its fork.
    """
    view, span = seen
    common: dict[str, Any] = {"parameters": strategy.parameters}
    if strategy.kind == "python.signals":
        for chunk in _chunks(focus, frames, MAX_BARS_A_JOB):
            market = _market(strategy, {symbol: frames[symbol] for symbol in chunk}, View())
            args = {**common, "symbols": chunk, "explain": len(strategy.symbols) == 1}
            yield chunk, _job(strategy, "signals", market, _rows(chunk, frames), args, span)
        return
    everyone = {symbol: frame for symbol, frame in frames.items() if len(frame)}
    if strategy.kind == "python.classify":
        yield from _classifiers(strategy, everyone, focus, {**common, "told": span.told}, seen)
    elif focus:
        args = {**common, **_batch(strategy, everyone, span)}
        market = _market(strategy, everyone, view)
        yield list(focus), _job(strategy, "batch", market, _rows(everyone, frames), args, span)


def _classifiers(
    strategy: Strategy,
    frames: Mapping[str, Frame],
    focus: Sequence[str],
    common: Mapping[str, Any],
    seen: tuple[View, Span],
) -> Iterator[Offer]:
    """Yield the jobs of a classifier; all of them look at one market, which is as large as the universe."""
    view, span = seen
    market = _market(strategy, frames, view)
    try:
        for chunk in _chunks(focus, {} if span.newest_only else frames, MAX_CALLS_A_JOB):
            args = {**common, "symbols": chunk, "last_only": span.newest_only}
            yield chunk, _job(strategy, "classify", os.dup(market), _rows(chunk, frames), args, span)
    finally:
        os.close(market)


def _batch(strategy: Strategy, frames: Mapping[str, Frame], span: Span) -> dict[str, Any]:
    first = min(int(frame.ts[0]) for frame in frames.values())
    last = max(int(frame.ts[-1]) for frame in frames.values()) + strategy.timeframe.seconds * 1_000
    months = month_ends(first, last) if span.moments is None else list(span.moments)
    return {
        "contract": batch_contract(strategy.code or "", screening=span.newest_only),
        "symbols": sorted(frames),
        "start_ms": first,
        "end_ms": last,
        "limit": None,
        "asof_ms": [last] if span.newest_only else months,
    }


def _market(strategy: Strategy, frames: Mapping[str, Frame], view: View) -> int:
    seen: Any = {"point_in_time": view.point_in_time, "history": view.history}
    return market_memfd(frames, strategy.timeframe, view.fundamentals, **seen)


def _rows(symbols: Iterable[str], frames: Mapping[str, Frame]) -> dict[str, int]:
    return {symbol: len(frames[symbol]) for symbol in symbols}


def _job(strategy: Strategy, op: Op, market: int, rows: Mapping[str, int], args: Mapping[str, Any], span: Span) -> Job:
    return Job.of(op, strategy.code or "", market, rows, args, span.limits)


def _chunks(focus: Sequence[str], frames: Mapping[str, Frame], most_bars: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    bars = 0
    for symbol in focus:
        own = len(frames[symbol]) if symbol in frames else 1
        if chunk and (len(chunk) == MAX_SYMBOLS_A_JOB or bars + own > most_bars):
            yield chunk
            chunk, bars = [], 0
        chunk.append(symbol)
        bars += own
    if chunk:
        yield chunk
