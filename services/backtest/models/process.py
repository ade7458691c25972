"""Runs a training in a process of its own and listens to it. Decides how long it may take, and which ends may be tried again."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from libs.common.errors import PermanentError, TransientError
from services.backtest.models.task import TrainingTask

LONGEST_S = 1_800.0
"""After so long a training is ended."""

_ROOT = Path(__file__).resolve().parents[3]
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


class Trainings:
    """The trainings of one profile, one process each."""

    def __init__(self, data_dir: Path, longest_s: float = LONGEST_S):
        """Read bars and keep models below `data_dir`; end a training after `longest_s`."""
        self._data_dir = data_dir.absolute()
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._closed = False

    def run(self, task: TrainingTask, tell: Callable[[str, int], None], name: str = "") -> dict[str, Any]:
        """Return the card of the model, which is stored then; blocks the thread. name: what `stop` knows it by.

        Raises PermanentError with the code of what cannot be trained or takes too long, TransientError when the service closes or it is stopped.
        """
        process, overdue = self._started(name), threading.Event()

        def end() -> None:
            overdue.set()
            process.kill()

        late = threading.Timer(self._longest_s, end)
        late.start()
        try:
            with process:
                last = _listen(process, task, tell)
        finally:
            late.cancel()
            process.kill()
            with self._lock:
                stopped = self._running.pop(name, None) is None
        if "card" in last:
            return dict(last["card"])
        if "error" in last:
            told = last["error"]
            raise PermanentError(told["detail"], code=told["code"], pointer=told["pointer"], hint=told["hint"])
        if stopped:
            raise TransientError("the training was stopped", code="model.stopped")
        raise self._too_slow() if overdue.is_set() else self._ended(process.returncode)

    def stop(self, name: str) -> None:
        """End a training in hand; nothing where it is not."""
        with self._lock:
            process = self._running.pop(name, None)
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End what is running; it is begun again at the next start."""
        with self._lock:
            self._closed = True
            for process in self._running.values():
                process.kill()

    def _started(self, name: str) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise TransientError("the service is closing", code="model.closed")
            process = subprocess.Popen(
                [sys.executable, "-m", "services.backtest.models", str(self._data_dir)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**os.environ, **_ONE_THREAD},
            )
            self._running[name] = process
            return process

    def _too_slow(self) -> PermanentError:
        return PermanentError(
            f"the training took longer than {self._longest_s:.0f} s",
            code="model.too_slow",
            pointer="/estimator",
            hint="take fewer bars, smaller trees, or a classifier that grows less with its rows",
        )

    def _ended(self, code: int | None) -> Exception:
        if self._closed:
            return TransientError("the service is closing", code="model.closed")
        return PermanentError(
            f"the training ended with code {code} and no answer",
            code="model.training_ended",
            hint="is the machine out of memory? Take fewer rows or smaller trees",
        )


def _listen(process: "subprocess.Popen[bytes]", task: TrainingTask, tell: Callable[[str, int], None]) -> dict[str, Any]:
    """Hand over the task, pass on each step, and return the last line, empty if there is none."""
    assert process.stdin is not None
    assert process.stdout is not None
    last: dict[str, Any] = {}
    with suppress(BrokenPipeError):
        process.stdin.write(task.to_bytes())
        process.stdin.close()
    for line in process.stdout:
        last = orjson.loads(line)
        if "phase" in last:
            tell(last["phase"], last["done"])
    return last
