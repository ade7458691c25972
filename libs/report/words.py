"""What every metric is called, how it is spelled, and what it means to a trader. A metric not listed here is shown under its own name."""

from collections.abc import Callable
from dataclasses import dataclass

from libs.report import figures


@dataclass(frozen=True)
class Metric:
    """One metric: its name in the report, its title, how its value is spelled, and its meaning in one sentence."""

    name: str
    title: str
    spell: Callable[[object], str]
    meaning: str


def _signed(value: object) -> str:
    return figures.percent(value, signed=True)


def _money(value: object) -> str:
    return figures.number(value, 2)


def _ratio(value: object) -> str:
    return figures.number(value, 3)


_PERCENT, _COUNT = figures.percent, figures.count

GROUPS: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    (
        "Growth",
        (
            Metric(
                "total_return",
                "Total return",
                _signed,
                "Gain on the initial capital over the whole window, after costs.",
            ),
            Metric(
                "benchmark_return",
                "Buy and hold",
                _signed,
                "What buying at the first open and holding would have returned, without costs.",
            ),
            Metric("cagr", "Growth per year", _signed, "The yearly rate that compounds to the total return."),
            Metric(
                "final_equity", "Final equity", _money, "Cash and holdings after the last bar, in the quote currency."
            ),
            Metric("alpha", "Alpha", _signed, "Yearly return that the market's moves do not explain."),
            Metric("beta", "Beta", _ratio, "How far equity moves when buy and hold moves by one."),
            Metric("correlation", "Correlation", _ratio, "How closely equity follows buy and hold, from -1 to 1."),
            Metric("btc_return", "Holding Bitcoin", _signed, "The same capital held in Bitcoin."),
            Metric("btc_alpha", "Alpha to Bitcoin", _signed, "Yearly return that Bitcoin's moves do not explain."),
            Metric("btc_beta", "Beta to Bitcoin", _ratio, "How far equity moves when Bitcoin moves by one."),
            Metric(
                "btc_correlation", "Correlation to Bitcoin", _ratio, "How closely equity follows Bitcoin, from -1 to 1."
            ),
        ),
    ),
    (
        "Risk",
        (
            Metric("max_drawdown", "Max drawdown", _signed, "The deepest fall from a peak of equity."),
            Metric("longest_drawdown_bars", "Longest drawdown", _COUNT, "Most bars in a row below an earlier peak."),
            Metric("volatility", "Volatility per year", _PERCENT, "Standard deviation of returns, scaled to a year."),
            Metric("ulcer_index", "Ulcer index", _PERCENT, "Depth and length of all drawdowns in one number."),
            Metric("value_at_risk_95", "Value at risk, 95 %", _signed, "One bar in twenty loses at least this much."),
            Metric(
                "cvar_95",
                "Expected shortfall, 95 %",
                _signed,
                "Mean return of the worst bars, those at or below the value at risk.",
            ),
            Metric("skew", "Skewness", _ratio, "Below 0: rare large losses. Above 0: rare large gains."),
            Metric("kurtosis", "Excess kurtosis", _ratio, "How fat the tails are; 0 is a normal distribution."),
        ),
    ),
    (
        "Growth per risk",
        (
            Metric("sharpe", "Sharpe ratio", _ratio, "Mean over deviation of daily returns, per year."),
            Metric("sharpe_bar", "Sharpe ratio per bar", _ratio, "The same from the returns of single bars, per year."),
            Metric("sortino", "Sortino ratio", _ratio, "Like Sharpe, but only losses count as risk."),
            Metric("calmar", "Calmar ratio", _ratio, "Growth per year over the max drawdown."),
            Metric("omega", "Omega ratio", _ratio, "Sum of gains over sum of losses, bar by bar."),
            Metric("tail_ratio", "Tail ratio", _ratio, "Size of a very good bar over that of a very bad one."),
            Metric(
                "psr",
                "Chance that Sharpe is above 0",
                _PERCENT,
                "Probabilistic Sharpe ratio, as if this had been the only try.",
            ),
        ),
    ),
    (
        "Trades",
        (
            Metric("closed_trades", "Closed trades", _COUNT, "Round trips that ended inside the window."),
            Metric("open_trades", "Open trades", _COUNT, "Positions still held at the end; no average counts them."),
            Metric("winning_trades", "Winning trades", _COUNT, "Closed trades with a profit after both fees."),
            Metric("win_rate", "Win rate", _PERCENT, "Share of closed trades that won."),
            Metric("average_trade", "Average trade", _signed, "Mean gain of a closed trade on what it cost."),
            Metric("median_trade", "Median trade", _signed, "Half of the closed trades gained more, half less."),
            Metric("best_trade", "Best trade", _signed, "Largest gain of a closed trade."),
            Metric("worst_trade", "Worst trade", _signed, "Largest loss of a closed trade."),
            Metric("profit_factor", "Profit factor", _ratio, "Sum won over sum lost."),
            Metric("payoff_ratio", "Payoff ratio", _ratio, "Mean win over mean loss."),
            Metric("expectancy", "Expectancy", _money, "Mean profit of a closed trade, in the quote currency."),
            Metric("sqn", "System quality number", _ratio, "How far the mean profit stands out from its scatter."),
            Metric("max_consecutive_wins", "Most wins in a row", _COUNT, "Longest streak of winning trades."),
            Metric("max_consecutive_losses", "Most losses in a row", _COUNT, "Longest streak of losing trades."),
            Metric("average_bars_held", "Average bars held", _COUNT, "Mean length of a closed trade."),
            Metric(
                "average_mae", "Average worst moment", _signed, "Mean of how far trades were under water while held."
            ),
            Metric("average_mfe", "Average best moment", _signed, "Mean of how far trades were ahead while held."),
        ),
    ),
    (
        "Activity and costs",
        (
            Metric("exposure", "Exposure", _PERCENT, "Mean share of the symbols held."),
            Metric("turnover", "Turnover", _ratio, "Traded value over mean equity, both sides."),
            Metric("fees_paid", "Fees paid", _money, "All fees, in the quote currency."),
            Metric("bars", "Bars", _COUNT, "Bars in the window."),
            Metric("periods_per_year", "Bars per year", _COUNT, "What per-bar figures are scaled by."),
        ),
    ),
)
"""All metrics in the order they are shown."""

BY_NAME = {metric.name: metric for _, metrics in GROUPS for metric in metrics}
