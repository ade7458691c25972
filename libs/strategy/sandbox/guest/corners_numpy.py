"""Corners of numpy and of texts that load or prepare something late, and the ways errors take to their messages."""

import copy
import decimal
import fractions
import json
import random
import re
import statistics
import traceback
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd


def _arrays(df: pd.DataFrame) -> None:
    values = df["close"].to_numpy(copy=True)
    matrix = np.stack([values[:4], values[1:5], values[2:6], values[4:8] ** 2])
    for reduce in (
        np.mean,
        np.std,
        np.var,
        np.median,
        np.ptp,
        np.average,
        np.nanmean,
        np.nanstd,
        np.nanmedian,
        np.nanvar,
        np.prod,
    ):
        reduce(values)
    for measure in (np.percentile, np.quantile, np.nanpercentile, np.nanquantile):
        measure(values, 0.5)
    values.std()
    values.mean()
    values.argsort(kind="stable")
    np.sort(values)
    np.polyfit(np.arange(20), values[:20], 2)
    np.polyval([1.0, 2.0], 3.0)
    np.polynomial.Polynomial.fit(np.arange(20), values[:20], 1)
    np.polynomial.Chebyshev([1.0, 2.0])(0.5)
    np.convolve(values, np.ones(3) / 3, mode="valid")
    np.correlate(values, values)
    np.corrcoef(values[:5], values[5:10])
    np.cov(matrix)
    np.histogram(values, bins=5)
    np.histogram(values, bins="auto")
    np.digitize(values, [99.0, 101.0])
    np.interp(1.5, [1, 2], [3, 4])
    np.gradient(values)
    np.select([values > 100, values < 99], [1, -1], 0)
    np.where(values > 100, 1, 0)
    np.unique(values, return_counts=True)
    np.einsum("i,i->", values, values)
    np.tensordot(matrix, matrix)


def _algebra(df: pd.DataFrame) -> None:
    values = df["close"].to_numpy(copy=True)
    matrix = np.stack([values[:4], values[1:5], values[2:6], values[4:8] ** 2])
    np.linalg.lstsq(matrix, matrix[:, 0], rcond=None)
    np.linalg.pinv(matrix)
    np.linalg.svd(matrix)
    np.linalg.eigh(matrix @ matrix.T)
    np.linalg.eig(matrix)
    np.linalg.qr(matrix)
    np.linalg.det(matrix)
    np.linalg.norm(matrix)
    np.linalg.cond(matrix)
    np.linalg.matrix_rank(matrix)
    np.linalg.inv(np.eye(3))
    np.linalg.cholesky(np.eye(3))
    np.linalg.solve(np.eye(3), np.ones(3))
    np.fft.irfft(np.fft.rfft(values))
    np.fft.ifft(np.fft.fft(values))
    np.fft.fftfreq(8)


def _generators(df: pd.DataFrame) -> None:
    values = df["close"].to_numpy(copy=True)
    np.lib.stride_tricks.sliding_window_view(values, 5).mean(axis=1)
    np.vectorize(lambda value: value + 1)(values)
    np.apply_along_axis(np.sum, 0, values.reshape(2, -1))
    np.pad(values, 3, mode="edge")
    np.busday_count("2024-01-01", "2024-02-01")
    np.datetime64("2024-01-01") + np.timedelta64(1, "D")
    np.array2string(values)
    np.isin(values, [1.0])
    np.roll(values, 1)
    np.random.default_rng(1).normal(size=3)
    np.random.default_rng(1).choice(5, 2, replace=False)
    np.random.RandomState(1).rand(2)
    np.random.seed(1)
    np.random.normal(size=3)
    np.exp(values.astype(np.float32)) + np.tanh(values)[0]


def _words(df: pd.DataFrame) -> None:
    repr(df)
    str(df["close"])
    df.head(2).to_string()
    repr(df.index)
    repr(pd.Series(["a", None]))
    repr(np.arange(2_000.0))
    texts = pd.Series(["buy 1", "sell 2", None])
    texts.str.upper().str.contains("BUY").fillna(value=False)
    texts.str.extract(r"(\d)")
    texts.str.split(" ").str[0].str.replace("b", "c", regex=True)
    f"{pd.Timestamp('2024-01-01'):%Y-%m-%d} {np.float64(1.5):.3f}"
    json.loads(json.dumps({"a": [1, 2.5, None, "é"]}, indent=1, sort_keys=True))
    re.sub(r"(?i)a(\w+)", r"\1", "Abc")
    statistics.NormalDist(0, 1).cdf(0.5)
    statistics.linear_regression([1, 2, 3], [1, 2, 4])
    statistics.quantiles([1, 2, 3, 4])
    decimal.Decimal("1.1").quantize(decimal.Decimal("0.1"))
    fractions.Fraction("1/3")
    copy.deepcopy({"frame": df})
    random.Random(1).gauss(0, 1)
    "ä".encode("utf-8", "replace").decode("latin-1", "ignore")
    "x".encode("ascii")


def _failures(df: pd.DataFrame) -> None:
    failing: tuple[Callable[[], object], ...] = (
        lambda: df["missing"],
        lambda: df.iloc[10**6],
        lambda: df.loc["2030-01-01 05:00"],
        lambda: df["close"].fillna(method="ffill"),
        lambda: df.nope,
        lambda: pd.to_datetime("no time"),
        lambda: bool(df["close"] > 1),
        lambda: np.array([1, 2]) + np.array([1, 2, 3]),
        lambda: np.linalg.inv(np.zeros((2, 2))),
        lambda: df.resample("nonsense").mean(),
        lambda: pd.Series([1], index=["a"]).reindex(["a", "a"]).reindex(["a"]),
        lambda: df["close"].astype("int8").astype("nonsense"),
        lambda: df["close"].rolling("nonsense").mean(),
        lambda: pd.concat([]),
        lambda: df["close"].corr(df["open"], method="spearman"),
        lambda: dict[str, int]()["x"],
        lambda: [][1],
    )
    for one in failing:
        _tolerant(one)
    df["close"].values.flags.writeable = False
    _tolerant(lambda: df["close"].values.__setitem__(0, 1))
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        np.log(np.array([-1.0, 0.0]))
        warnings.warn("warmed", stacklevel=1)


def _tolerant(work: Callable[[], object]) -> None:
    """Do what is expected to fail: what counts is that the way to its message was gone once.

    Without the traceback, for which Python would keep the sources of pandas in memory, 7 MB in every child.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001  every kind of error has a text to warm
        traceback.format_exception_only(error)


NUMPY_AND_TEXTS: tuple[Callable[[pd.DataFrame], None], ...] = (_arrays, _algebra, _generators, _words, _failures)
