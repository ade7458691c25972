"""Runs Python strategies in the sandbox and reads what they say into signals.

Decides what a classifier's hit means as a signal. Everything a child answers has been checked by
the sandbox's host before it gets here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from libs.common.errors import TransientError
from libs.market.frame import Frame
from libs.strategy.code import horizon_of
from libs.strategy.python_jobs import LIMITS, Offer, Span, View, jobs, month_ends
from libs.strategy.rules import ActionArray
from libs.strategy.sandbox.host.answers import BatchAnswer, ClassifyAnswer, Detail, SignalsAnswer, SymbolError, Told
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.signals import Evaluation, Fault, Signals
from libs.strategy.spec import Strategy, code_hash

__all__ = ["LIMITS", "Span", "View", "evaluate_code", "held", "month_ends"]

JOBS_AT_ONCE = 16
"""Jobs of one run in the pool's queue: a run of a thousand symbols has more than the queue holds."""

_CODES = {"ResultError": "strategy.result", "ContractError": "strategy.contract", "MemoryError": "strategy.memory"}
"""Codes of the errors that the sandbox itself raises on a symbol, by the type it tells."""

ALONE_AT_ONCE = 8
"""Symbols of a spoilt job that are tried before the rest is given up."""

_ENDS_ALL = ("memory", "crash", "security_violation", "output_limit", "protocol")
"""Outcomes of a job that one of its symbols may have brought about."""

_Part: TypeAlias = tuple[list[str], Outcome]
"""What became of a job, with the symbols it answers for."""


def evaluate_code(
    strategy: Strategy, frames: Mapping[str, Frame], sandbox: Pool, focus: Sequence[str], view: View, span: Span
) -> Evaluation:
    """Return what the code says on each symbol of `focus`; `frames` has these and all others it may look at.

    Raises TransientError while the sandbox is busy or the machine is short of something, PermanentError where it cannot run.
    """
    empty = {symbol: _silent(frames[symbol]) for symbol in focus if not len(frames[symbol])}
    asked = [symbol for symbol in focus if symbol not in empty]
    caller = code_hash(strategy)
    outcomes: list[_Part] = []
    for chunk, outcome in _run_all(sandbox, caller, jobs(strategy, frames, asked, (view, span))):
        if _spoils_others(strategy, chunk, outcome):
            outcomes += _run_alone(
                sandbox, caller, chunk, outcome, lambda symbol: jobs(strategy, frames, [symbol], (view, span))
            )
        else:
            outcomes.append((chunk, outcome))
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


def _run_all(sandbox: Pool, caller: str, jobs: Iterable[Offer]) -> list[_Part]:
    """Run every job, JOBS_AT_ONCE of them waiting at a time; when one cannot run, the others are given up."""
    parts: list[tuple[list[str], Future[Outcome]]] = []
    try:
        for chunk, job in jobs:
            parts.append((chunk, sandbox.submit(job, caller)))
            if len(parts) >= JOBS_AT_ONCE:
                parts[-JOBS_AT_ONCE][1].result()
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


def _spoils_others(strategy: Strategy, chunk: Sequence[str], outcome: Outcome) -> bool:
    """Tell whether a job ended in a way that says nothing about most of its symbols: each then runs alone.

    Not where it ran out of time: code that never ends would cost as much again for each.
    """
    return len(chunk) > 1 and strategy.kind != "python.batch" and outcome.code in _ENDS_ALL


def _run_alone(
    sandbox: Pool, caller: str, chunk: Sequence[str], outcome: Outcome, job_of: Callable[[str], Iterator[Offer]]
) -> list[_Part]:
    """Run every symbol of a spoilt job in a fork of its own; where all of ALONE_AT_ONCE end badly too, the rest stays as the job ended."""
    parts: list[_Part] = []
    for first in range(0, len(chunk), ALONE_AT_ONCE):
        some = chunk[first : first + ALONE_AT_ONCE]
        found = _run_all(sandbox, caller, (job for symbol in some for job in job_of(symbol)))
        parts += found
        if len(some) == ALONE_AT_ONCE and all(each.answer is None for _, each in found):
            rest = list(chunk[first + ALONE_AT_ONCE :])
            return [*parts, (rest, outcome)] if rest else parts
    return parts


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
