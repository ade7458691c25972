"""Corners of pandas that load or prepare something late: windows, groups, joins, shapes, times. Each works on its own price frame."""

import datetime
import time
from collections.abc import Callable

import numpy as np
import pandas as pd


def _windows(df: pd.DataFrame) -> None:
    close = df["close"]
    window = close.rolling(5, min_periods=2)
    for name in ("mean", "sum", "std", "var", "min", "max", "median", "skew", "kurt", "count", "sem", "rank"):
        getattr(window, name)()
    window.quantile(0.5)
    window.corr(df["open"])
    window.cov(df["open"])
    window.apply(np.mean, raw=True)
    window.apply(lambda part: part.iloc[-1])
    window.agg(["mean", "max"])
    close.rolling("6h").mean()
    close.rolling(5, center=True).mean()
    df.rolling(3).mean()
    for name in ("mean", "sum", "std", "min", "max", "median", "count"):
        getattr(close.expanding(), name)()
    for smooth in (
        close.ewm(span=5),
        close.ewm(alpha=0.2, adjust=False),
        close.ewm(halflife=3, ignore_na=True),
        close.ewm(com=2),
    ):
        smooth.mean()
        smooth.std()
        smooth.var()
        smooth.corr(df["open"])
    close.ewm(halflife="3h", times=df.index).mean()


def _groups(df: pd.DataFrame) -> None:
    for rule in ("4h", "D", "W", "ME", "QE", "YE", "15min", "MS", "B"):
        df.resample(rule).agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
    df["close"].resample("4h").ohlc()
    df["close"].resample("4h").ffill()
    df["close"].resample("30min").interpolate()
    groups = df.groupby(df.index.hour)["close"]
    for name in (
        "mean",
        "std",
        "min",
        "max",
        "median",
        "first",
        "last",
        "cumsum",
        "cumcount",
        "rank",
        "size",
        "nunique",
        "sum",
        "count",
    ):
        getattr(groups, name)()
    groups.transform("mean")
    groups.apply(lambda part: part.iloc[-1])
    groups.agg(["mean", "sum"])
    groups.shift(1)
    groups.rolling(3).mean()
    df.groupby(pd.Grouper(freq="D")).sum()
    df.groupby(df["close"] > 100).apply(lambda part: part["close"].mean())
    df.pivot_table(values="close", index=df.index.hour, columns=df.index.dayofweek, aggfunc="mean")
    pd.crosstab(df.index.hour, df.index.dayofweek)


def _joins(df: pd.DataFrame) -> None:
    other = df[["close"]].rename(columns={"close": "other"}).shift(1)
    df.merge(other, left_index=True, right_index=True, how="outer")
    df.join(other, how="left")
    pd.merge_asof(df, other, left_index=True, right_index=True)
    pd.merge_asof(df.reset_index(), other.reset_index(), on="ts", tolerance=pd.Timedelta("2h"), direction="nearest")
    pd.concat([df, other], axis=1)
    pd.concat([df["close"], df["close"]], keys=["a", "b"]).unstack(0)
    df.align(other, join="outer")
    df.reset_index().melt(id_vars="ts").pivot(index="ts", columns="variable", values="value")
    df.stack()
    df.reindex(df.index.union(df.index.shift(1, freq="h")), method="ffill")
    df.combine_first(other)
    df.sort_index(ascending=False).sort_values(["close", "open"], na_position="first")


