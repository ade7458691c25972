"""Functions on lists whose value carries on from bar to bar, as source text.

Each starts FADES periods before the bar, Wilder's twice as many: what came earlier no longer shows then.
"""

AVERAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "smoothed": (
        ("mean",),
        '''
def smoothed(values: list, period: int, weight: float) -> float:
    """Return an average that carries on from value to value, started with the plain average of the first `period`."""
    if len(values) < period:
        return math.nan
    average = mean(values[:period])
    for value in values[period:]:
        average += (value - average) * weight
    return average
''',
    ),
    "ema": (
        ("cut", "smoothed"),
        '''
def ema(values: list, period: int, ago: int = 0) -> float:
    """Return the exponential average."""
    return smoothed(cut(values, FADES * period, ago), period, 2 / (period + 1))
''',
    ),
    "rsi": (
        ("cut", "smoothed", "ratio"),
        '''
def rsi(values: list, period: int, ago: int = 0) -> float:
    """Return Wilder's relative strength index, 0 to 100: how much of all movement was upwards."""
    moves = [now - before for before, now in pairwise(cut(values, 2 * FADES * period + 1, ago))]
    rise = smoothed(moves, period, 1 / period)
    way = smoothed([abs(move) for move in moves], period, 1 / period)
    return 50 * (1 + ratio(rise, way))
''',
    ),
    "macd_lines": (
        ("mean",),
        '''
def macd_lines(window: list, fast: int, slow: int) -> list:
    """Return the fast exponential average minus the slow one, bar by bar; both start on the same bar."""
    if len(window) < slow:
        return []
    quick, calm = mean(window[slow - fast : slow]), mean(window[:slow])
    quick_weight, calm_weight = 2 / (fast + 1), 2 / (slow + 1)
    found = [quick - calm]
    for value in window[slow:]:
        quick += (value - quick) * quick_weight
        calm += (value - calm) * calm_weight
        found.append(quick - calm)
    return found
''',
    ),
    "macd": (
        ("cut", "smoothed"),
        '''
def macd(values: list, fast: int, slow: int, ago: int = 0) -> float:
    """Return the fast exponential average minus the slow one; both start on the same bar."""
    window = cut(values, FADES * slow, ago)
    return smoothed(window[slow - fast :], fast, 2 / (fast + 1)) - smoothed(window, slow, 2 / (slow + 1))
''',
    ),
    "macd_signal": (
        ("cut", "macd_lines", "smoothed"),
        '''
def macd_signal(values: list, fast: int, slow: int, smoothing: int, ago: int = 0) -> float:
    """Return the exponential average of the MACD."""
    line = macd_lines(cut(values, FADES * (slow + smoothing), ago), fast, slow)
    return smoothed(line, smoothing, 2 / (smoothing + 1))
''',
    ),
    "macd_histogram": (
        ("cut", "macd_lines", "smoothed"),
        '''
def macd_histogram(values: list, fast: int, slow: int, smoothing: int, ago: int = 0) -> float:
    """Return how far the MACD is above its signal line."""
    line = macd_lines(cut(values, FADES * (slow + smoothing), ago), fast, slow)
    return line[-1] - smoothed(line, smoothing, 2 / (smoothing + 1)) if line else math.nan
''',
    ),
    "true_ranges": (
        (),
        '''
def true_ranges(highs: list, lows: list, closes: list) -> list:
    """Return how far the price went in each bar but the first, the way from the close before included."""
    return [
        (high if high > before else before) - (low if low < before else before)
        for high, low, before in zip(highs[1:], lows[1:], closes)
    ]
''',
    ),
    "atr": (
        ("cut", "true_ranges", "smoothed"),
        '''
def atr(highs: list, lows: list, closes: list, period: int, ago: int = 0) -> float:
    """Return Wilder's average true range, in units of the price."""
    windows = [cut(values, 2 * FADES * period + 1, ago) for values in (highs, lows, closes)]
    return smoothed(true_ranges(*windows), period, 1 / period)
''',
    ),
    "directions": (
        ("cut",),
        '''
def directions(highs: list, lows: list, period: int, ago: int) -> tuple:
    """Return the upward and the downward move of each bar; the smaller of the two counts as none. Source: Wilder (1978)."""
    highs, lows = (cut(values, 2 * FADES * period + 2 * period + 1, ago) for values in (highs, lows))
    rises = [now - before for before, now in pairwise(highs)]
    falls = [before - now for before, now in pairwise(lows)]
    ups = [rise if rise > fall and rise > 0 else 0.0 for rise, fall in zip(rises, falls)]
    downs = [fall if fall > rise and fall > 0 else 0.0 for rise, fall in zip(rises, falls)]
    return ups, downs
''',
    ),
    "decayed": (
        (),
        '''
def decayed(values: list, period: int) -> list:
    """Return a sum that loses 1 / `period` of itself with each value, from the value number `period` on."""
    total, kept, found = math.fsum(values[: period - 1]), 1 - 1 / period, []
    for value in values[period - 1 :]:
        total = total * kept + value
        found.append(total)
    return found
''',
    ),
    "direction": (
        ("cut", "decayed", "ratio", "true_ranges"),
        '''
def direction(moves: list, highs: list, lows: list, closes: list, period: int, ago: int) -> float:
    """Return the smoothed moves as a percentage of the smoothed true range."""
    bars = [cut(values, 2 * FADES * period + 2 * period + 1, ago) for values in (highs, lows, closes)]
    ways = true_ranges(*bars)
    return 100 * ratio(decayed(moves, period)[-1], decayed(ways, period)[-1]) if len(ways) >= period else math.nan
''',
    ),
    "plus_di": (
        ("direction", "directions"),
        '''
def plus_di(highs: list, lows: list, closes: list, period: int, ago: int = 0) -> float:
    """Return +DI, the strength of upward movement, 0 to 100."""
    return direction(directions(highs, lows, period, ago)[0], highs, lows, closes, period, ago)
''',
    ),
    "minus_di": (
        ("direction", "directions"),
        '''
def minus_di(highs: list, lows: list, closes: list, period: int, ago: int = 0) -> float:
    """Return -DI, the strength of downward movement, 0 to 100."""
    return direction(directions(highs, lows, period, ago)[1], highs, lows, closes, period, ago)
''',
    ),
    "adx": (
        ("directions", "decayed", "mean"),
        '''
def adx(highs: list, lows: list, period: int, ago: int = 0) -> float:
    """Return Wilder's average directional index, 0 to 100: how strong a trend is, whichever way it goes."""
    ups, downs = (decayed(moves, period) for moves in directions(highs, lows, period, ago))
    if len(ups) < period:
        return math.nan
    index = [100 * abs(up - down) / (up + down) if up + down else math.nan for up, down in zip(ups, downs)]
    average = mean([0.0 if value != value else value for value in index[:period]])
    for value in index[period:]:
        if value == value:
            average += (value - average) / period
    return average
''',
    ),
}
"""Name -> the functions it calls itself, its source."""
