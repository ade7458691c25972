"""The functions that generated pandas code may call, as source text. Each is written out in full where it is used.

They equal `libs/market/indicators` to rounding: an exponential average starts with the plain average of its first period, as TA-Lib's does.
"""

from collections.abc import Iterable

HELPERS: dict[str, tuple[tuple[str, ...], str]] = {
    "ratio": (
        (),
        '''
def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return part / whole, unknown where there is nothing to divide by."""
    return part / whole.where(whole != 0)
''',
    ),
    "ema": (
        (),
        '''
def ema(values: pd.Series, period: int) -> pd.Series:
    """Return the exponential average, started with the plain average of the first `period` values."""
    plain = values.rolling(period).mean()
    started = values.where(plain.shift(1).notna(), plain)
    return started.ewm(span=period, adjust=False).mean()
''',
    ),
    "wilder": (
        (),
        '''
def wilder(values: pd.Series, period: int) -> pd.Series:
    """Return Wilder's average: each new value counts 1 / period; started with the plain average of the first."""
    plain = values.rolling(period).mean()
    started = values.where(plain.shift(1).notna(), plain)
    return started.ewm(alpha=1 / period, adjust=False).mean()
''',
    ),
    "wma": (
        (),
        '''
def wma(values: pd.Series, period: int) -> pd.Series:
    """Return the average with weights 1, 2, ..., `period` from the oldest value to the newest."""
    weights = np.arange(1.0, period + 1)
    return values.rolling(period).apply(lambda window: window @ weights, raw=True) / weights.sum()
''',
    ),
    "rsi": (
        ("wilder",),
        '''
def rsi(values: pd.Series, period: int) -> pd.Series:
    """Return Wilder's relative strength index, 0 to 100: how much of all movement was upwards."""
    move = values.diff()
    gain = wilder(move.clip(lower=0), period)
    loss = wilder((-move).clip(lower=0), period)
    return 100 * gain / (gain + loss)
''',
    ),
    "macd": (
        ("ema",),
        '''
def macd(values: pd.Series, fast: int, slow: int) -> pd.Series:
    """Return the fast exponential average minus the slow one; both start on the same bar."""
    late = values.where(np.arange(len(values)) >= slow - fast)
    return ema(late, fast) - ema(values, slow)
''',
    ),
    "macd_signal": (
        ("macd",),
        '''
def macd_signal(values: pd.Series, fast: int, slow: int, smoothing: int) -> pd.Series:
    """Return the exponential average of the MACD."""
    return ema(macd(values, fast, slow), smoothing)
''',
    ),
    "macd_histogram": (
        ("macd_signal",),
        '''
def macd_histogram(values: pd.Series, fast: int, slow: int, smoothing: int) -> pd.Series:
    """Return how far the MACD is above its signal line."""
    return macd(values, fast, slow) - macd_signal(values, fast, slow, smoothing)
''',
    ),
    "deviation": (
        (),
        '''
def deviation(values: pd.Series, period: int) -> pd.Series:
    """Return the standard deviation of each window, summed afresh: a running one keeps traces of earlier bars."""
    middle = values.rolling(period).mean()
    return np.sqrt(sum((values.shift(ago) - middle) ** 2 for ago in range(period)) / period)
''',
    ),
    "upper_band": (
        ("deviation",),
        '''
def upper_band(values: pd.Series, period: int, width: float) -> pd.Series:
    """Return the upper Bollinger band, `width` standard deviations above the average."""
    return values.rolling(period).mean() + width * deviation(values, period)
''',
    ),
    "lower_band": (
        ("deviation",),
        '''
def lower_band(values: pd.Series, period: int, width: float) -> pd.Series:
    """Return the lower Bollinger band, `width` standard deviations below the average."""
    return values.rolling(period).mean() - width * deviation(values, period)
''',
    ),
    "true_range": (
        (),
        '''
def true_range(df: pd.DataFrame) -> pd.Series:
    """Return how far the price went in each bar, the way from the close before included."""
    before = df["close"].shift(1)
    return np.maximum(df["high"], before) - np.minimum(df["low"], before)
''',
    ),
    "atr": (
        ("wilder", "true_range"),
        '''
def atr(df: pd.DataFrame, period: int) -> pd.Series:
    """Return Wilder's average true range, in units of the price."""
    return wilder(true_range(df), period)
''',
    ),
    "directional": (
        ("ratio", "true_range"),
        '''
def directional(df: pd.DataFrame, move: pd.Series, period: int) -> pd.Series:
    """Return the smoothed moves in one direction as a percentage of the smoothed true range. Source: Wilder (1978)."""
    parts = []
    for values in (move, true_range(df)):
        first = values.rolling(period - 1).sum() / period
        started = values.where(first.shift(1).notna(), first)
        smooth = started.ewm(alpha=1 / period, adjust=False).mean()
        parts.append(smooth.where(smooth.shift(1).notna()))
    return 100 * ratio(parts[0], parts[1])
''',
    ),
    "plus_di": (
        ("directional",),
        '''
def plus_di(df: pd.DataFrame, period: int) -> pd.Series:
    """Return +DI, the strength of upward movement, 0 to 100."""
    rise, fall = df["high"].diff(), -df["low"].diff()
    return directional(df, rise.where((rise > fall) & (rise > 0) | rise.isna(), 0), period)
''',
    ),
    "minus_di": (
        ("directional",),
        '''
def minus_di(df: pd.DataFrame, period: int) -> pd.Series:
    """Return -DI, the strength of downward movement, 0 to 100."""
    rise, fall = df["high"].diff(), -df["low"].diff()
    return directional(df, fall.where((fall > rise) & (fall > 0) | fall.isna(), 0), period)
''',
    ),
    "adx": (
        ("plus_di", "minus_di"),
        '''
def adx(df: pd.DataFrame, period: int) -> pd.Series:
    """Return Wilder's average directional index, 0 to 100: how strong a trend is, whichever way it goes."""
    plus, minus = plus_di(df, period), minus_di(df, period)
    index = 100 * ratio((plus - minus).abs(), plus + minus)
    bar = np.arange(len(df))
    first = index.fillna(0).rolling(period).mean()
    started = index.where(bar >= 2 * period, first).where(bar >= 2 * period - 1)
    return started.ewm(alpha=1 / period, adjust=False, ignore_na=True).mean()
''',
    ),
    "stochastic_k": (
        ("ratio",),
        '''
def stochastic_k(df: pd.DataFrame, period: int, smoothing: int) -> pd.Series:
    """Return the slow %K, 0 to 100: where the close is between the lowest low and the highest high."""
    top, bottom = df["high"].rolling(period).max(), df["low"].rolling(period).min()
    return (100 * ratio(df["close"] - bottom, top - bottom)).rolling(smoothing).mean()
''',
    ),
    "stochastic_d": (
        ("stochastic_k",),
        '''
def stochastic_d(df: pd.DataFrame, period: int, smoothing: int, average: int) -> pd.Series:
    """Return %D, the plain average of %K."""
    return stochastic_k(df, period, smoothing).rolling(average).mean()
''',
    ),
    "vwap": (
        ("ratio",),
        '''
def vwap(df: pd.DataFrame, period: int) -> pd.Series:
    """Return the average of (high + low + close) / 3 over `period` bars, weighted by volume."""
    spent = (df["high"] + df["low"] + df["close"]) / 3 * df["volume"]
    return ratio(spent.rolling(period).sum(), df["volume"].rolling(period).sum())
''',
    ),
    "obv": (
        (),
        '''
def obv(df: pd.DataFrame) -> pd.Series:
    """Return on-balance volume: the volume of rising bars minus that of falling ones, added up."""
    return (np.sign(df["close"].diff().fillna(1)) * df["volume"]).cumsum()
''',
    ),
    "crosses_above": (
        (),
        '''
def crosses_above(line: pd.Series, level: pd.Series | float) -> pd.Series:
    """Return true where `line` is above `level` and was not on the bar before."""
    return (line > level) & (line <= level).shift(1, fill_value=False)
''',
    ),
    "crosses_below": (
        (),
        '''
def crosses_below(line: pd.Series, level: pd.Series | float) -> pd.Series:
    """Return true where `line` is below `level` and was not on the bar before."""
    return (line < level) & (line >= level).shift(1, fill_value=False)
''',
    ),
    "each_of_last": (
        (),
        '''
def each_of_last(condition: pd.Series, bars: int) -> pd.Series:
    """Return true where the condition was true on each of the last `bars` bars."""
    return condition.rolling(bars).min() == 1
''',
    ),
    "any_of_last": (
        (),
        '''
def any_of_last(condition: pd.Series, bars: int) -> pd.Series:
    """Return true where the condition was true on at least one of the last `bars` bars."""
    return condition.rolling(bars, min_periods=1).max() == 1
''',
    ),
}
"""Name -> the functions it calls itself, its source. In an order in which each comes after those it calls."""


def with_needed(names: Iterable[str], helpers: dict[str, tuple[tuple[str, ...], str]]) -> list[str]:
    """Return the names with all that they need, in the order of `helpers`."""
    wanted, open_names = set[str](), list(names)
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            open_names.extend(helpers[name][0])
    return [name for name in helpers if name in wanted]
