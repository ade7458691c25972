"""What the page's script draws from: a report's series as short columns, in JSON that cannot end its script element.

Decides how much a page carries. A thinned curve keeps its extremes, a merged candle its high and low, and the page says so.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

from libs.report.evidence import boundary_of
from libs.report.figures import known
from libs.report.markup import Markup, clean
from libs.report.reading import Candles, Curve, Report
from libs.report.thin import kept, merged

MAX_POINTS = 12_000
"""Points of the equity curve in a page."""

MAX_CANDLES = 24_000
"""Candles in a page, all symbols together; at least `MIN_CANDLES` each."""

MIN_CANDLES = 400

_DIGITS = 7
_UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"}


def payload(report: Report) -> dict[str, Any]:
    """Return the tree `assets/start.js` reads."""
    share = max(MIN_CANDLES, MAX_CANDLES // max(1, len(report.bars)))
    candles = {clean(name): _candles(merged(one, share)) for name, one in sorted(report.bars.items())}
    return {
        "curve": _curve(report.curve),
        "initial": _short(initial_of(report)),
        "candles": candles,
        "trades": _trades(report.trades),
        "held_back_from": boundary_of(report.evidence),
        "file": file_name(report.metadata),
    }


def embedded(value: object) -> Markup:
    """Return `value` as JSON for a script element: ASCII, without `<`, `>`, `&`; raises ValueError for NaN."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return Markup(text.translate(_UNSAFE))


def times_of(times: Sequence[int]) -> dict[str, Any]:
    """Return rising times as the first, the unit, and runs of [units, how often]: an hourly year is three numbers."""
    steps = [after - before for before, after in pairwise(times)]
    unit = reduce(math.gcd, steps, 0) or 1
    runs: list[list[int]] = []
    for step in steps:
        if runs and runs[-1][0] == step // unit:
            runs[-1][1] += 1
        else:
            runs.append([step // unit, 1])
    return {"first": times[0] if times else 0, "count": len(times), "unit": unit, "runs": runs}


def _curve(curve: Curve) -> dict[str, Any]:
    places = kept((curve.equity, curve.buy_and_hold, curve.drawdown), MAX_POINTS)
    columns = {
        name: [_short(getattr(curve, name)[place]) for place in places]
        for name in ("equity", "buy_and_hold", "drawdown")
    }
    thinned = len(places) < len(curve.times)
    return {
        "times": times_of([curve.times[place] for place in places]),
        "places": places if thinned else None,
        "every_bars": curve.every_bars,
        **columns,
    }


def _candles(candles: Candles) -> dict[str, Any]:
    columns = {name: [_short(one) for one in getattr(candles, name)] for name in ("open", "high", "low", "close")}
    return {"times": times_of(candles.times), "every_bars": candles.every_bars, **columns}


_NUMBERS = ("entry_time", "entry_price", "exit_time", "exit_price", "quantity", "pnl", "gain", "bars", "mae", "mfe")
_WORDS = ("symbol", "entry_reason", "exit_reason")


def _trades(trades: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Columns; texts are places in `words`, because most reasons come again."""
    words: dict[str, int] = {}
    columns: dict[str, list[Any]] = {name: [] for name in (*_NUMBERS, "fees", "side", "open", *_WORDS)}
    for trade in trades:
        for name in _NUMBERS:
            columns[name].append(trade.get(name) if name.endswith("_time") else _short(known(trade.get(name))))
        columns["fees"].append(_short(fees_of(trade)))
        columns["side"].append(side_of(trade))
        columns["open"].append(int(is_open(trade)))
        for name in _WORDS:
            text = trade.get(name)
            columns[name].append(None if text is None else words.setdefault(clean(text), len(words)))
    return {"words": list(words), **columns}


def side_of(trade: Mapping[str, Any]) -> int:
    """Return 1 for a long trade, -1 for a short one; a trade that says nothing is long."""
    return -1 if trade.get("side") in (-1, "short") else 1


def is_open(trade: Mapping[str, Any]) -> bool:
    """Tell whether a trade was still held at the end."""
    return trade.get("exit_time") is None


def fees_of(trade: Mapping[str, Any]) -> float | None:
    """Return both fees of a trade, None where one is unknown."""
    entry, exited = known(trade.get("entry_fee")), known(trade.get("exit_fee"))
    return None if entry is None or exited is None else entry + exited


def initial_of(report: Report) -> float:
    """Return the capital the run started with; a report that does not say starts at its first point."""
    stated = known(report.metadata.get("initial_capital"))
    return stated if stated is not None and stated > 0 else report.curve.equity[0]


def file_name(metadata: Mapping[str, Any]) -> str:
    """Return what files made of a report are called: its backtest's id, letters, digits, - and _ only."""
    name = str(metadata.get("backtest_id") or "report")
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in name)[:64]


def _short(value: float | None) -> float | int | None:
    """Seven significant digits: far more than a screen can show, and half the bytes."""
    if value is None:
        return None
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
