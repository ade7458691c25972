"""Picks the strongest symbol of a small group.

Each symbol's return over thirty bars, divided by how much it swung on the way. Only the best of the group counts, and only while
it rises at all. The score tells by how much.
"""

import statistics
from itertools import pairwise

GROUP = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]
HORIZON = 24


def strength(close: list) -> float:
    """Return the mean change per bar over its spread, 0 where the price stood still."""
    changes = [after / before - 1 for before, after in pairwise(close)]
    spread = statistics.pstdev(changes)
    return statistics.fmean(changes) / spread if spread else 0.0


def classify_symbol(symbol: str) -> dict:
    """Return whether the symbol leads its group, and its strength as the score."""
    group = get_multiple_symbols_data(sorted({*GROUP, symbol}), timeframe="1h", days=31)
    scores = {name: strength(bars["close"]) for name, bars in group.items() if len(bars["close"]) == 31}
    if symbol not in scores:
        return {"classification": False}
    leads = scores[symbol] > 0 and scores[symbol] == max(scores.values())
    return {"classification": leads, "score": scores[symbol], "data": {"compared": len(scores)}}
