"""`generate_signals` in the guest: what it is given, what it may return, what it is told."""

import numpy as np
import pytest

from tests.unit.strategy.sandbox.guest_jobs import Guest, bars, market, one

HEAD = "def generate_signals(df):\n    "


def error_of(body: str, count: int = 6) -> tuple[str, str, int | None]:
    """Type, message with hint, line of what a body is refused for."""
    found = one(count).signals(HEAD + body).error
    return found["type"], found["message"], found["line"]


@pytest.mark.parametrize(
    "answer",
    [
        "pd.Series([1, 0, -1, 0], index=df.index)",
        "pd.Series([1, 0, -1, 0])",
        "pd.Series([1, 0, -1, 0], index=np.arange(4))",
        "pd.Series([1.0, 0.0, -1.0, -0.0], index=df.index.tz_localize(None))",
        "pd.Series([1, 0, -1, 0], dtype='Int64')",
        "pd.Series([1, 0, -1, 0], dtype=object)",
        "pd.Series([1, 0, -1, 0], index=df.index.as_unit('ns'))",
        "np.array([1, 0, -1, 0], dtype=np.int8)",
        "np.array([1.0, 0, -1, 0])",
        "[1, False, -1.0, np.int64(0)]",
        "(True, 0, np.float64(-1), np.bool_(False))",
    ],
)
def test_signals_of_every_allowed_shape_are_the_same_actions(answer: str) -> None:
    assert one(4).signals(f"{HEAD}return {answer}").actions == [1, 0, -1, 0]


def test_signals_of_bools_are_buys() -> None:
    assert one(4).signals(HEAD + "return df['close'] > 101.5").actions == [0, 0, 1, 1]
    assert one(4).signals(HEAD + "return (df['close'] > 101.5).to_numpy()").actions == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return df['close'].diff().clip(0, 1)", "bar 0 (2024-01-01 00:00) has the signal NaN; fill the bars"),
        ("return [0, 0, None, 0, 0, 0]", "bar 2 (2024-01-01 02:00) has the signal None; fill the bars"),
        ("return pd.Series([0, 1, pd.NA, 0, 0, 0], dtype='Int64')", "bar 2 (2024-01-01 02:00) has the signal NaN"),
        ("return [0, 0, 0, 2, 0, 0]", "bar 3 (2024-01-01 03:00) has the signal 2; use only -1, 0 and 1"),
        ("return np.array([0, 0.5, 0, 0, 0, 0])", "bar 1 (2024-01-01 01:00) has the signal 0.5"),
        ("return np.array([0, 0, 0, 0, 0, np.inf])", "bar 5 (2024-01-01 05:00) has the signal inf"),
        ("return np.array([0, -2, 0, 0, 0, 0])", "bar 1 (2024-01-01 01:00) has the signal -2"),
        ("return np.full(6, 255, dtype=np.uint8)", "bar 0 (2024-01-01 00:00) has the signal 255"),
        ("return ['hold'] * 6", "bar 0 (2024-01-01 00:00) has the signal 'hold'; use 1 for buy"),
        ("return pd.Series(['buy'] * 6, index=df.index)", "has the signal 'buy'; use 1 for buy"),
        ("return [10**400] + [0] * 5", "bar 0 (2024-01-01 00:00) has the signal a huge int"),
        ("return [[1]] * 6", "bar 0 (2024-01-01 00:00) has the signal a list"),
        ("return pd.Series([1j] * 6, index=df.index)", "bar 0 (2024-01-01 00:00) has the signal '1j'"),
        ("return df.index", "generate_signals returns a DatetimeIndex"),
        ("return pd.Series(df.index)", "bar 0 (2024-01-01 00:00) has the signal"),
        ("return df['close'].rolling(2).mean().dropna() > 0", "returns 5 values for 6 bars; return one value for each"),
        ("return [0] * 7", "returns 7 values for 6 bars"),
        ("return (df['close'] > 0).iloc[::-1]", "differs from df's at bar 0 (2024-01-01 00:00): 2024-01-01 05:00"),
        (
            "return (df['close'] > 0).shift(1, freq='h')",
            "differs from df's at bar 0 (2024-01-01 00:00): 2024-01-01 01:00",
        ),
        ("return pd.Series([0] * 6, index=[0, 1, 2, 3, 3, 5])", "differs from df's at bar 4 (2024-01-01 04:00): 3"),
        ("return pd.Series([0] * 6, index=list('abcdef'))", "differs from df's at bar 0 (2024-01-01 00:00): 'a'"),
        ("return df", "returns a DataFrame; return one column: df['signal']"),
        ("return df.to_numpy()", "returns an array of 2 dimensions"),
        ("return (df['close'] > 0).astype(int).astype('category')", "returns a categorical Series"),
        ("return (x for x in [0] * 6)", "returns a generator; return a list"),
        ("return None", "returns nothing (None); end the function with: return signals"),
        ("pass", "returns nothing (None)"),
        ("return 1", "returns a single value, 1; return one value for each bar"),
        ("return np.float64(1)", "returns a single value, 1.0"),
        ("return 'buy'", "returns a single value, 'buy'"),
        ("return {'signal': [0] * 6}", "returns a dict"),
        ("return pd.array([0] * 6)", "a plain array: signals.to_numpy()"),
        ("return pd.Categorical([0] * 6)", "a plain array: signals.to_numpy()"),
    ],
)
def test_signals_of_another_shape_are_refused_with_bar_and_hint(body: str, told: str) -> None:
    result = one(6).signals(HEAD + body)
    found = result.error
    assert told in found["message"]
    if result.header["ok"]:
        assert (found["type"], found["line"]) == ("ResultError", 1)


