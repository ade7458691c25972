"""A report as read: the parts a page is made of, each of them whole. Decides what is not a report.

A report may come from any file, so shapes are checked here; words are anybody's and are escaped where they are shown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from libs.common.errors import BadInputError
from libs.report.figures import LAST_MS, known
from libs.report.shapes import Tree, too_deep


class BadReportError(BadInputError):
    """This is not a report, or part of it is damaged."""

    code = "report.malformed"

    def __init__(self, detail: str, pointer: str):
        """Say what is wrong where."""
        super().__init__(detail, pointer=pointer, hint="give a report as `sentinel` wrote it")


@dataclass(frozen=True)
class Curve:
    """Columns of equal length T >= 1: open times (epoch ms, rising), quote units, fractions; None where a value is missing."""

    every_bars: int
    times: Sequence[int]
    equity: Sequence[float]
    buy_and_hold: Sequence[float | None]
    drawdown: Sequence[float | None]


@dataclass(frozen=True)
class Candles:
    """Columns of equal length, one candle per `every_bars` bars: open times (epoch ms, rising), prices."""

    every_bars: int
    times: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]


@dataclass(frozen=True)
class Report:
    """The parts of a report; what an older or smaller one has not is empty."""

    metadata: Tree
    metrics: Tree
    undefined: Tree
    verdict: Tree
    curve: Curve
    bars: Mapping[str, Candles]
    trades: Sequence[Tree]
    evidence: Tree
    code: Tree
    end: Tree


def read(report: object) -> Report:
    """Return the parts of a report; raises BadReportError with the place of what is missing or misshapen."""
    tree = _tree(report, "")
    for name in ("metadata", "metrics", "undefined", "verdict", "evidence", "trades", "code", "end"):
        if too_deep(tree.get(name)):
            raise BadReportError("values lie too deep in each other here", f"/{name}")
    return Report(
        metadata=_tree(tree.get("metadata"), "/metadata"),
        metrics=_tree(tree.get("metrics"), "/metrics"),
        undefined=_tree(tree.get("undefined", {}), "/undefined"),
        verdict=_tree(tree.get("verdict"), "/verdict"),
        curve=_curve(_tree(tree.get("curve"), "/curve")),
        bars={str(name): _candles(one, f"/bars/{name}") for name, one in _tree(tree.get("bars", {}), "/bars").items()},
        trades=[_trade(one, f"/trades/{n}") for n, one in enumerate(_list(tree.get("trades", []), "/trades"))],
        evidence=_tree(tree.get("evidence") or {}, "/evidence"),
        code=_tree(tree.get("code") or {}, "/code"),
        end=_tree(tree.get("end") or {}, "/end"),
    )


def _tree(value: object, pointer: str) -> Tree:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise BadReportError("an object is missing here" if value is None else "this is not an object", pointer)
    return value


def _list(value: object, pointer: str) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise BadReportError("this is not a list", pointer)
    return value


def _curve(tree: Tree) -> Curve:
    times = _times(tree.get("times"), "/curve/times")
    if not times:
        raise BadReportError("the curve has no point", "/curve/times")
    columns = {name: _column(tree.get(name), len(times), f"/curve/{name}") for name in ("buy_and_hold", "drawdown")}
    return Curve(_every(tree, "/curve"), times, _whole(tree.get("equity"), len(times), "/curve/equity"), **columns)


def _candles(value: object, pointer: str) -> Candles:
    tree = _tree(value, pointer)
    times = _times(tree.get("times"), f"{pointer}/times")
    names = ("open", "high", "low", "close")
    columns = {name: _whole(tree.get(name), len(times), f"{pointer}/{name}") for name in names}
    return Candles(_every(tree, pointer), times, **columns)


def _trade(value: object, pointer: str) -> Tree:
    trade = _tree(value, pointer)
    _times([trade.get("entry_time")], f"{pointer}/entry_time")
    if trade.get("exit_time") is not None:
        _times([trade["exit_time"]], f"{pointer}/exit_time")
    return trade


def _every(tree: Tree, pointer: str) -> int:
    every = tree.get("every_bars", 1)
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise BadReportError("this is not a count of bars", f"{pointer}/every_bars")
    return every


def _times(value: object, pointer: str) -> Sequence[int]:
    times = _list(value, pointer)
    before = -1
    for place, time in enumerate(times):
        if isinstance(time, bool) or not isinstance(time, int) or not before < time <= LAST_MS:
            raise BadReportError(f"entry {place} is not an epoch time later than the one before", pointer)
        before = time
    return times


def _column(value: object, length: int, pointer: str) -> Sequence[float | None]:
    if value is None:
        return [None] * length
    column = _list(value, pointer)
    if len(column) != length:
        raise BadReportError(f"{len(column)} values for {length} times", pointer)
    if set(map(type, column)) == {float} and all(map(math.isfinite, column)):
        return column
    return [known(one) for one in column]


def _whole(value: object, length: int, pointer: str) -> Sequence[float]:
    column = _column(value, length, pointer)
    whole = [one for one in column if one is not None]
    if len(whole) != length:
        raise BadReportError(f"value {next(n for n, one in enumerate(column) if one is None)} is not a number", pointer)
    return whole
