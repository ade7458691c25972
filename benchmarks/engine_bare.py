"""The least that could be called an engine: no lots, no rounding of money, no trade list. What the real one is measured against."""

import math
from typing import Any

import numba
import numpy as np


@numba.njit
def equity_only(actions: Any, opens: Any, closes: Any, terms: Any, equity: Any) -> float:
    """Fill `equity` and return the cash; terms: capital, fee, slippage."""
    cash, fee, slippage = terms
    quantity, pending = 0.0, 0
    for t in range(len(closes)):
        if pending == 1 and quantity == 0.0:
            quantity, cash = cash / (opens[t] * (1 + slippage) * (1 + fee)), 0.0
        elif pending == -1 and quantity > 0.0:
            cash, quantity = quantity * opens[t] * (1 - slippage) * (1 - fee), 0.0
        equity[t] = cash + quantity * closes[t]
        pending = actions[t]
    return cash


@numba.njit
def with_metrics(actions: Any, opens: Any, closes: Any, terms: Any, equity: Any) -> tuple[float, ...]:
    """Fill `equity` and return total return, drawdown, Sharpe per bar, closed trades, win rate and profit factor."""
    capital, fee, slippage = terms
    cash, quantity, pending, paid = capital, 0.0, 0, 0.0
    trades, won, gained, lost = 0, 0, 0.0, 0.0
    peak, deepest, before, total, squares = capital, 0.0, capital, 0.0, 0.0
    for t in range(len(closes)):
        if pending == 1 and quantity == 0.0:
            paid, quantity, cash = cash, cash / (opens[t] * (1 + slippage) * (1 + fee)), 0.0
        elif pending == -1 and quantity > 0.0:
            cash, quantity = quantity * opens[t] * (1 - slippage) * (1 - fee), 0.0
            trades += 1
            if cash > paid:
                won += 1
                gained += cash - paid
            else:
                lost += paid - cash
        worth = cash + quantity * closes[t]
        equity[t] = worth
        moved = worth / before - 1
        total += moved
        squares += moved * moved
        before = worth
        peak = max(peak, worth)
        deepest = min(deepest, worth / peak - 1)
        pending = actions[t]
    count = len(closes)
    deviation = math.sqrt((squares - total * total / count) / (count - 1))
    return (
        before / capital - 1,
        deepest,
        total / count / deviation if deviation > 0 else math.nan,
        float(trades),
        won / trades if trades else math.nan,
        gained / lost if lost > 0 else math.nan,
    )


@numba.njit
def sweep(lines: Any, pairs: Any, opens: Any, closes: Any, terms: Any) -> Any:
    """Return six numbers of each pair of lines, crossings found on the way."""
    found = np.empty((len(pairs), 6))
    actions, equity = np.zeros(len(closes), np.int8), np.empty(len(closes))
    for n in range(len(pairs)):
        fast, slow = lines[pairs[n, 0]], lines[pairs[n, 1]]
        above, below = False, False
        for t in range(len(closes)):
            now_above, now_below = fast[t] > slow[t], fast[t] <= slow[t]
            actions[t] = int(now_above and below) - int(now_below and above)
            above, below = now_above, now_below
        six = with_metrics(actions, opens, closes, terms, equity)
        for place in range(6):
            found[n, place] = six[place]
    return found
