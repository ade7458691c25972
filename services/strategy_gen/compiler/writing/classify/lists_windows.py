"""Functions on lists that see a window of bars, or only a few, as source text."""

WINDOWS: dict[str, tuple[tuple[str, ...], str]] = {
    "earlier": (
        (),
        '''
def earlier(values: list, ago: int) -> float:
    """Return the value `ago` bars back."""
    return values[-1 - ago] if ago < len(values) else math.nan
''',
    ),
    "cut": (
        (),
        '''
def cut(values: list, count: int, ago: int = 0) -> list:
    """Return the last `count` values as they stood `ago` bars back; fewer if there are fewer."""
    stop = max(len(values) - ago, 0)
    return values[max(stop - count, 0) : stop]
''',
    ),
    "ratio": (
        (),
        '''
def ratio(part: float, whole: float) -> float:
    """Return part / whole, unknown where there is nothing to divide by."""
    return part / whole if whole else math.nan
''',
    ),
    "gap": (
        ("earlier",),
        '''
def gap(opens: list, closes: list, ago: int = 0) -> float:
    """Return how far a bar opened from the close before, as a fraction."""
    return earlier(opens, ago) / earlier(closes, ago + 1) - 1
''',
    ),
    "change": (
        ("earlier", "ratio"),
        '''
def change(values: list, bars: int, ago: int = 0) -> float:
    """Return the relative change over `bars` bars, as a fraction."""
    return ratio(earlier(values, ago), earlier(values, ago + bars)) - 1
''',
    ),
    "from_high": (
        ("earlier", "highest"),
        '''
def from_high(highs: list, closes: list, bars: int, ago: int = 0) -> float:
    """Return how far the close is from the highest high of `bars` bars, as a fraction; below it is negative."""
    return earlier(closes, ago) / highest(highs, bars, ago) - 1
''',
    ),
    "from_low": (
        ("earlier", "lowest"),
        '''
def from_low(lows: list, closes: list, bars: int, ago: int = 0) -> float:
    """Return how far the close is from the lowest low of `bars` bars, as a fraction."""
    return earlier(closes, ago) / lowest(lows, bars, ago) - 1
''',
    ),
    "highest": (
        ("cut",),
        '''
def highest(values: list, period: int, ago: int = 0) -> float:
    """Return the greatest of `period` values."""
    window = cut(values, period, ago)
    return max(window) if len(window) == period else math.nan
''',
    ),
    "lowest": (
        ("cut",),
        '''
def lowest(values: list, period: int, ago: int = 0) -> float:
    """Return the least of `period` values."""
    window = cut(values, period, ago)
    return min(window) if len(window) == period else math.nan
''',
    ),
    "roc": (
        ("change",),
        '''
def roc(values: list, period: int, ago: int = 0) -> float:
    """Return the rate of change in percent."""
    return 100 * change(values, period, ago)
''',
    ),
    "mean": (
        (),
        '''
def mean(window: list) -> float:
    """Return the average; of equal values exactly that value."""
    return math.fsum(window) / len(window)
''',
    ),
    "sma": (
        ("cut", "mean"),
        '''
def sma(values: list, period: int, ago: int = 0) -> float:
    """Return the plain average of `period` values."""
    window = cut(values, period, ago)
    return mean(window) if len(window) == period else math.nan
''',
    ),
    "wma": (
        ("cut",),
        '''
def wma(values: list, period: int, ago: int = 0) -> float:
    """Return the average with weights 1, 2, ..., `period` from the oldest value to the newest."""
    window = cut(values, period, ago)
    if len(window) < period:
        return math.nan
    return math.fsum(weight * value for weight, value in enumerate(window, 1)) / (period * (period + 1) / 2)
''',
    ),
    "deviation": (
        ("mean",),
        '''
def deviation(window: list) -> float:
    """Return the standard deviation of a whole population."""
    middle = mean(window)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in window) / len(window))
''',
    ),
    "upper_band": (
        ("cut", "mean", "deviation"),
        '''
def upper_band(values: list, period: int, width: float, ago: int = 0) -> float:
    """Return the upper Bollinger band, `width` standard deviations above the average."""
    window = cut(values, period, ago)
    return mean(window) + width * deviation(window) if len(window) == period else math.nan
''',
    ),
    "lower_band": (
        ("cut", "mean", "deviation"),
        '''
def lower_band(values: list, period: int, width: float, ago: int = 0) -> float:
    """Return the lower Bollinger band, `width` standard deviations below the average."""
    window = cut(values, period, ago)
    return mean(window) - width * deviation(window) if len(window) == period else math.nan
''',
    ),
    "stochastic_k": (
        ("cut", "earlier", "highest", "lowest", "ratio", "mean"),
        '''
def stochastic_k(highs: list, lows: list, closes: list, period: int, smoothing: int, ago: int = 0) -> float:
    """Return the slow %K, 0 to 100: where the close is between the lowest low and the highest high."""
    places = []
    for bar in range(ago, ago + smoothing):
        top, bottom = highest(highs, period, bar), lowest(lows, period, bar)
        places.append(100 * ratio(earlier(closes, bar) - bottom, top - bottom))
    return mean(places)
''',
    ),
    "stochastic_d": (
        ("stochastic_k", "mean"),
        '''
def stochastic_d(
    highs: list, lows: list, closes: list, period: int, smoothing: int, average: int, ago: int = 0
) -> float:
    """Return %D, the plain average of %K."""
    return mean([stochastic_k(highs, lows, closes, period, smoothing, bar) for bar in range(ago, ago + average)])
''',
    ),
    "vwap": (
        ("cut", "ratio"),
        '''
def vwap(highs: list, lows: list, closes: list, volumes: list, period: int, ago: int = 0) -> float:
    """Return the average of (high + low + close) / 3 over `period` bars, weighted by volume."""
    bars = list(zip(*(cut(values, period, ago) for values in (highs, lows, closes, volumes))))
    if len(bars) < period:
        return math.nan
    spent = math.fsum((high + low + close) / 3 * volume for high, low, close, volume in bars)
    return ratio(spent, math.fsum(bar[3] for bar in bars))
''',
    ),
    "obv": (
        (),
        '''
def obv(closes: list, volumes: list, ago: int = 0) -> float:
    """Return on-balance volume, added up from the first of the bars: its changes count, not its level."""
    total = 0.0
    for bar in range(1, len(closes) - ago):
        move = closes[bar] - closes[bar - 1]
        total += volumes[bar] if move > 0 else -volumes[bar] if move < 0 else 0.0
    return total if ago < len(closes) else math.nan
''',
    ),
    "beyond": (
        (),
        '''
def beyond(value: float, limit: float) -> float:
    """Return how far a value is above a limit, as a fraction of it."""
    return (value - limit) / abs(limit) if limit else value - limit
''',
    ),
}
"""Name -> the functions it calls itself, its source."""
