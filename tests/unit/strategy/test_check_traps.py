"""What pandas 3, numpy 2 and the data functions do otherwise than expected is explained, and really is so."""

import textwrap
from datetime import date, timedelta

import pytest

from libs.strategy.check import Report, check

HEAD = "import numpy as np\nimport pandas as pd\nimport random\ndef generate_signals(df):\n"


def signals(body: str) -> Report:
    return check(HEAD + textwrap.indent(body, "    ") + "\n    return df['close']\n")


TRAPS = [
    ("df['x'][df['close'] > 3] = 1", "pandas.chained_assignment", 1),
    ("df['x'].iloc[3] = 1", "pandas.chained_assignment", 1),
    ("df.loc[df['close'] > 3]['x'] = 1", "pandas.chained_assignment", 1),
    ("data = df.copy()\ndata['x'].loc[data['close'] > 3] += 1", "pandas.chained_assignment", 2),
    ("out = pd.DataFrame(index=df.index)\nout['x'].iloc[0] = 1", "pandas.chained_assignment", 2),
    ("v = df['close'].values\nv[3] = 1", "pandas.read_only", 2),
    ("v = df['close'].to_numpy()\nv[3] += 1", "pandas.read_only", 2),
    ("v = np.asarray(df['close'])\nv[3:] = 1", "pandas.read_only", 2),
    ("df['close'].values[3] = 1", "pandas.read_only", 1),
    ("v = df['close'].values\nv += 1", "pandas.read_only", 2),
    ("x = df['close'].fillna(method='ffill')", "pandas.fillna_method", 1),
    ("x = df['close'].resample('4H').last()", "pandas.frequency", 1),
    ("x = df['close'].resample(rule='15T').last()", "pandas.frequency", 1),
    ("x = pd.date_range('2024-01-01', periods=3, freq='M')", "pandas.frequency", 1),
    ("df['close'].fillna(0, inplace=True)", "pandas.inplace", 1),
    ("x = df['close'][-1]", "pandas.position", 1),
    ("s = pd.Series(0, index=df.index)\nfor i in range(3):\n    s[i] = 1", "pandas.position", 3),
    ("x = df.applymap(abs)", "pandas.removed", 1),
    ("x = df['close'].append(df['open'])", "pandas.removed", 1),
    ("x = np.random.default_rng()", "random.unseeded", 1),
    ("x = random.Random()", "random.unseeded", 1),
]


@pytest.mark.parametrize(("body", "code", "line"), TRAPS, ids=[body[:60] for body, *_ in TRAPS])
def test_trap_is_explained_and_no_error(body: str, code: str, line: int) -> None:
    report = signals(body)
    assert report.ok
    assert (code, line + 4) in {(one.code, one.line) for one in report.diagnostics}
    assert all(one.hint for one in report.diagnostics)


HONEST = [
    "df.loc[df['close'] > 3, 'x'] = 1",
    "df['x'] = 1\ndf['x'] += 1",
    "d = {'a': {}}\nd['a']['b'] = 1",
    "v = df['close'].to_numpy(copy=True)\nv[3] = 1",
    "v = df['close'].values.copy()\nv[3] = 1",
    "v = df['close'].values * 2\nv[3] = 1",
    "v = np.array(df['close'])\nv[3] = 1\nv += 1",
    "x = df['close'].resample('4h').last()\ny = df.index.to_period('M')",
    "df.fillna(0, inplace=True)",
    "s = pd.Series(0, index=df.index)\nfor i in range(3):\n    s.iloc[i] = 1",
    "rows = []\nrows.append(1)",
    "x = np.random.default_rng(3)",
]


@pytest.mark.parametrize("body", HONEST)
def test_honest_neighbour_is_left_alone(body: str) -> None:
    assert signals(body).diagnostics == ()


def classify(body: str) -> list[tuple[str, int, str | None]]:
    report = check("def classify_symbol(symbol):\n" + textwrap.indent(body, "    ") + "\n    return False\n")
    return [(one.code, one.line, one.hint) for one in report.diagnostics]


def test_more_bars_than_asked_for_are_remarked() -> None:
    body = "p = get_price_data(symbol, timeframe='1d', days=2)\nv = p['volume']\nx = sum(v[-5:-1]) / 4"
    assert classify(body) == [("data.too_few_bars", 4, "ask for days=5")]
    assert classify("x = get_price_data(symbol)['close'][-31]") == [("data.too_few_bars", 2, "ask for days=31")]
    assert classify("p = get_price_data(symbol, '1d', 3)\nx = p.get('close')[-4]") == [
        ("data.too_few_bars", 3, "ask for days=4")
    ]


def test_as_many_bars_as_asked_for_are_fine() -> None:
    assert classify("p = get_price_data(symbol, days=5)\nx = sum(p['volume'][-5:-1]) + p['close'][-5]") == []
    assert classify("n = 9\np = get_price_data(symbol, days=n)\nx = p['close'][-50]") == []


def dates(count: int) -> list[str]:
    return [str(date(2024, 1, 1) + timedelta(days=n)) for n in range(count)]


def test_history_by_heart_is_remarked() -> None:
    assert [one.code for one in signals(f"known = {dates(51)}").diagnostics] == ["data.dates"]
    assert [one.code for one in signals(f"known = {list(range(51))}").diagnostics] == ["data.numbers"]


def test_fifty_dates_or_numbers_are_fine() -> None:
    assert signals(f"known = {dates(50)}\nlevels = {list(range(50))}").diagnostics == ()