def test_signals_of_a_series_subclass_that_lies_about_its_length_are_refused() -> None:
    source = """
        class Longer(list):
            def __len__(self):
                return 6
        def generate_signals(df):
            return Longer([1])
    """
    assert "returns a Longer" in one(6).signals(source).error["message"]


def test_frame_is_documented_and_the_strategys_own() -> None:
    source = """
        def generate_signals(df):
            assert list(df.columns) == ['open', 'high', 'low', 'close', 'volume'] and df.index.name == 'ts'
            assert str(df.index.tz) == 'UTC' and str(df['close'].dtype) == 'float64' and len(df.columns) == 5
            first = df['close'].iloc[0]
            df['close'] = 0.0
            df.loc[df.index[0], 'open'] = -1.0
            df['x'] = 1.0
            return [int(first)  // 100] + [0] * (len(df) - 1)
    """
    both = Guest(market({"A": bars(4), "B": bars(4)}), ["A", "B", "A"])
    assert both.signals(source).actions == [1, 0, 0, 0] * 3


def test_an_error_on_one_symbol_does_not_stop_the_others() -> None:
    source = """
        def generate_signals(df):
            if len(df) == 3:
                raise ValueError('too short')
            return [0] * len(df)
    """
    found = Guest(market({"A": bars(4), "B": bars(3), "C": bars(2)}), ["A", "B", "C"]).signals(source)
    assert [each["error"] for each in found.header["symbols"]] == [
        None,
        {"type": "ValueError", "message": "too short", "line": 4},
        None,
    ]
    assert found.payload == bytes(6)


def test_a_symbol_without_bars_is_answered_without_a_call() -> None:
    found = Guest(market({"A": bars(0)}), ["A"]).signals(HEAD + "raise ValueError")
    assert (found.actions, found.header["symbols"][0]["rows"]) == ([], 0)


def test_parameters_are_passed_by_name() -> None:
    source = "def generate_signals(df, level=0):\n    return df['close'] > level"
    assert one(4).signals(source, parameters={"level": 102}).actions == [0, 0, 0, 1]
    found = one(4).signals(source, parameters={"wrong": 1}).error
    assert (found["type"], found["line"]) == ("TypeError", 1)


def test_constants_of_the_module_are_told() -> None:
    source = "SIGNAL_MODE = 'position'\nHORIZON = 7\n" + HEAD + "return [0] * len(df)"
    assert one(4).signals(source).header["values"] == {"SIGNAL_MODE": "position", "HORIZON": 7}


@pytest.mark.parametrize("line", ["SIGNAL_MODE = 'hold'", "HORIZON = 0", "HORIZON = True", "HORIZON = int('2') * 1.5"])
def test_constants_that_mean_nothing_are_refused(line: str) -> None:
    found = Guest(one(4).market, guarded=False).signals(f"{line}\n{HEAD}return [0] * len(df)")
    assert not found.header["ok"]
    assert found.error["code"] == "strategy.contract"


