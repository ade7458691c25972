"""Shapes that look ahead are explained where they stand; their honest neighbours are left alone."""

import textwrap

import pytest

from libs.strategy.check import Report, check

HEAD = "import numpy as np\nimport pandas as pd\ndef generate_signals(df):\n"


def signals(body: str) -> Report:
    return check(HEAD + textwrap.indent(body, "    ") + "\n    return df['close']\n")


LOOKS_AHEAD = [
    ("x = df['close'].shift(-1)", "lookahead.shift", 1),
    ("n = 3\nx = df['close'].shift(-n)", "lookahead.shift", 2),
    ("x = df['close'].shift(periods=-2)", "lookahead.shift", 1),
    ("x = df['close'].diff(-1)", "lookahead.shift", 1),
    ("x = df['close'].pct_change(-1)", "lookahead.shift", 1),
    ("x = np.roll(df['close'], -1)", "lookahead.shift", 1),
    ("x = df['close'].rolling(5, center=True).mean()", "lookahead.centered", 1),
    ("x = np.gradient(df['close'])", "lookahead.centered", 1),
    ("x = np.convolve(df['close'], [1, 1, 1], mode='same')", "lookahead.centered", 1),
    ("x = df['close'].bfill()", "lookahead.backfill", 1),
    ("x = df['close'].interpolate()", "lookahead.backfill", 1),
    ("x = df['close'].reindex(df.index, method='bfill')", "lookahead.backfill", 1),
    ("x = df['close'] > df['close'].mean()", "lookahead.whole_series", 1),
    ("limit = df.close.quantile(0.9)\nx = df.close.gt(limit)", "lookahead.whole_series", 1),
    ("c = df['close']\nz = (c - c.mean()) / 3", "lookahead.whole_series", 2),
    ("c = df['close'].to_numpy()\nz = c / c.max()", "lookahead.whole_series", 2),
    ("x = np.where(df['close'] > np.percentile(df['close'], 90), 1, 0)", "lookahead.whole_series", 1),
    ("x = df['close'] == max(df['close'])", "lookahead.whole_series", 1),
    ("spread = df['high'] - df['low']\nx = spread > spread.rolling(5).mean().median()", "lookahead.whole_series", 2),
    ("x = df['close'].fillna(df['close'].mean())", "lookahead.whole_series", 1),
    ("x = df['close'].rank(pct=True) > 0.8", "lookahead.whole_series", 1),
    ("best = df['close'].idxmin()", "lookahead.whole_series", 1),
    ("x = df.sort_values('close')", "lookahead.whole_series", 1),
    ("x = np.argmax(df['close'].values)", "lookahead.whole_series", 1),
    ("if df['close'].iloc[-1] > 100:\n    return df['open']", "lookahead.last_value", 1),
    ("x = df['close'] < df['close'].iloc[-1]", "lookahead.last_value", 1),
    ("x = df['close'].values[-1] > df['close']", "lookahead.last_value", 1),
    ("end = df.iloc[-1]['close']\nx = df['close'] / end", "lookahead.last_value", 1),
    ("x = df['close'] - float(df['close'].tail(1))", "lookahead.last_value", 1),
    ("c = df['close'].values\nfor i in range(9):\n    x = c[i + 1] > c[i]", "lookahead.next_bar", 3),
    ("for i in range(9):\n    x = df['close'].iloc[i + 1]", "lookahead.next_bar", 2),
    ("for i in range(9):\n    x = df['close'].iloc[i:i + 5].max()", "lookahead.next_bar", 2),
    ("x = df['close'][::-1].rolling(3).mean()", "lookahead.reversed", 1),
    ("x = df.sort_index(ascending=False)", "lookahead.reversed", 1),
    ("d = df['close'].resample('1D').last()\nx = d.reindex(df.index, method='ffill')", "lookahead.resample", 1),
    ("d = df.resample('1D').agg({'close': 'last'})\nx = pd.merge_asof(df, d, left_index=True, right_index=True)", "lookahead.resample", 1),
    ("d = df.groupby(df.index.date)['high'].max()\nx = df['close'] > d", "lookahead.resample", 1),
    ("d = df['close'].resample('1D').last()\nx = d.reindex(df.index, method='ffill').shift(1)", "lookahead.resample", 1),
    ("x = pd.merge_asof(df, df, on='ts', direction='nearest')", "lookahead.merge", 1),
    ("x = df.groupby(df.index.date)['high'].transform('max')", "lookahead.group", 1),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "line"), LOOKS_AHEAD, ids=[body[:60] for body, *_ in LOOKS_AHEAD])
def test_shape_that_looks_ahead_is_explained_and_runs(body: str, code: str, line: int) -> None:
    report = signals(body)
    assert report.ok
    assert (code, line + 3) in {(one.code, one.line) for one in report.diagnostics}
    assert all(one.hint for one in report.diagnostics)


HONEST = [
    "x = df['close'].shift(1) > df['close'].diff(2)",
    "x = np.roll(df['close'], 1)",
    "x = df['close'] > df['close'].rolling(20).mean()",
    "x = df['close'] > df['close'].expanding().max().shift(1)",
    "r = df['close'].rolling(20)\nz = (df['close'] - r.mean()) / r.std()",
    "if df['close'].std() == 0:\n    return df['close']",
    "w = df['close'].iloc[3:20]\nx = w.iloc[-1] > w.mean()",
    "x = df['close'].rolling(9).apply(lambda w: w[-1] > w.mean())",
    "s = pd.Series(0, index=df.index)\ns.iloc[-1] = 0\nx = s.iloc[-1] > df['close']",
    "c = df['close'].to_numpy()\nfor i in range(1, 9):\n    x = c[i] > c[i - 1] and c[i - 1:i + 1].max() > 3",
    "d = df['close'].resample('1D').last().shift(1)\nx = d.reindex(df.index, method='ffill')",
    "d = df['close'].resample('1D', label='right').last()\nx = d.reindex(df.index, method='ffill')",
    "x = df.groupby(df.index.date)['high'].cummax()",
    "x = df['close'].ewm(span=3).mean().ffill()",
    "print(df['close'].mean(), df['close'].iloc[-1])",
    "x = sorted([3, 1])[-1] > max([2, 3])",
    "x = pd.merge_asof(df, df, on='ts', direction='backward')",
]


@pytest.mark.parametrize("body", HONEST)
def test_honest_shape_is_left_alone(body: str) -> None:
    assert signals(body).diagnostics == ()


def test_lists_of_a_classifier_are_left_alone() -> None:
    source = """
def classify_symbol(symbol):
    close = get_price_data(symbol, days=20)["close"]
    return len(close) == 20 and close[-1] > max(close[:-1]) and close[::-1][0] > sum(close) / len(close)
"""
    assert check(source).diagnostics == ()


def test_shape_that_is_wrong_anywhere_is_explained_in_helpers_too() -> None:
    source = "def ahead(s):\n    return s.shift(-1)\ndef generate_signals(df):\n    return ahead(df['close'])\n"
    assert [(one.code, one.line) for one in check(source).diagnostics] == [("lookahead.shift", 2)]
