"""Every metric of a run, from one pure function. Fractions, not percentages: 0.12 is 12 %.

Undefined is None with a reason, never 0, infinity or NaN.
"""

from libs.common.values import Timeframe
from services.backtest.core.benchmark_metrics import benchmark_metrics, bitcoin_metrics
from services.backtest.core.curve import Curve
from services.backtest.core.periods import Market, bars_per_year, days_per_year
from services.backtest.core.returns_metrics import risk
from services.backtest.core.trade_metrics import trade_metrics
from services.backtest.core.values import Metrics, Value, collect


def measure(curve: Curve, timeframe: Timeframe, market: Market) -> Metrics:
    """Return all metrics of `curve`, whose bars have length `timeframe` on `market`.

    exposure: mean share of the symbols held, per bar. turnover: traded notional of both sides over the mean equity of the
    window, not annualised (ours). The other formulas stand with their sources in the files they come from.
    """
    periods = bars_per_year(timeframe, market)
    trades = curve.trades
    closed = trades.closed
    traded = float(trades.entry_cost.sum() + trades.exit_proceeds[:closed].sum())
    activity: dict[str, Value] = {
        "bars": len(curve.equity),
        "periods_per_year": periods,
        "final_equity": float(curve.equity[-1]),
        "exposure": float(curve.exposure.mean()),
        "turnover": traded / float(curve.equity.mean()),
    }
    return collect(
        risk(curve.equity, curve.times, curve.initial, periods, days_per_year(market)),
        trade_metrics(trades),
        activity,
        benchmark_metrics(curve.equity, curve.benchmark, curve.initial, periods),
        bitcoin_metrics(curve.equity, curve.bitcoin, curve.initial, periods),
    )