def _shapes(df: pd.DataFrame) -> None:
    close = df["close"]
    pd.cut(close, 5)
    pd.cut(close, [0, 100, 200], labels=["low", "high"]).cat.remove_unused_categories()
    pd.qcut(close, 4, labels=False, duplicates="drop")
    pd.get_dummies(pd.Series(["a", "b"]))
    pd.factorize(pd.Series(["a", "b", "a"]))
    for name in (
        "diff",
        "pct_change",
        "cumsum",
        "cumprod",
        "cummax",
        "cummin",
        "rank",
        "describe",
        "mode",
        "skew",
        "kurt",
        "autocorr",
    ):
        getattr(close, name)()
    for how in ("linear", "time", "index"):
        with_gap = close.where(close > 95)
        with_gap.interpolate(method=how)
    close.clip(99, 101).round(2).fillna(0).ffill().bfill().isin([1, 2])
    close.between(99, 101).astype(int).map({0: "a", 1: "b"}).replace({"a": 1, "b": 2}).value_counts()
    close.nlargest(3)
    close.quantile([0.1, 0.9])
    df.corr()
    df.cov()
    close.idxmax()
    close.searchsorted(100)
    close.mask(close > 100, 0).where(close < 100).case_when([(close > 100, 1)])
    df.apply(lambda row: row["close"] - row["open"], axis=1)
    df.agg(["mean", "std"])
    df.assign(x=lambda frame: frame["close"] * 2).drop(columns="x").drop_duplicates().dropna()
    df.loc[df["close"] > 100, "signal"] = 1
    df.iloc[3:6, 0] = 1.0
    df.at[df.index[0], "close"] = 1.0
    df["flag"] = df["close"] > 100
    df["flag"].astype("Int64").fillna(0).astype("boolean").to_numpy(dtype=float, na_value=np.nan)
    df.sample(3, random_state=1)
    close.explode()
    df.T.iloc[:, :3]
    for row in df.head(2).itertuples():
        row.close  # noqa: B018
    for _, each in df.head(2).iterrows():
        each.to_dict()
    df.head(2).to_dict("records")
    df.head(2).to_records()
    df.select_dtypes("number").nunique()
    df.memory_usage()


def _times(df: pd.DataFrame) -> None:
    index = df.index
    for name in (
        "hour",
        "day",
        "month",
        "year",
        "dayofweek",
        "dayofyear",
        "quarter",
        "is_month_end",
        "is_month_start",
        "date",
        "time",
    ):
        getattr(index, name)
    index.isocalendar()
    index.day_name()
    index.month_name()
    index.strftime("%Y-%m-%d %H:%M %A %b")
    for rule in ("h", "D", "15min"):
        index.floor(rule).ceil(rule).round(rule)
    index.normalize()
    index.tz_convert("America/New_York").tz_localize(None)
    index.tz_convert("Europe/London").tz_convert("Asia/Tokyo")
    index.tz_localize(None).to_period("D").to_timestamp()
    pd.Series(index).dt.strftime("%H")
    (index - index[0]).total_seconds()
    for text in ("2024-01-01", "2024-01-01T10:00:00Z", "01/02/2024", "Jan 5 2024 10:00", "20240101"):
        pd.to_datetime(text)
        pd.Timestamp(text)
    pd.to_datetime(["2024-01-01", "2024-01-02"], format="%Y-%m-%d")
    pd.to_datetime(["1 Jan 2024", "2024-02-03 10:00"], format="mixed")
    pd.to_datetime([1_700_000_000], unit="s", utc=True)
    pd.to_datetime(["x"], errors="coerce")
    pd.Timedelta("1h 5min") / 2
    pd.to_timedelta(["1D", "2h"])
    pd.Timestamp("2024-01-31", tz="UTC") + pd.DateOffset(months=1) + pd.offsets.BDay(2) + pd.offsets.MonthEnd()
    pd.bdate_range("2024-01-01", periods=3)
    pd.infer_freq(index)
    df.between_time("09:00", "16:00")
    df.at_time("09:00")
    df.loc["2024-01-02"]
    df.asfreq("2h")
    df.shift(1, freq="h")
    df.truncate(before=index[2])
    datetime.datetime.strptime("2024-01-01 10:00", "%Y-%m-%d %H:%M").strftime("%A %B %d %Y")  # noqa: DTZ007
    datetime.datetime.fromisoformat("2024-01-01T00:00:00+00:00").astimezone(datetime.UTC).isocalendar()
    datetime.date.fromisoformat("2024-01-01")
    time.strptime("2024", "%Y")


PANDAS: tuple[Callable[[pd.DataFrame], None], ...] = (_windows, _groups, _joins, _shapes, _times)
