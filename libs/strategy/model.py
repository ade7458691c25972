"""Runs trained models in the sandbox and reads what they say into signals.

Features are made here, by our own causal columns; the child gets rows of numbers and a file, and answers actions and probabilities.
Decides how a run is cut into jobs. Loads no model.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

import numpy as np

from libs.common.errors import RefusedError, TransientError
from libs.common.values import Timeframe
from libs.market.features import FEATURES, matrix
from libs.market.frame import Frame
from libs.strategy.model_terms import MODEL
from libs.strategy.sandbox.host.answers import SignalsAnswer
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.host.models import ModelPool
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.matrix import pack_matrix
from libs.strategy.sandbox.wire import Limits
from libs.strategy.signals import Evaluation, Fault, Signals
from libs.strategy.spec import Strategy, code_hash

LIMITS = Limits(memory_mb=512, result_bytes=16 * 1024 * 1024)
"""A forest takes several times the size of its file while it is unpacked, and the file may have 16 MB."""

MOST_EXPLAINED = 8
"""Symbols that get a job each, which tells probabilities; of more a job answers for many and tells actions alone."""

MAX_SYMBOLS_A_JOB = 200


def evaluate_model(
    strategy: Strategy, frames: Mapping[str, Frame], sandbox: Pool | None, focus: Sequence[str]
) -> Evaluation:
    """Return what the model says on each symbol of `focus`: actions, `probability` that the label is up, and `confidence`, that of the side taken.

    Raises RefusedError without a sandbox that has models, NotFoundError and ConflictError for a model that is not there or was changed,
    TransientError while the sandbox is busy.
    """
    if not isinstance(sandbox, ModelPool):
        raise RefusedError(
            "models do not run here: there is no sandbox for them",
            code="sandbox.unavailable",
            hint="run it through the backtest service, which has one",
        )
    data = sandbox.folder.read(strategy.parameters[MODEL])
    signals = {symbol: _silent(frames[symbol]) for symbol in focus if not len(frames[symbol])}
    asked = [symbol for symbol in focus if symbol not in signals]
    faults: dict[str, Fault] = {}
    mode = "on"
    for chunk, outcome in _run_all(sandbox.models, code_hash(strategy), _jobs(strategy, data, frames, asked)):
        mode = outcome.sandbox
        answer = outcome.answer
        if not isinstance(answer, SignalsAnswer):
            faults |= dict.fromkeys(chunk, _fault(outcome))
            continue
        for symbol, actions in answer.actions.items():
            signals[symbol] = Signals(actions, answer.columns, frames[symbol], speaker=answer.contract)
    ordered = {symbol: signals[symbol] for symbol in focus if symbol in signals}
    return Evaluation(ordered, faults, sandbox={"sandbox": mode})


def matrix_memfd(frames: Mapping[str, Frame], timeframe: Timeframe) -> int:
    """Return a descriptor, owned by the caller, of the sealed file with open times and features of each symbol."""
    blocks = {
        symbol: (np.ascontiguousarray(frame.ts, "<i8").data, np.ascontiguousarray(matrix(frame), "<f8").data)
        for symbol, frame in frames.items()
    }
    return sealed("market", pack_matrix((timeframe.value, 1_000 * timeframe.seconds), FEATURES, blocks))


def _jobs(
    strategy: Strategy, data: bytes, frames: Mapping[str, Frame], asked: Sequence[str]
) -> Iterator[tuple[list[str], Job]]:
    size = 1 if len(asked) <= MOST_EXPLAINED else MAX_SYMBOLS_A_JOB
    bounds = {name: value for name, value in strategy.parameters.items() if name != MODEL}
    for first in range(0, len(asked), size):
        chunk = list(asked[first : first + size])
        rows = {symbol: len(frames[symbol]) for symbol in chunk}
        args = {"symbols": chunk, "parameters": bounds, "explain": len(chunk) == 1}
        market = matrix_memfd({symbol: frames[symbol] for symbol in chunk}, strategy.timeframe)
        yield chunk, Job.of("signals", data, market, rows, args, LIMITS)


def _run_all(pool: Pool, caller: str, jobs: Iterator[tuple[list[str], Job]]) -> list[tuple[list[str], Outcome]]:
    """Run every job and wait; when one cannot run, the others are given up."""
    parts: list[tuple[list[str], Future[Outcome]]] = []
    try:
        for chunk, job in jobs:
            parts.append((chunk, pool.submit(job, caller)))
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


def _fault(outcome: Outcome) -> Fault:
    error = outcome.error
    if error is None:
        return Fault(f"strategy.{outcome.code}", outcome.detail)
    return Fault(error.code, error.message, hint=error.hint or None)


def _silent(frame: Frame) -> Signals:
    return Signals(np.zeros(0, np.int8), {}, frame)
