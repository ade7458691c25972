"""What a series of equity values is worth: growth, risk, and growth per risk.

r is the simple return of marked-to-market equity per bar, flat bars included, the first one measured from the initial
capital; P is the number of bars per year. Everything is per bar and scaled by P, except the headline `sharpe`, which is
taken from daily returns. Sources name the library whose definition is met to 1e-9.
"""

import math

import numpy as np

from services.backtest.core.values import Floats, Times, Undefined, Value, finite, spread

DAY_MS = 86_400_000

_ONE_RETURN = Undefined("fewer than two returns")
_NO_SPREAD = Undefined("all returns are equal")
_NO_LOSS = Undefined("no bar lost")


def returns_of(equity: Floats, initial: float) -> Floats:
    """Return (T,) simple returns of (T,) equity, the first from `initial` > 0; 0 once the equity is used up."""
    before = np.empty_like(equity)
    before[0] = initial
    before[1:] = equity[:-1]
    if before.min() > 0:
        return equity / before - 1.0
    alive = before > 0
    return np.where(alive, equity / np.where(alive, before, 1.0) - 1.0, 0.0)


def daily(times: Times, equity: Floats) -> Floats:
    """Return the equity at the last bar that opens on each UTC day; times: (T,) open times in epoch ms."""
    days = times // DAY_MS
    last = np.flatnonzero(days[1:] != days[:-1])
    return np.append(equity[last], equity[-1])


def drawdowns(equity: Floats, initial: float) -> Floats:
    """Return (T,) equity over its running peak minus 1, in [-1, 0]; the peak starts at the initial capital."""
    return equity / np.maximum(np.maximum.accumulate(equity), initial) - 1.0


def sharpe(returns: Floats, periods: int) -> Value:
    """Return mean / standard deviation (ddof 1) x sqrt(P), risk-free rate 0. Source: Sharpe 1994; quantstats `sharpe`."""
    deviation = spread(returns)
    if deviation is None:
        return _NO_SPREAD if len(returns) > 1 else _ONE_RETURN
    return finite(float(returns.mean()) / deviation * math.sqrt(periods))


def sortino(returns: Floats, periods: int) -> Value:
    """Return mean / root mean square of the losses over all bars x sqrt(P). Source: Red Rock 2012; quantstats `sortino`."""
    losses = np.minimum(returns, 0.0)
    downside = math.sqrt(float(losses @ losses) / len(returns))
    return finite(float(returns.mean()) / downside * math.sqrt(periods)) if downside > 0 else _NO_LOSS


def growth(total_return: float, bars: int, periods: int) -> Value:
    """Return the yearly growth (1 + total) ^ (P / T) - 1, -1 after ruin. Source: empyrical `annual_return`."""
    if total_return <= -1:
        return -1.0
    try:
        return finite((1.0 + total_return) ** (periods / bars) - 1.0)
    except OverflowError:
        return Undefined("the growth does not fit a floating-point number when scaled to a year")


def omega(returns: Floats) -> Value:
    """Return the sum of gains over the sum of losses, threshold 0. Source: Keating and Shadwick 2002; quantstats `omega`."""
    lost = -float(np.minimum(returns, 0.0).sum())
    return finite(float(np.maximum(returns, 0.0).sum()) / lost) if lost > 0 else _NO_LOSS


def ulcer(depths: Floats) -> Value:
    """Return sqrt(sum of squared drawdowns / (T - 1)). Source: Martin 1987; quantstats `ulcer_index`."""
    return math.sqrt(float(depths @ depths) / (len(depths) - 1)) if len(depths) > 1 else _ONE_RETURN


def tails(returns: Floats) -> dict[str, Value]:
    """Return the tail ratio |95 % quantile| / |5 % quantile|, historical VaR 95 (the 5 % quantile) and CVaR 95.

    CVaR is the mean of the returns not above the VaR. Quantiles interpolate linearly (numpy's default).
    Source: empyrical `tail_ratio`, `value_at_risk`, `conditional_value_at_risk` by the same threshold.
    """
    low, high = _quantiles(returns, 0.05, 0.95)
    return {
        "tail_ratio": finite(abs(high) / abs(low)) if low != 0 else Undefined("the 5 % quantile of returns is 0"),
        "value_at_risk_95": low,
        "cvar_95": float(returns[returns <= low].mean()),
    }


