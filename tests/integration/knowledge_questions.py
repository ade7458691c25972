"""Questions as people ask them, and the texts that answer them: what the search over knowledge is measured by.

OURS ask about `knowledge/`, THEIRS about the 45 texts of other authors in the shared data. Each is a paraphrase; where several texts answer, all are named.
"""

from typing import NamedTuple

from libs.common.values import Domain

TECHNICAL, SENTIMENT, FUNDAMENTAL, RISK, PAPERS = (
    Domain.TECHNICAL,
    Domain.SENTIMENT,
    Domain.FUNDAMENTAL,
    Domain.RISK,
    Domain.PAPERS,
)


class Asked(NamedTuple):
    """A question, the domain it is restricted to (None: all), and the documents any of which answers it."""

    question: str
    domain: Domain | None
    documents: tuple[str, ...]


_RSI = ("technical/relative-strength-index.md", "technical/rsi.md")
_VWAP = ("technical/volume-weighted-price.md", "technical/vwap.md")
_PE = ("fundamental/price-to-earnings.md", "fundamental/price_earnings_anomaly.md")
_BOOK = ("fundamental/price-to-book.md", "fundamental/book_to_market_value_anomaly.md")
_STOCH = ("technical/stochastic-oscillator.md", "technical/stoch.md")
_MONTH_END = ("sentiment/seasonality.md", "papers/turn_of_the_month_in_equity_indexes.md")

OURS = (
    Asked("how is RSI calculated from average gains and losses", None, _RSI),
    Asked("why can an oversold market keep falling for weeks", None, ("technical/relative-strength-index.md",)),
    Asked("what does it mean when price makes a lower low but the RSI a higher low", TECHNICAL, _RSI[:1]),
    Asked("what is a golden cross and how often does it happen", None, ("technical/moving-averages.md",)),
    Asked("how much does a simple average lag behind the price", None, ("technical/moving-averages.md",)),
    Asked(
        "difference between the MACD line crossing zero and crossing its signal", None, ("technical/macd-momentum.md",)
    ),
    Asked("why can't I compare MACD values of two symbols", TECHNICAL, ("technical/macd-momentum.md",)),
    Asked("buy when the close falls under the lower Bollinger line", None, ("technical/volatility-bands.md",)),
    Asked("trade the squeeze when the bands get narrow", None, ("technical/volatility-bands.md",)),
    Asked("set a stop a few ATR below my entry", None, ("technical/average-true-range.md",)),
    Asked("how do I tell whether a market is trending or in a range", None, ("technical/trend-strength-adx.md",)),
    Asked("what do +DI and -DI measure", None, ("technical/trend-strength-adx.md", "technical/adx.md")),
    Asked("where does the close stand between the highest high and lowest low", TECHNICAL, _STOCH),
    Asked("did recent buyers pay more than the current price, weighted by volume", None, _VWAP),
    Asked("how do I recognise a volume spike compared with usual volume", None, ("technical/volume-and-obv.md",)),
    Asked(
        "add volume on up closes and subtract it on down closes",
        None,
        ("technical/volume-and-obv.md", "technical/obv.md"),
    ),
    Asked("stock opens much higher than yesterday's close", None, ("technical/gaps.md",)),
    Asked("does every gap get filled", None, ("technical/gaps.md",)),
    Asked("turtle traders rule buying a new 20 day high", None, ("technical/breakouts.md",)),
    Asked(
        "my breakout strategy never trades because the channel includes the current bar",
        None,
        ("technical/breakouts.md",),
    ),
    Asked("are hammer and doji patterns worth anything", None, ("technical/candles-and-streaks.md",)),
    Asked("five red bars in a row, is a green one due", None, ("technical/candles-and-streaks.md",)),
    Asked(
        "why do bubbles grow when everybody buys because the price rises", None, ("sentiment/crowds-and-bubbles.md",)
    ),
    Asked("do losers of the past three years beat the winners", None, ("sentiment/overreaction-and-reversal.md",)),
    Asked("is a headline's publication time a source of look-ahead", None, ("sentiment/news-and-drift.md",)),
    Asked("what does a VIX of 32 say about daily moves", None, ("sentiment/fear-gauges.md",)),
    Asked("negative funding rate of perpetual futures", SENTIMENT, ("sentiment/fear-gauges.md",)),
    Asked("sell in May and go away, does the calendar matter", None, ("sentiment/seasonality.md",)),
    Asked("is a P/E below 15 cheap if the company makes a loss", None, _PE[:1]),
    Asked("book value per share of a bank", FUNDAMENTAL, _BOOK[:1]),
    Asked("profit per share rising only because of buybacks", None, ("fundamental/earnings-and-growth.md",)),
    Asked("growth rate when last year's profit was negative", None, ("fundamental/earnings-and-growth.md",)),
    Asked("which companies can survive a bad year without borrowing", None, ("fundamental/debt-and-balance-sheet.md",)),
    Asked("how much debt relative to equity is too much", None, ("fundamental/debt-and-balance-sheet.md",)),
    Asked("very high dividends before they are cut", None, ("fundamental/dividend-yield.md",)),
    Asked(
        "should I compare a software firm's ratios with a grocer's", None, ("fundamental/sectors-and-comparability.md",)
    ),
    Asked(
        "using quarterly figures before they were published in a backtest",
        None,
        ("fundamental/point-in-time-figures.md",),
    ),
    Asked("survivorship bias in a list of index members", None, ("fundamental/point-in-time-figures.md",)),
    Asked("how to value bitcoin, NVT and MVRV", None, ("fundamental/network-value-of-crypto.md",)),
    Asked("how many units should I buy if I only want to lose 1 % of my equity", None, ("risk/position-sizing.md",)),
    Asked("half Kelly betting", None, ("risk/position-sizing.md",)),
    Asked("what gain do I need to recover after losing half", None, ("risk/drawdown-arithmetic.md",)),
    Asked("how long a row of losing trades is normal", None, ("risk/drawdown-arithmetic.md",)),
    Asked("chance to hit the profit target before the stop loss", None, ("risk/stop-loss-and-targets.md",)),
    Asked("is holding twenty coins that move together diversified", None, ("risk/correlation-and-diversification.md",)),
    Asked("what win rate do I need to cover fees", None, ("risk/costs-and-slippage.md",)),
    Asked("why do strategies on one-minute bars fail after fees and spread", None, ("risk/costs-and-slippage.md",)),
    Asked(
        "how far must the price fall to wipe out a position with ten times leverage",
        None,
        ("risk/exposure-and-leverage.md",),
    ),
    Asked("how do I stop all trading at once", None, ("risk/limits-and-kill-switch.md",)),
    Asked("what is the daily loss limit and which orders does it block", RISK, ("risk/limits-and-kill-switch.md",)),
    Asked(
        "stocks that rose most over six months keep rising, 1993 study",
        None,
        ("papers/momentum-jegadeesh-titman-1993.md",),
    ),
    Asked(
        "does an asset's own past year predict its next month in futures",
        None,
        ("papers/time-series-momentum-2012.md", "papers/time_series_momentum_effect.md"),
    ),
    Asked(
        "is momentum by sign of the past return only volatility sizing in disguise",
        PAPERS,
        ("papers/time-series-momentum-2012.md",),
    ),
    Asked("correct a Sharpe ratio for the number of tries", None, ("papers/deflated-sharpe-ratio-2014.md",)),
    Asked(
        "how likely is it that the best setting ranks below the median out of sample",
        None,
        ("papers/probability-of-backtest-overfitting.md",),
    ),
    Asked(
        "bootstrap test whether the best of many rules beats a benchmark",
        None,
        ("papers/reality-check-data-snooping-2000.md",),
    ),
    Asked(
        "prices keep drifting after a surprise in quarterly earnings",
        None,
        ("papers/post-earnings-drift.md", "sentiment/news-and-drift.md"),
    ),
)

