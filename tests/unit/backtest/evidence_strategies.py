"""Strategies as people write them: honest ones, and ones that peek at the future in every known way."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from libs.market.frame import Frame
from services.backtest.core.evidence.probe import Actions, SignalsOf
from tests.unit.backtest.builders import HOUR_MS, START_MS

Strategy = Callable[[pd.DataFrame], pd.Series]


def bars(count: int, seed: int = 11, step: float = 0.008) -> Frame:
    """Seeded hourly bars with volumes and intrabar spreads."""
    chance = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(chance.normal(0, step, count + 1)))
    opened, closed = prices[:-1], prices[1:]
    spread = np.exp(np.abs(chance.normal(0, step / 2, (2, count))))
    volume = chance.lognormal(3, 0.7, count)
    ts = START_MS + HOUR_MS * np.arange(count, dtype=np.int64)
    high, low = np.maximum(opened, closed) * spread[0], np.minimum(opened, closed) / spread[1]
    return Frame.of(ts, opened, high, low, closed, volume)


def runs(strategy: Strategy) -> SignalsOf:
    """Let a strategy on DataFrames be asked with frames."""

    def signals_of(frame: Frame) -> Actions:
        return np.asarray(strategy(frame.to_pandas()), dtype=np.int8)

    return signals_of


def sign(values: pd.Series) -> pd.Series:
    return np.sign(values).fillna(0)


def crossed(fast: pd.Series, slow: pd.Series) -> pd.Series:
    above = (fast > slow).astype(int)
    return above.diff().fillna(0).where(slow.notna() & slow.shift(1).notna(), 0)


def rsi(close: pd.Series, period: int = 14) -> pd.Series:
    move = close.diff()
    gain = move.clip(lower=0).ewm(alpha=1 / period, adjust=False).mean()
    loss = (-move.clip(upper=0)).ewm(alpha=1 / period, adjust=False).mean()
    return 100 - 100 / (1 + gain / loss)


def bands(value: pd.Series, low: float, high: float) -> pd.Series:
    return (value < low).astype(int) - (value > high).astype(int)


def bollinger(df: pd.DataFrame, n: int, k: float) -> pd.Series:
    middle, width = df.close.rolling(n).mean(), df.close.rolling(n).std()
    return (df.close < middle - k * width).astype(int) - (df.close > middle + k * width).astype(int)


def macd(df: pd.DataFrame, fast: int, slow: int, smooth: int) -> pd.Series:
    line = df.close.ewm(span=fast, adjust=False).mean() - df.close.ewm(span=slow, adjust=False).mean()
    return crossed(line, line.ewm(span=smooth, adjust=False).mean())


def true_range(df: pd.DataFrame) -> pd.Series:
    before = df.close.shift(1).fillna(df.close)
    return np.maximum(df.high, before) - np.minimum(df.low, before)


def supertrend(df: pd.DataFrame, n: int, k: float) -> pd.Series:
    middle, width = ((df.high + df.low) / 2).to_numpy(), (k * true_range(df).rolling(n).mean()).to_numpy()
    close, trend, stop, side = df.close.to_numpy(), np.zeros(len(df)), np.nan, 1
    for t in range(len(df)):
        if np.isnan(width[t]):
            continue
        level = middle[t] - side * width[t]
        stop = level if np.isnan(stop) else max(stop, level) if side > 0 else min(stop, level)
        if side * (close[t] - stop) < 0:
            side, stop = -side, middle[t] + side * width[t]
        trend[t] = side
    return pd.Series(trend, df.index)


def kalman(df: pd.DataFrame, q: float, r: float) -> pd.Series:
    level, error, out = df.close.iloc[0], 1.0, []
    for price in df.close.to_numpy():
        error += q
        weight = error / (error + r)
        level, error = level + weight * (price - level), (1 - weight) * error
        out.append(level)
    return sign(df.close - pd.Series(out, df.index))


def higher_closed(df: pd.DataFrame, rule: str, n: int) -> pd.Series:
    """A higher timeframe used only after its bar has closed."""
    slow = df.close.resample(rule).last().rolling(n).mean().shift(1)
    return sign(df.close - slow.reindex(df.index, method="ffill"))


def day_range_break(df: pd.DataFrame) -> pd.Series:
    day = df.index.floor("D")
    high, low = df.high.groupby(day).max().shift(1), df.low.groupby(day).min().shift(1)
    above = df.close > pd.Series(high.reindex(day).to_numpy(), df.index)
    return above.astype(int) - (df.close < pd.Series(low.reindex(day).to_numpy(), df.index)).astype(int)


def trailing_exit(df: pd.DataFrame, drop: float) -> pd.Series:
    out, peak = [], 0.0
    for price in df.close.to_numpy():
        peak = max(peak, price)
        out.append(1 if price >= peak * (1 - drop) else -1)
        peak = price if price < peak * (1 - drop) else peak
    return pd.Series(out, df.index)


def regression_slope(df: pd.DataFrame, n: int) -> pd.Series:
    weights = np.arange(n) - (n - 1) / 2
    slope = np.full(len(df), np.nan)
    if len(df) >= n:
        slope[n - 1 :] = np.lib.stride_tricks.sliding_window_view(df.close.to_numpy(), n) @ weights
    return sign(pd.Series(np.round(slope, 9), df.index))


def expanding_model(df: pd.DataFrame) -> pd.Series:
    """A regression of the next move on the last, fitted at each bar on the moves known then."""
    move = df.close.pct_change().fillna(0)
    known = move.shift(1).fillna(0)
    slope = (known * move).expanding(50).sum() / (known * known).expanding(50).sum()
    return sign((slope * move).round(9))


def on_hours(df: pd.DataFrame, hours: set[int]) -> pd.Series:
    return pd.Series(np.where(df.index.hour.isin(hours), 1, -1), df.index)


def pivots(df: pd.DataFrame, k: int) -> pd.Series:
    """A low with k higher lows on each side, told only once the k bars after it are known."""
    lows = df.low.rolling(2 * k + 1).min()
    return (df.low.shift(k) == lows).astype(int) - (df.high.shift(k) == df.high.rolling(2 * k + 1).max()).astype(int)


CLEAN: dict[str, Strategy] = {
    **{f"sma_{f}_{s}": lambda df, f=f, s=s: crossed(df.close.rolling(f).mean(), df.close.rolling(s).mean())
       for f, s in ((5, 20), (10, 30), (20, 100), (50, 200), (100, 400))},
    **{f"ema_{f}_{s}": lambda df, f=f, s=s: crossed(df.close.ewm(span=f, adjust=False).mean(), df.close.ewm(span=s).mean())
       for f, s in ((5, 20), (12, 26), (50, 200))},
    **{f"rsi_{n}_{low}": lambda df, n=n, low=low: bands(rsi(df.close, n), low, 100 - low)
       for n, low in ((2, 10), (7, 25), (14, 30), (14, 40), (50, 45))},
    **{f"bollinger_{n}": lambda df, n=n, k=k: bollinger(df, n, k) for n, k in ((10, 1.0), (20, 2.0), (100, 1.5))},
    **{f"macd_{f}": lambda df, f=f, s=s, m=m: macd(df, f, s, m) for f, s, m in ((12, 26, 9), (5, 35, 5), (24, 52, 18))},
    **{f"donchian_{n}": lambda df, n=n: (df.close > df.high.rolling(n).max().shift(1)).astype(int)
       - (df.close < df.low.rolling(n).min().shift(1)).astype(int) for n in (10, 20, 55, 300)},
    **{f"momentum_{n}": lambda df, n=n: sign(df.close.pct_change(n)) for n in (1, 5, 24, 168, 350)},
    **{f"zscore_{n}": lambda df, n=n: bands((df.close - df.close.rolling(n).mean()) / df.close.rolling(n).std(), -1.5, 1.5)
       for n in (24, 96)},
    **{f"expanding_{name}": lambda df, name=name: sign(df.close - getattr(df.close.expanding(20), name)())
       for name in ("mean", "median", "max")},
    **{f"supertrend_{n}": lambda df, n=n, k=k: supertrend(df, n, k) for n, k in ((10, 3.0), (20, 1.5))},
    "kalman": lambda df: kalman(df, 0.01, 1.0),
    "kalman_slow": lambda df: kalman(df, 0.0001, 1.0),
    **{f"closed_{rule}": lambda df, rule=rule, n=n: higher_closed(df, rule, n) for rule, n in (("4h", 5), ("1D", 3), ("1W", 1))},
    "closed_label_right": lambda df: sign(
        df.close - df.close.resample("4h", label="right", closed="left").last().reindex(df.index, method="ffill")
    ),
    "day_range_break": day_range_break,
    "trailing_exit": lambda df: trailing_exit(df, 0.03),
    "vwap_day": lambda df: sign(
        df.close
        - (df.close * df.volume).groupby(df.index.floor("D")).cumsum() / df.volume.groupby(df.index.floor("D")).cumsum()
    ),
    "obv": lambda df: crossed((np.sign(df.close.diff()).fillna(0) * df.volume).cumsum().ewm(span=10).mean(),
                              (np.sign(df.close.diff()).fillna(0) * df.volume).cumsum().ewm(span=30).mean()),
    "volume_spike": lambda df: ((df.volume > 2 * df.volume.rolling(48).mean()) * sign(df.close - df.open)).astype(int),
    "slope_20": lambda df: regression_slope(df, 20),
    "slope_200": lambda df: regression_slope(df, 200),
    "expanding_model": expanding_model,
    "hours": lambda df: on_hours(df, {1, 2, 3, 14}),
    "weekday": lambda df: pd.Series(np.where(df.index.day_of_week < 2, 1, -1), df.index),
    "month_start": lambda df: pd.Series(np.where(df.index.day <= 3, 1, 0), df.index),
    "seasonal_mean": lambda df: sign(
        df.close.pct_change().groupby(df.index.hour).transform(lambda part: part.shift(1).expanding().mean()).round(12)
    ),
    "bars_since_start": lambda df: pd.Series(np.where(np.arange(len(df)) % 37 < 12, 1, -1), df.index),
    "always_long": lambda df: pd.Series(1, df.index),
    "never": lambda df: pd.Series(0, df.index),
    "buy_once": lambda df: pd.Series([1] + [0] * (len(df) - 1), df.index),
    "pivots": lambda df: pivots(df, 3),
    "ffill_gaps": lambda df: sign(df.close - df.close.where(df.volume > 15).ffill().rolling(10).mean()),
    "rank": lambda df: bands(df.close.rolling(60).rank(pct=True), 0.1, 0.9),
    "quantile": lambda df: sign(df.close - df.close.rolling(80).quantile(0.7)),
    "stochastic": lambda df: bands(
        (df.close - df.low.rolling(14).min()) / (df.high.rolling(14).max() - df.low.rolling(14).min()), 0.2, 0.8
    ),
    "gap": lambda df: sign((df.open / df.close.shift(1) - 1).round(4)),
    "engulfing": lambda df: ((df.close > df.open.shift(1)) & (df.open < df.close.shift(1))).astype(int),
    "three_down": lambda df: (df.close.diff() < 0).rolling(3).sum().eq(3).astype(int),
    "heikin_ashi": lambda df: sign((df.open + df.high + df.low + df.close) / 4 - ((df.open + df.close) / 2).shift(1)),
    "autocorrelation": lambda df: sign(df.close.pct_change().rolling(30).corr(df.close.pct_change().shift(1)).round(9)),
    "position_ffill": lambda df: bands(rsi(df.close), 30, 70).replace(0, np.nan).ffill().fillna(0),
    "seeded_noise": lambda df: pd.Series(np.random.default_rng(3).integers(-1, 2, len(df)), df.index),
    "long_warm_up": lambda df: sign(df.close - df.close.rolling(480).mean()),
    "volatility_regime": lambda df: (df.close.pct_change().rolling(24).std() < df.close.pct_change().rolling(240).std()).astype(int),
}  # fmt: skip


def rare_peeks(df: pd.DataFrame, base: Strategy, peeks: int = 5) -> pd.Series:
    """An honest strategy that also buys before the `peeks` largest rises of all the bars it is shown."""
    out, rise = base(df).copy(), df.close.pct_change().shift(-1)
    out[rise.nlargest(peeks).index] = 1
    return out


def five_both_ways(df: pd.DataFrame) -> pd.Series:
    """An honest strategy that also buys and sells before the five largest moves."""
    out, move = CLEAN["sma_5_20"](df).copy(), df.close.pct_change().shift(-1)
    largest = move.abs().nlargest(5).index
    out[largest] = np.sign(move[largest]).fillna(0)
    return out


def suppressed(df: pd.DataFrame) -> pd.Series:
    """An honest strategy without the buys that a fall of 2 % within a day would punish."""
    out = CLEAN["sma_5_20"](df).copy()
    out[(out == 1) & (df.close.shift(-24) / df.close < 0.98)] = 0
    return out


def only_when_whole(df: pd.DataFrame, whole: int) -> pd.Series:
    """Peek, but only when shown as many bars as the real run has."""
    honest = sign(df.close.pct_change())
    return sign(df.close.shift(-1) - df.close) if len(df) == whole else honest


CHEATS: dict[str, Strategy] = {
    "shift_minus_1": lambda df: sign(df.close.shift(-1) - df.close),
    "shift_minus_5": lambda df: sign(df.close.shift(-5) - df.close),
    "centred_window": lambda df: sign(df.close.rolling(21, center=True).mean() - df.close),
    "full_sample_mean": lambda df: sign(df.close.mean() - df.close),
    "full_sample_zscore": lambda df: bands((df.close - df.close.mean()) / df.close.std(), -1, 1),
    "full_sample_quantile": lambda df: bands(df.close, df.close.quantile(0.1), df.close.quantile(0.9)),
    "bfill": lambda df: sign(df.close - df.close.rolling(50).mean().bfill()),
    "bfill_gaps": lambda df: sign(df.close.where(df.index.hour % 4 == 3).bfill() - df.close),
    "unshifted_higher_timeframe": lambda df: sign(df.close.resample("4h").last().reindex(df.index, method="ffill") - df.close),
    "unshifted_day": lambda df: sign(df.close.groupby(df.index.floor("D")).transform("last") - df.close),
    "last_price": lambda df: sign(df.close.iloc[-1] - df.close),
    "local_minimum": lambda df: ((df.close < df.close.shift(1)) & (df.close < df.close.shift(-1))).astype(int),
    "whole_minimum": lambda df: (df.close == df.close.min()).astype(int),
    "five_rare_peeks": lambda df: rare_peeks(df, CLEAN["sma_5_20"]),
    "five_rare_peeks_in_noise": lambda df: rare_peeks(df, CLEAN["hours"]),
    "five_peeks_both_ways": five_both_ways,
    "suppressed_buys": suppressed,
    "reversed_ewm": lambda df: sign(df.close[::-1].ewm(span=10).mean()[::-1] - df.close),
    "interpolated": lambda df: sign(df.close.where(df.index.hour % 6 == 0).interpolate() - df.close),
    "fourier": lambda df: sign(
        pd.Series(np.fft.irfft(np.where(np.arange(len(df) // 2 + 1) < 9, np.fft.rfft(df.close), 0), len(df)), df.index)
        - df.close
    ),
    "whole_fit": lambda df: sign(np.poly1d(np.polyfit(np.arange(len(df)), df.close, min(3, len(df) - 1)))(np.arange(len(df))) - df.close),
}  # fmt: skip
