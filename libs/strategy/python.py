"""Runs Python strategies in the sandbox and reads what they say into signals.

Decides how a run is cut into jobs, and what a classifier's hit means as a signal. Everything a child answers has been checked by
the sandbox's host before it gets here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.common.errors import TransientError
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.frame import Frame
from libs.strategy.code import batch_contract, horizon_of
from libs.strategy.rules import ActionArray
from libs.strategy.sandbox.host.answers import BatchAnswer, ClassifyAnswer, Detail, SignalsAnswer, SymbolError, Told
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.layout import Scalar
from libs.strategy.sandbox.wire import Limits, Op
from libs.strategy.signals import Evaluation, Fault, Signals
from libs.strategy.spec import Strategy, code_hash

LIMITS = Limits(result_bytes=16 * 1024 * 1024)
MAX_SYMBOLS_A_JOB = 500
MAX_BARS_A_JOB = 1_500_000
MAX_CALLS_A_JOB = 250_000
"""Calls of a classifier in one fork: a second or two, so that other callers need not wait long."""

_CODES = {"ResultError": "strategy.result", "ContractError": "strategy.contract", "MemoryError": "strategy.memory"}
"""Codes of the errors that the sandbox itself raises on a symbol, by the type it tells."""


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
    """At which bars a classifier or a batch contract is asked.

    newest_only: at the newest bar of each symbol; a classifier then tells its score whether it says yes or no, and a batch contract is
    asked once. moments: as-of times (epoch ms) of a batch contract, ascending; None is the end of each month. told: at how many of the
    newest bars of each symbol a classifier's scores and data are wanted, None is all; the room for them is bounded.
    """

    newest_only: bool = False
    moments: tuple[int, ...] | None = None
    told: int | None = None


def evaluate_code(
    strategy: Strategy, frames: Mapping[str, Frame], sandbox: Pool, focus: Sequence[str], view: View, span: Span
) -> Evaluation:
    """Return what the code says on each symbol of `focus`; `frames` has these and all others it may look at.

    Raises TransientError while the sandbox is busy or the machine is short of something, PermanentError where it cannot run.
    """
    empty = {symbol: _silent(frames[symbol]) for symbol in focus if not len(frames[symbol])}
    asked = [symbol for symbol in focus if symbol not in empty]
    outcomes = _run_all(sandbox, code_hash(strategy), _jobs(strategy, frames, asked, (view, span)))
    signals, faults, told = dict(empty), dict[str, Fault](), list[Told]()
    for chunk, outcome in outcomes:
        if outcome.answer is None:
            faults |= dict.fromkeys(chunk, _fault(outcome))
            continue
        said, failed = _read(strategy, outcome, frames, chunk, span)
        signals |= said
        faults |= failed
        told.append(_told(outcome))
    mode = outcomes[0][1].sandbox if outcomes else "on"
    ordered = {symbol: signals[symbol] for symbol in focus if symbol in signals}
    claimed = next((each.claimed for each in told if each.claimed), None)
    return Evaluation(ordered, faults, _warnings(told), _printed(told), {"sandbox": mode}, claimed)


def held(hits: npt.NDArray[np.bool_], horizon: int) -> ActionArray:
    """Return (T,) int8 for a classifier's hits: buy on a hit, sell `horizon` bars later, and nothing else in between.

    A hit while the position of an earlier one is held, or on the bar that sells it, changes nothing. Source: ours.
    """
    actions = np.zeros(len(hits), np.int8)
    free = 0
    for bar in np.flatnonzero(hits).tolist():
        if bar < free:
            continue
        actions[bar] = 1
        if bar + horizon < len(hits):
            actions[bar + horizon] = -1
        free = bar + horizon + 1
    return actions


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


def _jobs(
    strategy: Strategy, frames: Mapping[str, Frame], focus: Sequence[str], seen: tuple[View, Span]
) -> Iterator[tuple[list[str], Job]]:
    """Yield the jobs of a run, each with the symbols it answers for.

    Only a strategy of one symbol explains itself by columns: what a signal says may not depend on what else ran in its fork.
    """
    view, span = seen
    common: dict[str, Any] = {"parameters": strategy.parameters}
    if strategy.kind == "python.signals":
        for chunk in _chunks(focus, frames, MAX_BARS_A_JOB):
            market = _market(strategy, {symbol: frames[symbol] for symbol in chunk}, View())
            args = {**common, "symbols": chunk, "explain": len(strategy.symbols) == 1}
            yield chunk, _job(strategy, "signals", market, _rows(chunk, frames), args)
        return
    everyone = {symbol: frame for symbol, frame in frames.items() if len(frame)}
    if strategy.kind == "python.classify":
        yield from _classifiers(strategy, everyone, focus, {**common, "told": span.told}, seen)
    elif focus:
        args = {**common, **_batch(strategy, everyone, span)}
        market = _market(strategy, everyone, view)
        yield list(focus), _job(strategy, "batch", market, _rows(everyone, frames), args)


def _classifiers(
    strategy: Strategy,
    frames: Mapping[str, Frame],
    focus: Sequence[str],
    common: Mapping[str, Any],
    seen: tuple[View, Span],
) -> Iterator[tuple[list[str], Job]]:
    """Yield the jobs of a classifier; all of them look at one market, which is as large as the universe."""
    view, span = seen
    market = _market(strategy, frames, view)
    try:
        for chunk in _chunks(focus, {} if span.newest_only else frames, MAX_CALLS_A_JOB):
            args = {**common, "symbols": chunk, "last_only": span.newest_only}
            yield chunk, _job(strategy, "classify", os.dup(market), _rows(chunk, frames), args)
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


def _job(strategy: Strategy, op: Op, market: int, rows: Mapping[str, int], args: Mapping[str, Any]) -> Job:
    return Job.of(op, strategy.code or "", market, rows, args, LIMITS)


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


def _run_all(sandbox: Pool, caller: str, jobs: Iterable[tuple[list[str], Job]]) -> list[tuple[list[str], Outcome]]:
    """Run every job and wait; when one cannot run, the others are given up."""
    parts: list[tuple[list[str], Future[Outcome]]] = []
    try:
        for chunk, job in jobs:
            parts.append((chunk, sandbox.submit(job, caller)))
        found = [(chunk, future.result()) for chunk, future in parts]
    except BaseException:
        for _, future in parts:
            future.cancel()
        raise
    for _, outcome in found:
        if outcome.code == "unavailable":
            raise TransientError(
                outcome.detail, code="sandbox.unavailable", hint="is the machine out of memory or processes?"
            )
    return found


def _read(
    strategy: Strategy, outcome: Outcome, frames: Mapping[str, Frame], chunk: Sequence[str], span: Span
) -> tuple[dict[str, Signals], dict[str, Fault]]:
    answer = outcome.answer
    if isinstance(answer, SignalsAnswer):
        said = {
            symbol: Signals(actions, answer.columns, frames[symbol], speaker=answer.contract)
            for symbol, actions in answer.actions.items()
        }
        return said, _failed(answer.errors)
    horizon = horizon_of(strategy.code or "")
    if isinstance(answer, ClassifyAnswer):
        return {symbol: _classified(answer, symbol, frames[symbol], horizon) for symbol in answer.hits}, _failed(
            answer.errors
        )
    if isinstance(answer, BatchAnswer):
        length_ms = strategy.timeframe.seconds * 1_000
        said = {
            symbol: _picked(answer, symbol, frames[symbol], (length_ms, span.newest_only), horizon) for symbol in chunk
        }
        return said, _failed({symbol: error for symbol, error in answer.errors.items() if symbol in chunk})
    raise TypeError(f"{type(answer).__name__} answers no run")


def _classified(answer: ClassifyAnswer, symbol: str, frame: Frame, horizon: int) -> Signals:
    hits = np.zeros(len(frame), np.bool_)
    hits[answer.first.get(symbol, 0) :] = answer.hits[symbol]
    details = {detail.row: detail for detail in answer.details.get(symbol, ())}
    return Signals(held(hits, horizon), {}, frame, speaker=answer.contract, hits=hits, details=details)


def _picked(answer: BatchAnswer, symbol: str, frame: Frame, acts: tuple[int, bool], horizon: int) -> Signals:
    """Return what a batch contract said of a symbol: a hit on the first bar that closes after the as-of time at which it named it.

    The bars of the as-of time itself close one after the other, in no promised order; only with the next one are all of them known, live as
    in a backtest. acts: length of a bar in ms, and whether only the present was asked about: then the hit is on the newest bar.
    """
    length_ms, is_now = acts
    hits = np.zeros(len(frame), np.bool_)
    details: dict[int, Detail] = {}
    for pick in answer.picks:
        row = int(frame.ts.searchsorted(pick.asof_ms - length_ms, side="right")) - is_now
        if pick.ticker != symbol or not 0 <= row < len(frame):
            continue
        hits[row] |= pick.classification
        details[row] = Detail(row, pick.score, None, pick.data)
    return Signals(held(hits, horizon), {}, frame, speaker=answer.contract, hits=hits, details=details)


def _failed(errors: Mapping[str, SymbolError]) -> dict[str, Fault]:
    return {
        symbol: Fault(
            _CODES.get(error.type, "strategy.raised"),
            error.message if error.type in _CODES else f"{error.type}: {error.message}",
            error.line,
        )
        for symbol, error in errors.items()
    }


def _fault(outcome: Outcome) -> Fault:
    error = outcome.error
    if error is not None:
        message = f"{error.type}: {error.message}" if error.type else error.message
        return Fault(error.code, message, error.line, error.hint or None)
    return Fault(f"strategy.{outcome.code}", outcome.detail)


def _silent(frame: Frame) -> Signals:
    return Signals(np.zeros(0, np.int8), {}, frame)


def _told(outcome: Outcome) -> Told:
    answer = outcome.answer
    assert isinstance(answer, SignalsAnswer | ClassifyAnswer | BatchAnswer)
    return answer.told


def _warnings(told: Sequence[Told]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{remark.code}: {remark.message}" for each in told for remark in each.warnings))


def _printed(told: Sequence[Told]) -> str:
    return next((each.printed for each in told if each.printed), "")