def test_float_columns_that_were_added_follow_the_actions_when_asked_for() -> None:
    source = """
        def generate_signals(df):
            df['fast'] = df['close'].rolling(2).mean()
            df['far'] = np.inf
            df['flag'] = df['close'] > 0
            df['signal'] = 0.0
            for number in range(9):
                df[f'more {number}'] = float(number)
            return [0] * len(df)
    """
    found = one(4).signals(source, explain=True)
    names = found.header["values"]["columns"]
    assert names == ["fast", "far", *(f"more {number}" for number in range(6))]
    columns = np.frombuffer(found.payload, "<f8", offset=4).reshape(8, 4)
    assert columns[0].tolist()[1:] == [100.5, 101.5, 102.5]
    assert np.isnan(columns[0][0])
    assert np.isnan(columns[1]).all()
    assert len(one(4).signals(source).payload) == 4


def test_columns_are_told_up_to_256_kilobytes() -> None:
    source = HEAD + "df['a'] = df['b'] = df['close'] * 2.0\n    return [0] * len(df)"
    assert one(16_385).signals(source, explain=True).header["values"]["columns"] == ["a"]


def test_same_job_twice_gives_the_same_bytes_with_chance_in_it() -> None:
    source = """
        import random
        from numpy.random import default_rng
        def generate_signals(df):
            draws = [random.random(), np.random.rand(), default_rng().random(), np.random.RandomState().rand()]
            draws += [random.Random().random(), np.random.Generator(np.random.PCG64()).random(), df.sample(1)['close'].iloc[0]]
            print(draws)
            df['draw'] = default_rng().normal(size=len(df)) + np.random.normal(size=len(df))
            return np.random.choice([-1, 0, 1], size=len(df))
    """
    runs = [Guest(market({"A": bars(30), "B": bars(30)}), ["A", "B"]).signals(source) for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0].actions[:30] == runs[0].actions[30:]
    lines = runs[0].header["printed"].splitlines()
    assert lines[0] == lines[1]


def test_chance_at_the_top_of_the_code_repeats_too() -> None:
    source = "LEVEL = np.random.rand()\nprint(LEVEL)\n" + HEAD + "return [0] * len(df)"
    printed = one(4).signals(source).header["printed"]
    np.random.rand(3)
    assert printed == one(4).signals(source).header["printed"] != ""


@pytest.mark.parametrize(
    "body",
    [
        "SEEN.append(1)\n    return [len(SEEN) % 2] * len(df)",
        "return [int(np.seterr(invalid='raise')['invalid'] == 'raise')] * len(df)",
        "context = getcontext()\n    context.prec += 1\n    return [context.prec % 2] * len(df)",
        "warnings.warn('x')\n    warnings.simplefilter('error')\n    return [1] * len(df)",
    ],
)
def test_symbol_is_answered_as_if_it_were_alone_in_its_fork(body: str) -> None:
    top = "import warnings\nfrom decimal import getcontext\nprint('once')\nSEEN = []\n"
    bars_of = {symbol: bars(4) for symbol in "ABC"}
    alone, among = (Guest(market(bars_of), list(asked)).signals(top + HEAD + body) for asked in ("A", "ABC"))
    told = [each["error"] for each in among.header["symbols"]]
    assert told == [alone.header["symbols"][0]["error"]] * 3
    assert among.payload == alone.payload * 3
    assert among.header["printed"] == "once\n"


def test_dataclass_with_types_written_as_texts_works() -> None:
    source = """
        from __future__ import annotations
        from dataclasses import dataclass
        @dataclass
        class Level:
            value: float = 102.5
        def generate_signals(df):
            return df['close'] > Level().value
    """
    assert one(4).signals(source).actions == [0, 0, 0, 1]


def test_chained_assignment_is_remarked_with_its_line() -> None:
    source = HEAD + "df['s'] = 0\n    df['s'][df['close'] > 1] = 1\n    return df['s']"
    assert one(4).signals(source).warnings["strategy.chained_assignment"].startswith("line 3: ")


def test_contract_that_is_missing_names_the_one_there_is() -> None:
    found = one(4).signals("def classify_symbol(symbol):\n    return True").error
    assert (found["code"], found["hint"]) == ("strategy.contract", "it defines classify_symbol")
