"""Runs snippets in plain Python, one forked process each, and says what they did. A program: JSON in, JSON out.

In: [[source, mark, effect], ...]. Out: the effect seen of each, as named in `load`, or "none".
"""

import builtins
import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BARS = 60
CPU_S = 0.25
WALL_S = 0.5
MEMORY = 128 * 1024 * 1024
"""Limits of one snippet here; what passes them would not have ended by itself."""

_BY_STATUS = {42: "leak", 43: "changed", 44: "exit", 45: "error", 46: "memory"}
_BY_SIGNAL = {signal.SIGPROF: "cpu", signal.SIGALRM: "sleep"}


def frame() -> pd.DataFrame:
    """Return 60 hourly bars."""
    index = pd.date_range("2024-01-01", periods=BARS, freq="h", tz="UTC", name="ts")
    close = 100 + 5 * np.sin(np.arange(BARS) / 3.0)
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": np.full(BARS, 7.0)}
    return pd.DataFrame(columns, index=index)


def main() -> None:
    """Run what standard input lists."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seen = []
    for source, mark, effect in json.load(sys.stdin):
        child = os.fork()
        if child == 0:
            _run(source, effect)
        _, status = os.waitpid(child, 0)
        seen.append(_seen(status, mark))
    json.dump(seen, sys.stdout)


def _seen(status: int, mark: str) -> str:
    if Path(mark).exists() or Path(mark).is_socket():
        return "file"
    if os.WIFSIGNALED(status):
        return _BY_SIGNAL.get(signal.Signals(os.WTERMSIG(status)), "none")
    return _BY_STATUS.get(os.WEXITSTATUS(status), "none")


def _run(source: str, effect: str) -> None:
    devnull = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(devnull, stream)
    signal.setitimer(signal.ITIMER_PROF, CPU_S if effect == "cpu" else 20)
    signal.setitimer(signal.ITIMER_REAL, WALL_S if effect == "sleep" else 30)
    if effect == "memory":
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    os._exit(_status(source))


def _status(source: str) -> int:
    df = frame()
    names: dict[str, Any] = {"np": np, "pd": pd, "math": math, "datetime": datetime, "timedelta": timedelta}
    names |= {"__name__": "strategy", "__builtins__": vars(builtins)}
    try:
        _call(source.encode(), names, df)
    except MemoryError:
        return 46
    except Exception:  # noqa: BLE001 - the snippet may raise anything; that it did is the answer
        return 45
    except BaseException:  # noqa: BLE001 - and it may leave by what is not an Exception
        return 44
    told = names.get("told")
    if (isinstance(told, str) and told == "patched") or not df.equals(frame()):
        return 43
    return 0 if told is None else 42


def _call(source: bytes, names: dict[str, Any], df: pd.DataFrame) -> None:
    exec(compile(source, "<strategy>", "exec"), names)
    contract: Callable[[Any], Any] = names.get("generate_signals") or names["classify_symbol"]
    contract(df if "generate_signals" in names else "AAA")


if __name__ == "__main__":
    main()
