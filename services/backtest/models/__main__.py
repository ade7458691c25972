"""The process a training runs in: `python -m services.backtest.models DATA_DIR`, the task on standard input, lines of JSON on standard output.

Apart from the service, so that scikit-learn's memory and time are not its own, and a training can be ended. Lines: {"phase", "done"} while it goes
on; {"card"} or {"error"} at the end.
"""

import os
import sys
from pathlib import Path
from typing import Any

import orjson

from libs.common.errors import NotFoundError, SentinelError
from libs.common.values import parse_timeframe
from libs.market.catalog import Catalog
from services.backtest.models.files import save_model
from services.backtest.models.task import TrainingTask
from services.backtest.models.training import train


def main() -> int:
    """Train what standard input asks for; returns the exit code."""
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no line of ours

    def tell(line: dict[str, Any]) -> None:
        told.write(orjson.dumps(line) + b"\n")

    task = TrainingTask.from_bytes(sys.stdin.buffer.read())
    try:
        tell({"card": _trained(Path(sys.argv[1]), task, lambda phase, done: tell({"phase": phase, "done": done}))})
    except SentinelError as error:
        words = {"code": error.code, "detail": error.detail, "pointer": error.pointer, "hint": error.hint}
        tell({"error": words})
    return 0


def _trained(data_dir: Path, task: TrainingTask, tell: Any) -> dict[str, Any]:
    timeframe = parse_timeframe(task.timeframe)
    frames = Catalog(data_dir / "catalog").read_many(task.symbols, timeframe, task.start_ms, task.end_ms)
    found = {symbol: frame for symbol, frame in frames.items() if len(frame) > 1}
    if not found:
        raise NotFoundError("there are no bars to learn from", code="model.no_bars", pointer="/start")
    trained = train(task, found, tell)
    model_id = save_model(data_dir / "models", trained.data, trained.card)
    return {"model_id": model_id, **trained.card}


if __name__ == "__main__":
    sys.exit(main())