def _quantiles(values: Floats, *shares: float) -> list[float]:
    """Return linear quantiles as numpy does, without sorting or its argument checks."""
    last = len(values) - 1
    below = [int(share * last) for share in shares]
    ordered = np.partition(values, sorted({place for first in below for place in (first, min(first + 1, last))}))
    found = []
    for share, first in zip(shares, below, strict=True):
        low, high = float(ordered[first]), float(ordered[min(first + 1, last)])
        found.append(min(max(low + (high - low) * (share * last - first), low), high))
    return found


def moments(returns: Floats) -> dict[str, Value]:
    """Return bias-corrected skewness and excess kurtosis, and PSR: the probability that the true Sharpe exceeds 0.

    Source: pandas `skew`, `kurt` (Joanes and Gill 1998, G1 and G2); PSR(0) = Z[SR sqrt(T-1) / sqrt(1 - g3 SR + (g4-1)/4 SR^2)]
    per bar, g4 = kurtosis + 3 (Bailey and Lopez de Prado 2014).
    """
    count, deviation = len(returns), spread(returns)
    if deviation is None or count < 4:
        reason = Undefined("fewer than four returns") if count < 4 else _NO_SPREAD
        return {"skew": reason, "kurtosis": reason, "psr": reason}
    centred = returns - returns.mean()
    square = centred * centred
    m2, m3, m4 = float(square.mean()), float((square * centred).mean()), float((square @ square) / count)
    skew = m3 / m2**1.5 * math.sqrt(count * (count - 1)) / (count - 2)
    kurtosis = ((count + 1) * (m4 / m2**2 - 3) + 6) * (count - 1) / ((count - 2) * (count - 3))
    ratio = float(returns.mean()) / deviation
    variance = 1 - skew * ratio + (kurtosis + 2) / 4 * ratio**2
    psr = Undefined("the variance of the Sharpe ratio is not positive")
    return {
        "skew": finite(skew),
        "kurtosis": finite(kurtosis),
        "psr": _normal(ratio * math.sqrt(count - 1) / math.sqrt(variance)) if variance > 0 else psr,
    }


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def longest_run(under: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the length of the longest run of True in a (T,) mask."""
    edges = np.concatenate(([-1], np.flatnonzero(~under), [len(under)]))
    return int(np.diff(edges).max()) - 1


def risk(equity: Floats, times: Times, initial: float, periods: int, days: int) -> dict[str, Value]:
    """Return every metric of this file by name.

    equity, times: (T,) T >= 1; initial > 0; periods: bars per year; days: trading days per year.
    """
    returns, depths = returns_of(equity, initial), drawdowns(equity, initial)
    total = float(equity[-1]) / initial - 1.0
    cagr, deepest = growth(total, len(equity), periods), float(depths.min())
    deviation = spread(returns)
    if isinstance(cagr, Undefined):
        calmar: Value = cagr
    else:
        calmar = finite(cagr / -deepest) if deepest < 0 else Undefined("the equity never fell")
    flat: Value = 0.0 if len(returns) > 1 else _ONE_RETURN
    return {
        "total_return": total,
        "cagr": cagr,
        "volatility": flat if deviation is None else finite(deviation * math.sqrt(periods)),
        "sharpe": sharpe(returns_of(daily(times, equity), initial), days),
        "sharpe_bar": sharpe(returns, periods),
        "sortino": sortino(returns, periods),
        "max_drawdown": deepest,
        "calmar": calmar,
        "omega": omega(returns),
        "ulcer_index": ulcer(depths),
        **tails(returns),
        **moments(returns),
        "longest_drawdown_bars": longest_run(depths < 0),
    }
