"""How much of a Sharpe ratio is luck: the more often one tries, the better the best try looks.

Every ratio in this file is per bar, never annualised; kurtosis is raw (3 for a normal distribution). Source of all formulas: Bailey and
Lopez de Prado, "The Sharpe Ratio Efficient Frontier" (2012) and "The Deflated Sharpe Ratio" (2014).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from services.backtest.core.returns_metrics import moments
from services.backtest.core.values import Floats, Undefined, Value, finite, spread

CONFIDENCE = 0.95
"""DSR from which a result counts as more than luck."""

_EULER = 0.5772156649015329
_NORMAL = NormalDist()
_UNSURE = Undefined("the variance of the Sharpe ratio is not positive")
_FLAT = Undefined("the returns do not vary")


@dataclass(frozen=True)
class Luck:
    """A run's Sharpe ratio beside what its family would show without skill.

    sharpe, expected_best (SR0): per bar. tries: distinct signal series of the family, this one included. variance: of the tries' Sharpe
    ratios. psr: probability that the true Sharpe exceeds 0. dsr: that it exceeds SR0. min_bars: bars needed for psr >= 0.95.
    """

    bars: int
    tries: int
    sharpe: Value
    variance: float
    expected_best: float
    psr: Value
    dsr: Value
    min_bars: Value
    passed: bool


def luck(returns: Floats, others: Sequence[float | None]) -> Luck:
    """Return how lucky (T,) per-bar `returns` may have been.

    others: per-bar Sharpe ratios of the family's other distinct tries; None for one without any spread, which counts as a try but
    not towards their variance. The variance is at least 1 / (T - 1), that of skill-less tries on as many bars: many tries that all failed
    alike, or ran on longer windows, must not make the best of them look less lucky. Source of the floor: ours, ADR 0011.
    """
    bars, tries, sharpe = len(returns), 1 + len(others), sharpe_of(returns)
    known = [value for value in (sharpe, *others) if isinstance(value, float)]
    skill_less = 1.0 / max(bars - 1, 1)
    variance = max(float(np.var(known, ddof=1)), skill_less) if len(known) > 1 else skill_less
    best = expected_best(variance, tries)
    shape = moments(returns)
    skew, excess = shape["skew"], shape["kurtosis"]
    if isinstance(sharpe, Undefined) or isinstance(skew, Undefined) or isinstance(excess, Undefined):
        return Luck(bars, tries, sharpe, variance, best, _FLAT, _FLAT, _FLAT, passed=False)
    raw = excess + 3.0
    deflated = probabilistic(sharpe, best, bars, skew, raw)
    return Luck(
        bars=bars,
        tries=tries,
        sharpe=sharpe,
        variance=variance,
        expected_best=best,
        psr=probabilistic(sharpe, 0.0, bars, skew, raw),
        dsr=deflated,
        min_bars=min_track_record(sharpe, 0.0, skew, raw),
        passed=not isinstance(deflated, Undefined) and deflated >= CONFIDENCE,
    )


def sharpe_of(returns: Floats) -> Value:
    """Return mean / standard deviation (ddof 1) of (T,) returns, Undefined without spread."""
    deviation = spread(returns)
    return _FLAT if deviation is None else finite(float(returns.mean()) / deviation)


def probabilistic(sharpe: float, against: float, bars: int, skew: float, kurtosis: float) -> Value:
    """Return PSR: the probability that the true Sharpe ratio exceeds `against`.

    Z[(SR - SR*) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1) / 4 SR^2)]; with `against` = SR0 it is the DSR.
    """
    variance = _variance(sharpe, skew, kurtosis)
    if not variance > 0:
        return _UNSURE
    z = (sharpe - against) * math.sqrt(bars - 1) / math.sqrt(variance)
    return 0.5 * math.erfc(-z / math.sqrt(2))


def expected_best(variance: float, tries: int) -> float:
    """Return SR0: the Sharpe ratio to expect of the best of `tries` >= 1 skill-less tries; 0 for a single one.

    sqrt(V) [(1 - e) Zinv(1 - 1/N) + e Zinv(1 - 1/(N exp 1))], e = 0.5772...; V: variance of the tries' ratios.
    """
    if tries < 2:
        return 0.0
    likely, rare = _NORMAL.inv_cdf(1 - 1 / tries), _NORMAL.inv_cdf(1 - 1 / (tries * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * likely + _EULER * rare)


def min_track_record(sharpe: float, against: float, skew: float, kurtosis: float) -> Value:
    """Return MinTRL: how many bars make the probability of a true Sharpe above `against` reach 0.95.

    1 + (1 - g3 SR + (g4 - 1) / 4 SR^2) (Zinv(0.95) / (SR - SR*))^2; no number of bars is enough if SR <= SR*.
    """
    variance = _variance(sharpe, skew, kurtosis)
    if not variance > 0:
        return _UNSURE
    if sharpe <= against:
        return Undefined("the Sharpe ratio is not above the one it is compared with")
    return finite(1 + variance * (_NORMAL.inv_cdf(CONFIDENCE) / (sharpe - against)) ** 2)


def _variance(sharpe: float, skew: float, kurtosis: float) -> float:
    return 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
