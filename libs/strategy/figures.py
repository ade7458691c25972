"""Company figures for strategies that ask for any: those that count at some bar of a run, with the moment each was known from."""

import threading
from pathlib import Path

from libs.market.figures import FIELDS, current
from libs.market.fundamentals import Fundamentals
from libs.strategy.python import View
from libs.strategy.sandbox.layout import Scalar
from libs.strategy.spec import Strategy

_ASKING = ("get_fundamental_data", "scan_universe")


class Figures:
    """The figures of one profile, always the version that counts now; safe to use from several threads."""

    def __init__(self, root: Path):
        """Read below `root`, which need not exist yet."""
        self._root = root
        self._lock = threading.Lock()
        self._known: Fundamentals | None = None

    def view(self, strategy: Strategy, start_ms: int, end_ms: int) -> tuple[View, str | None]:
        """Return what `strategy` may see on bars between two moments (epoch ms), and the version it is from.

        Nothing and None for a strategy that does not ask, or where no figures were imported.
        """
        if not asks_figures(strategy.code):
            return View(), None
        version = current(self._root)
        if version is None:
            return View(), None
        with self._lock:
            if self._known is None or self._known.hash != version:
                self._known = Fundamentals(self._root, version)
            return over_time(self._known, start_ms, end_ms), version


def asks_figures(code: str | None) -> bool:
    """Tell whether Python code names a function that reads company figures."""
    return code is not None and any(name in code for name in _ASKING)


def named_figures(code: str | None) -> list[str]:
    """Return the figures that Python code names in quotes, such as `"pe_ratio"`, in the order of FIELDS."""
    return [] if code is None else [name for name in FIELDS if f'"{name}"' in code or f"'{name}'" in code]


def over_time(known: Fundamentals, start_ms: int, end_ms: int) -> View:
    """Return the figures that count at any bar between two moments, each row with the moment it was known from; undated ones for all bars."""
    always: dict[str, dict[str, Scalar]] = {}
    history: dict[str, list[tuple[int, dict[str, Scalar]]]] = {}
    for symbol in known.symbols:
        rows = [(moment or 0, dict(row)) for moment, row in known.history(symbol) if (moment or 0) <= end_ms]
        if len(rows) == 1 and not known.is_point_in_time(symbol):
            always[symbol] = rows[0][1]
        elif rows:
            before = [place for place, (moment, _) in enumerate(rows) if moment <= start_ms]
            history[symbol] = rows[before[-1] if before else 0 :]
    return View(always, known.point_in_time, history)
