"""Cheap companies whose price has begun to recover.

Earnings and book value must be known and low against the price, debt moderate, and the price above its average of twenty days. A
company without figures is left out, never guessed.
"""

HORIZON = 20


def is_cheap(facts: dict) -> bool:
    """Tell whether all figures are known and within the limits."""
    pe, pb, debt = facts.get("pe_ratio"), facts.get("pb_ratio"), facts.get("debt_to_equity")
    if pe is None or pb is None:
        return False
    return 0 < pe < 18 and 0 < pb < 3 and (debt is None or debt < 1.0)


def classify_symbol(symbol: str) -> bool:
    """Tell whether the symbol is cheap and recovering."""
    close = get_price_data(symbol, timeframe="1d", days=20)["close"]
    return len(close) == 20 and is_cheap(get_fundamental_data(symbol)) and close[-1] > sum(close) / 20
