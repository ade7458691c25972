"""Finds symbols that open well above the close before, on many trades.

A gap of more than 3 % with more than one and a half times the usual volume. Held for five bars.
"""

HORIZON = 5


def classify_symbol(symbol: str, least_gap: float = 3.0, least_volume: float = 1.5) -> bool:
    """Tell whether the bar just closed opened with a gap up, on heavy volume."""
    bars = get_price_data(symbol, timeframe="1d", days=6)
    if len(bars["close"]) < 6:
        return False
    gap = (bars["open"][-1] / bars["close"][-2] - 1) * 100
    usual = sum(bars["volume"][:-1]) / 5
    return gap > least_gap and usual > 0 and bars["volume"][-1] > least_volume * usual
