"""Company figures and sectors, alone and beside conditions on bars; a figure that is not known passes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from tests.unit.strategy_gen.sentences import reference as r
from tests.unit.strategy_gen.sentences.case import Case, alert, screen, trade


def always(bars: pd.DataFrame) -> "pd.Series[bool]":
    return pd.Series(True, index=bars.index)


def has(known: Mapping[str, Any], name: str, holds: Callable[[Any], bool]) -> bool:
    value = known.get(name)
    return value is not None and holds(value)


def cheap(known: Mapping[str, Any], limit: float) -> bool:
    """A price below `limit` times earnings; a loss has no such ratio."""
    return has(known, "pe_ratio", lambda x: 0 < x < limit)


def sector(known: Mapping[str, Any], *names: str) -> bool:
    return has(known, "sector", lambda x: x.casefold() in names)


def picks(text: str, figures: Callable[[Mapping[str, Any]], bool], entry: Any = always, **more: Any) -> Case:
    """A screen on daily bars."""
    return screen(text, entry, figures=figures, bars="1d", **more)


TECH = ("technology", "information technology")

CASES = (
    picks("Find stocks with P/E under 15", lambda k: cheap(k, 15), assumes=("0",)),
    picks("Find stocks with a PE ratio below 20", lambda k: cheap(k, 20)),
    picks(
        "Identify value stocks with P/E ratio under 15 and strong balance sheets",
        lambda k: cheap(k, 15) and has(k, "debt_to_equity", lambda x: x < 0.5),
        assumes=("0.5",),
    ),
    picks(
        "Find stocks with a price to earnings ratio between 10 and 18",
        lambda k: has(k, "pe_ratio", lambda x: 10 <= x <= 18),
    ),
    picks("Find companies with P/E above 40", lambda k: has(k, "pe_ratio", lambda x: x > 40)),
    picks("Find value stocks", lambda k: cheap(k, 15), assumes=("15",)),
    picks("Find value stocks with P/B under 2", lambda k: has(k, "pb_ratio", lambda x: x < 2)),
    picks("Find stocks with P/B below 1.5", lambda k: has(k, "pb_ratio", lambda x: x < 1.5)),
    picks(
        "Show stocks with a price-to-book ratio under 2 and P/E under 20",
        lambda k: has(k, "pb_ratio", lambda x: x < 2) and cheap(k, 20),
    ),
    picks("Find stocks with market cap over 10 billion", lambda k: has(k, "market_cap", lambda x: x > 1e10)),
    picks("Find stocks with a market cap above $50B", lambda k: has(k, "market_cap", lambda x: x > 5e10)),
    picks(
        "Find companies with a market capitalization of at least 500 million",
        lambda k: has(k, "market_cap", lambda x: x >= 5e8),
    ),
    picks("Find large cap stocks", lambda k: has(k, "market_cap", lambda x: x > 1e10), assumes=("10",)),
    picks(
        "Find small caps with P/E under 12",
        lambda k: has(k, "market_cap", lambda x: x < 2e9) and cheap(k, 12),
        assumes=("2",),
    ),
    picks(
        "Find mid cap stocks in the technology sector",
        lambda k: has(k, "market_cap", lambda x: 2e9 <= x <= 1e10) and sector(k, *TECH),
    ),
    picks("Find stocks with EPS above 5", lambda k: has(k, "eps", lambda x: x > 5)),
    picks("Find companies with earnings per share of at least $2.50", lambda k: has(k, "eps", lambda x: x >= 2.5)),
    picks("Find profitable companies", lambda k: has(k, "eps", lambda x: x > 0), assumes=("0",)),
    picks("Find stocks with a dividend yield above 3%", lambda k: has(k, "dividend_yield", lambda x: x > 3)),
    picks(
        "Find dividend yield over 4 percent and P/E under 20",
        lambda k: has(k, "dividend_yield", lambda x: x > 4) and cheap(k, 20),
    ),
    picks("Find stocks with debt to equity below 0.5", lambda k: has(k, "debt_to_equity", lambda x: x < 0.5)),
    picks("Find stocks with debt/equity under 1", lambda k: has(k, "debt_to_equity", lambda x: x < 1)),
    picks(
        "Find companies with strong balance sheets",
        lambda k: has(k, "debt_to_equity", lambda x: x < 0.5),
        assumes=("0.5",),
    ),
    picks("Find stocks with ROE above 15%", lambda k: has(k, "return_on_equity", lambda x: x > 15)),
    picks(
        "Find stocks with return on equity of at least 20 percent",
        lambda k: has(k, "return_on_equity", lambda x: x >= 20),
    ),
    picks("Find stocks with a profit margin over 10%", lambda k: has(k, "profit_margin", lambda x: x > 10)),
    picks("Find stocks with a current ratio above 2", lambda k: has(k, "current_ratio", lambda x: x > 2)),
    picks("Find stocks with beta below 1", lambda k: has(k, "beta", lambda x: x < 1)),
    picks("Find stocks with revenue growth over 10%", lambda k: has(k, "revenue_growth", lambda x: x > 10)),
    picks(
        "Find stocks with earnings growth above 20% and PEG below 1",
        lambda k: has(k, "earnings_growth", lambda x: x > 20) and has(k, "peg_ratio", lambda x: x < 1),
    ),
    picks("Find stocks with a P/S ratio under 2", lambda k: has(k, "ps_ratio", lambda x: x < 2)),
    picks("Find stocks with forward P/E below 14", lambda k: has(k, "forward_pe", lambda x: 0 < x < 14)),
    picks("Find stocks where the sector is technology", lambda k: sector(k, *TECH)),
    picks("Find technology stocks with P/E under 25", lambda k: sector(k, *TECH) and cheap(k, 25)),
    picks(
        "Find healthcare stocks with a market cap over 20 billion",
        lambda k: sector(k, "healthcare", "health care") and has(k, "market_cap", lambda x: x > 2e10),
    ),
    picks("Find stocks in the energy sector", lambda k: sector(k, "energy")),
    picks(
        "Find utilities with a dividend yield above 2%",
        lambda k: sector(k, "utilities") and has(k, "dividend_yield", lambda x: x > 2),
    ),
    picks(
        "Find stocks that are not in the technology sector with P/E under 15",
        lambda k: has(k, "sector", lambda x: x.casefold() not in TECH) and cheap(k, 15),
    ),
    picks("Find technology or energy stocks with P/E under 30", lambda k: sector(k, *TECH, "energy") and cheap(k, 30)),
    picks("Find stocks with P/E under 20 and RSI below 40", lambda k: cheap(k, 20), lambda d: r.rsi(d) < 40),
    picks(
        "Find large cap stocks that are oversold",
        lambda k: has(k, "market_cap", lambda x: x > 1e10),
        lambda d: r.rsi(d) < 30,
    ),
    picks(
        "Find value stocks trading above their 50-day moving average",
        lambda k: cheap(k, 15),
        lambda d: d["close"] > r.sma(d, 50),
        own=True,
    ),
    picks(
        "Find tech stocks gapping up more than 2% on high volume",
        lambda k: sector(k, *TECH),
        lambda d: (r.gap(d) > 0.02) & (d["volume"] > 1.5 * r.usual_volume(d)),
    ),
    picks(
        "Find stocks with a dividend yield of at least 3% that dropped 10% from their 50-day high",
        lambda k: has(k, "dividend_yield", lambda x: x >= 3),
        lambda d: d["close"] / r.high_of(d, 50) - 1 <= -0.1,
        own=True,
    ),
    picks(
        "Find profitable companies breaking out above the 20-day high with volume above 1.5x average",
        lambda k: has(k, "eps", lambda x: x > 0),
        lambda d: (d["close"] > r.high_before(d, 20)) & (d["volume"] > 1.5 * r.usual_volume(d)),
        own=True,
    ),
    alert(
        "Alert me when JPM has RSI below 30 and P/E under 15",
        lambda d: r.rsi(d) < 30,
        figures=lambda k: cheap(k, 15),
        bars="1d",
        symbols=("JPM",),
    ),
    trade(
        "Buy stocks with P/E under 15 when RSI is below 35 and hold for 10 days",
        lambda d: r.rsi(d) < 35,
        figures=lambda k: cheap(k, 15),
        hold=10,
        bars="1d",
        own=True,
    ),
    trade(
        "Buy large cap stocks when the 20-day average crosses above the 50-day average",
        lambda d: r.up_cross(r.sma(d, 20), r.sma(d, 50)),
        figures=lambda k: has(k, "market_cap", lambda x: x > 1e10),
        bars="1d",
        own=True,
        hold=5,
        assumes=("5",),
    ),
    trade(
        "Buy technology stocks that gap down more than 2%, hold for 3 bars",
        lambda d: r.gap(d) < -0.02,
        figures=lambda k: sector(k, *TECH),
        hold=3,
        bars="1d",
    ),
)
