"""The loop over the bars of one symbol: compiled where `libs.market.jit` compiles, plain Python elsewhere, one source.

Decides when a signal becomes a fill: decided at the close of bar t with the books as they then are, filled at the open of bar t + 1.
"""

import math
from typing import Any

from libs.market.fills import round_money
from libs.market.jit import jit
from services.backtest.core.engine_kernel import (
    CASH,
    CLOSING,
    ENTRY,
    FRACTION,
    HIGH,
    LOW,
    OPEN,
    OPENING,
    PEAK,
    QUANTITY,
    ROOM,
    RUIN,
    SIDE,
    SPEND,
    STILL_OPEN,
    STOP,
    TARGET,
    TRADES,
    TRAIL,
    close_at_open,
    decide,
    force_out,
    guarded_exit,
    mark,
    open_at_open,
    room_of,
)


@jit
def replay(actions: Any, bars: Any, rules: Any, modes: Any, s: Any, out: Any) -> tuple[int, float, int, int]:
    """Fill `out` = (equity, table of trades) and return (trades, cash, pending, ruined_at).

    bars: five columns, open to volume; high and low are read where positions are guarded or short, volume under a cap. rules:
    `Terms.rules`. modes: position_mode, allow_short, horizon. s: state of the kernel, blank but for the cash.

    A bar is due when an order is in work or the position can end inside it. From one that is not to the next action nothing can
    happen, so that stretch is only valued.
    """
    opens, highs, lows, closes, volumes = bars
    equity, table = out
    at_every_bar = modes[0] or modes[2] > 0
    due, t, count, ruined_at = False, 0, len(closes), -1
    while t < count:
        if due:
            s[ROOM] = room_of(volumes[t], rules)
            _trade(t, (opens[t], highs[t], lows[t]), rules, s, table)
            due = _is_due(rules, s)
        stop = t + 1
        if not (due or at_every_bar):
            stop = _next_action(actions, t, count)
        _value(s[CASH], s[QUANTITY], closes[t:stop], equity[t:stop])
        if not equity[t] > 0.0:
            ruined_at = t
            equity[t:] = 0.0
            s[CLOSING], s[OPENING] = 0.0, 0.0
            break
        t = stop
        if at_every_bar or actions[t - 1] != 0:
            decide(t - 1, actions[t - 1], modes, s)
            due = _is_due(rules, s)
    if s[SIDE] != 0.0:
        mark(closes[count - 1], s, table)
    pending = -s[SIDE] if s[CLOSING] != 0.0 else s[OPENING]
    return int(s[TRADES]), s[CASH], int(pending), ruined_at


@jit
def _next_action(actions: Any, t: int, count: int) -> int:
    for i in range(t, count):
        if actions[i] != 0:
            return i + 1
    return count


@jit
def _is_due(rules: Any, s: Any) -> bool:
    if s[CLOSING] != 0.0 or s[OPENING] != 0.0 or s[SIDE] < 0.0:
        return True
    return bool(s[SIDE] > 0.0 and (rules[STOP] > 0.0 or rules[TARGET] > 0.0 or rules[TRAIL] > 0.0))


@jit
def _value(cash: float, quantity: float, closes: Any, equity: Any) -> None:
    for i in range(len(closes)):
        equity[i] = cash + quantity * closes[i]


@jit
def _trade(t: int, bar: Any, rules: Any, s: Any, table: Any) -> None:
    if s[CLOSING] != 0.0:
        close_at_open(t, bar[OPEN], rules, s, table)
    if s[OPENING] != 0.0 and s[CLOSING] == 0.0:
        if s[SPEND] < 0.0:
            s[SPEND] = round_money(rules[FRACTION] * s[CASH])
        open_at_open(t, bar[OPEN], rules, s)
    if s[SIDE] != 0.0:
        _survive(t, bar, rules, s, table)


@jit
def _survive(t: int, bar: Any, rules: Any, s: Any, table: Any) -> None:
    side = s[SIDE]
    reason, price = guarded_exit(side, s[ENTRY], s[PEAK], bar, rules)
    s[PEAK] = max(s[PEAK], bar[HIGH]) if side > 0.0 else min(s[PEAK], bar[LOW])
    if reason != STILL_OPEN:
        force_out(t, reason, price, rules, s, table)
    if s[SIDE] < 0.0 and not s[CASH] + s[QUANTITY] * bar[HIGH] > 0.0:
        s[ROOM] = math.inf
        force_out(t, RUIN, max(bar[OPEN], s[CASH] / -s[QUANTITY]), rules, s, table)
