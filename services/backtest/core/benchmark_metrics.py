"""A run beside buying at the first open and holding: what the strategy added to the market it traded, and to Bitcoin."""

import numpy as np

from services.backtest.core.returns_metrics import returns_of
from services.backtest.core.values import Floats, Undefined, Value, finite, spread


def benchmark_metrics(equity: Floats, benchmark: Floats, initial: float, periods: int) -> dict[str, Value]:
    """Return buy-and-hold return, alpha, beta and correlation of (T,) equity to a (T,) benchmark from the same capital.

    Per bar, r of the run and b of the benchmark: beta = cov(r, b) / var(b), alpha = (mean r - beta x mean b) x P, correlation
    Pearson's. Source: Jensen 1968, beta and alpha as in quantstats `greeks`, beta as in empyrical too.
    """
    held = {"benchmark_return": finite(float(benchmark[-1]) / initial - 1.0)}
    run, market = returns_of(equity, initial), returns_of(benchmark, initial)
    market_spread, run_spread = spread(market), spread(run)
    if market_spread is None:
        reason = Undefined("the benchmark did not move" if len(market) > 1 else "fewer than two returns")
        return {**held, "alpha": reason, "beta": reason, "correlation": reason}
    covariance = float((run - run.mean()) @ (market - market.mean())) / (len(run) - 1)
    beta = covariance / market_spread**2
    correlation: Value = Undefined("the equity did not move")
    if run_spread is not None:
        correlation = float(np.clip(covariance / (market_spread * run_spread), -1.0, 1.0))
    return {
        **held,
        "alpha": finite((float(run.mean()) - beta * float(market.mean())) * periods),
        "beta": finite(beta),
        "correlation": correlation,
    }


def bitcoin_metrics(equity: Floats, bitcoin: Floats | None, initial: float, periods: int) -> dict[str, Value]:
    """Return the same four metrics against holding Bitcoin, as `btc_...`; bitcoin: None where the run has no such symbol."""
    if bitcoin is None:
        absent = Undefined("the run has no Bitcoin symbol")
        return dict.fromkeys(("btc_return", "btc_alpha", "btc_beta", "btc_correlation"), absent)
    found = benchmark_metrics(equity, bitcoin, initial, periods)
    return {"btc_" + name.removeprefix("benchmark_"): value for name, value in found.items()}
