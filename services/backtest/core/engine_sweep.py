"""Many runs on the same bars in one loop: six numbers each, no trade list kept, memory independent of their count.

Every run is `engine_loop.replay` itself, so a sweep says of a candidate what its own backtest says. A number that does not exist is NaN here.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.market.frame import Frame
from libs.market.jit import jit
from services.backtest.core.engine import Terms, blank, column, plain
from services.backtest.core.engine_kernel import CASH, COLUMNS, EXIT_INDEX, PNL, STATE
from services.backtest.core.engine_loop import replay
from services.backtest.core.values import Floats

SWEEP_METRICS = ("total_return", "max_drawdown", "sharpe_bar", "closed_trades", "win_rate", "profit_factor")
"""What a sweep finds of each run, in this order; defined as in `metrics.measure`."""


def sweep_actions(
    actions: NDArray[np.int8],
    frame: Frame,
    terms: Terms,
    periods: int,
    *,
    position_mode: bool,
    allow_short: bool = False,
) -> Floats:
    """Return (K, 6) SWEEP_METRICS of (K, T) actions on T bars; periods: bars per year; words as in `engine.run`.

    Raises ValueError when the lengths differ or T is 0.
    """
    _check(actions.shape[1], frame)
    found = np.empty((len(actions), len(SWEEP_METRICS)))
    with_rows = plain(np.ascontiguousarray(actions, np.int8))
    _sweep_actions(with_rows, *_given(frame, terms, periods, (position_mode, allow_short, 0)), found)
    return found


def sweep_crossings(
    lines: Floats, pairs: NDArray[np.int64], frame: Frame, terms: Terms, periods: int, *, allow_short: bool = False
) -> Floats:
    """Return (K, 6) SWEEP_METRICS of strategies that buy when one line crosses above another, and sell when it crosses below.

    lines: (W, T), NaN until warm, such as one moving average per window. pairs: (K, 2) places of the fast and the slow line. A cross
    is fast > slow at a bar and not at the one before, both warm, or the reverse. Raises ValueError when the lengths differ, T is 0 or
    a pair names no line.
    """
    _check(lines.shape[1], frame)
    if len(pairs) and not (pairs.min() >= 0 and pairs.max() < len(lines)):
        raise ValueError(f"a pair names no line: there are {len(lines)}")
    found = np.empty((len(pairs), len(SWEEP_METRICS)))
    scratch = plain(np.zeros(len(frame), np.int8))
    given = _given(frame, terms, periods, (False, allow_short, 0))
    _sweep_crossings((plain(np.ascontiguousarray(lines)), plain(np.ascontiguousarray(pairs)), scratch), *given, found)
    return found


def _check(count: int, frame: Frame) -> None:
    if not len(frame) or count != len(frame):
        raise ValueError(f"{count} values for {len(frame)} bars")


def _given(frame: Frame, terms: Terms, periods: int, modes: tuple[bool, bool, int]) -> tuple[Any, Any, Any, Any, Any]:
    columns = (frame.open, frame.high, frame.low, frame.close, frame.volume)
    out = (np.empty(len(frame)), np.empty((len(frame), COLUMNS)))
    start = (float(terms.initial_capital), math.sqrt(periods))
    return tuple(map(column, columns)), terms.rules, modes, (blank(STATE), start), out


@jit
def _sweep_actions(actions: Any, bars: Any, rules: Any, modes: Any, state: Any, out: Any, found: Any) -> None:  # noqa: PLR0913
    for n in range(len(actions)):
        _one(actions[n], bars, rules, modes, state, out, found[n])


@jit
def _sweep_crossings(given: Any, bars: Any, rules: Any, modes: Any, state: Any, out: Any, found: Any) -> None:  # noqa: PLR0913
    lines, pairs, actions = given
    for n in range(len(pairs)):
        _cross(lines[pairs[n][0]], lines[pairs[n][1]], actions)
        _one(actions, bars, rules, modes, state, out, found[n])


@jit
def _cross(fast: Any, slow: Any, actions: Any) -> None:
    above, below = False, False
    for t in range(len(actions)):
        now_above, now_below = fast[t] > slow[t], fast[t] <= slow[t]
        actions[t] = int(now_above and below) - int(now_below and above)
        above, below = now_above, now_below


@jit
def _one(actions: Any, bars: Any, rules: Any, modes: Any, state: Any, out: Any, found: Any) -> None:  # noqa: PLR0913
    s, start = state
    for place in range(len(s)):
        s[place] = 0.0
    s[CASH] = start[0]
    trades, _, _, _ = replay(actions, bars, rules, modes, s, out)
    _fold_equity(out[0], start[0], start[1], found)
    _fold_trades(out[1], trades, found)


@jit
def _fold_equity(equity: Any, initial: float, scale: float, found: Any) -> None:
    count = len(equity)
    peak, trough, from_peak = initial, initial, initial
    before, total, squares = initial, 0.0, 0.0
    for t in range(count):
        worth = equity[t]
        if worth == before or not before > 0.0:
            continue
        moved = worth / before - 1.0
        total += moved
        squares += moved * moved
        peak = max(peak, worth)
        if worth * from_peak < trough * peak:
            trough, from_peak = worth, peak
        before = worth
    mean = total / count
    found[0] = equity[count - 1] / initial - 1.0
    found[1] = trough / from_peak - 1.0
    found[2] = math.nan
    # Nothing is held at the first bar, so one return is 0: any other makes a spread, and the difference below keeps its digits.
    if squares > 0.0:
        found[2] = mean / math.sqrt((squares - count * mean * mean) / (count - 1)) * scale


@jit
def _fold_trades(table: Any, trades: int, found: Any) -> None:
    closed, won, gained, lost = 0, 0, 0.0, 0.0
    for n in range(trades):
        if table[n][EXIT_INDEX] >= 0.0:
            closed += 1
            pnl = table[n][PNL]
            if pnl > 0.0:
                won += 1
                gained += pnl
            else:
                lost -= pnl
    found[3] = closed
    found[4] = won / closed if closed > 0 else math.nan
    found[5] = gained / lost if lost > 0.0 else math.nan