THEIRS = (
    Asked("indicator by Chande that counts bars since the last new high", None, ("technical/aroon.md",)),
    Asked(
        "how strong is the directional movement, Wilder's index",
        TECHNICAL,
        ("technical/adx.md", "technical/trend-strength-adx.md"),
    ),
    Asked(
        "number of bars needed to warm up true range smoothing",
        TECHNICAL,
        ("technical/atr.md", "technical/average-true-range.md"),
    ),
    Asked(
        "envelope of standard deviations around a moving average",
        TECHNICAL,
        ("technical/bollinger-bands.md", "technical/volatility-bands.md"),
    ),
    Asked("Lambert's oscillator of deviation from the typical price", None, ("technical/cci.md",)),
    Asked(
        "price channels from highest high and lowest low",
        TECHNICAL,
        ("technical/donchian.md", "technical/breakouts.md"),
    ),
    Asked(
        "moving average with more weight on recent prices",
        TECHNICAL,
        ("technical/ema.md", "technical/moving-averages.md"),
    ),
    Asked("smoothed candlesticks made from the bars before", None, ("technical/heikin-ashi.md",)),
    Asked("Japanese cloud with conversion line and base line", None, ("technical/ichimoku.md",)),
    Asked("Tenkan-sen and Kijun-sen", None, ("technical/ichimoku.md",)),
    Asked("channel with an EMA in the centre and ATR width", None, ("technical/keltner.md",)),
    Asked(
        "Gerald Appel convergence divergence of two averages", None, ("technical/macd.md", "technical/macd-momentum.md")
    ),
    Asked("oscillator of price and volume with limits 80 and 20", None, ("technical/mfi.md",)),
    Asked("Granville's running total of volume", None, ("technical/obv.md", "technical/volume-and-obv.md")),
    Asked("stop and reverse dots with an acceleration factor", None, ("technical/parabolic-sar.md",)),
    Asked(
        "support and resistance from last month's high, low and close, Camarilla or Fibonacci",
        None,
        ("technical/pivot-points.md",),
    ),
    Asked("percent change of price over a lookback window", TECHNICAL, ("technical/roc.md",)),
    Asked("mean absolute deviation and mean square error of a plain average", None, ("technical/sma.md",)),
    Asked("apply the stochastic formula to RSI values", None, ("technical/stoch-rsi.md",)),
    Asked("George Lane oscillator with %K, %D and %J", None, ("technical/stoch.md",)),
    Asked("trend line that flips using ATR bands around the midpoint", None, ("technical/super-trend.md",)),
    Asked("average price weighted by volume from an anchor date", None, _VWAP),
    Asked("oscillator scaled from -100 to 0", None, ("technical/williams-r.md",)),
    Asked("a flower bulb sold for more than a house in Holland", None, ("sentiment/mackay_tulipomania.txt",)),
    Asked("rage for tulips among the Dutch middle classes", SENTIMENT, ("sentiment/mackay_tulipomania.txt",)),
    Asked("John Law and the paper money bank of France", None, ("sentiment/mackay_mississippi_scheme.txt",)),
    Asked(
        "shares of the Mississippi company in the Rue de Quincampoix under the Regent",
        None,
        ("sentiment/mackay_mississippi_scheme.txt",),
    ),
    Asked("do firms that expand their total assets quickly earn less", None, ("fundamental/asset_growth_effect.md",)),
    Asked("inverse of price to book as a value measure", FUNDAMENTAL, _BOOK),
    Asked(
        "accruals and cash flow to assets as a sign of reported profit quality",
        None,
        ("fundamental/earnings_quality_factor.md",),
    ),
    Asked(
        "rank stocks by value, quality and momentum and go long short",
        None,
        ("fundamental/fundamental_factor_long_short_strategy.md",),
    ),
    Asked(
        "hold the ten stocks of lowest price to earnings for a year", None, ("fundamental/price_earnings_anomaly.md",)
    ),
    Asked(
        "buy companies with the best return on assets in each size group",
        None,
        ("fundamental/roa_effect_within_stocks.md",),
    ),
    Asked(
        "which factors separate winners from losers, tested on Turkish equities",
        None,
        ("fundamental/stock_selection_strategy_based_on_fundamental_factors.md",),
    ),
    Asked("beta, CAPM and being market neutral", None, ("risk/market_risk.md",)),
    Asked(
        "spread wealth over assets to minimise variance, efficient frontier",
        RISK,
        ("risk/modern_portfolio_theory.md", "risk/pyportfolioopt_meanvariance.md"),
    ),
    Asked(
        "why estimating future returns from the historical mean is dangerous",
        RISK,
        ("risk/pyportfolioopt_expectedreturns.md",),
    ),
    Asked(
        "convex optimisation with an objective and constraints on weights",
        None,
        ("risk/pyportfolioopt_meanvariance.md",),
    ),
    Asked("shrinkage of the covariance matrix, Ledoit and Wolf", None, ("risk/pyportfolioopt_riskmodels.md",)),
    Asked("low beta stocks with leverage against high beta stocks", None, ("papers/beta_factors_in_stocks.md",)),
    Asked("past winners with high turnover", None, ("papers/combining_momentum_effect_with_volume.md",)),
    Asked(
        "monthly rebalanced portfolio of large stocks with the best 12 month performance",
        None,
        ("papers/momentum_effect_in_stocks.md",),
    ),
    Asked(
        "two stocks whose prices moved together have diverged by two standard deviations",
        None,
        ("papers/pairs_trading_with_stocks.md",),
    ),
    Asked(
        "buy last month's worst performers and short the best every week",
        None,
        ("papers/short_term_reversal_strategy_in_stocks.md",),
    ),
    Asked(
        "sign of the 12 month return of each futures contract, sized by volatility",
        PAPERS,
        ("papers/time_series_momentum_effect.md", "papers/time-series-momentum-2012.md"),
    ),
    Asked("stocks rise on the last day of the month and the first three days", None, _MONTH_END),
    Asked(
        "calm stocks earn better risk-adjusted returns than volatile ones",
        None,
        ("papers/volatility_effect_in_stocks.md",),
    ),
)

QUESTIONS = OURS + THEIRS
