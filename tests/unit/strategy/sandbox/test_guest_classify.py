"""`classify_symbol` in the guest: called for every bar as-of, every documented answer understood, anything else refused."""

import pytest

from tests.unit.strategy.sandbox.guest_jobs import DAY_MS, START_MS, Guest, bars, market, one

HEAD = "def classify_symbol(symbol):\n    "


def test_classifier_is_called_for_every_bar_with_what_was_known_then() -> None:
    source = HEAD + "return get_price_data(symbol, '1h', 1)['close'][-1] in (100.0, 103.0)"
    assert one(5).classify(source).hits == [1, 0, 0, 1, 0]


def test_classifier_starts_where_asked_and_ends_with_the_last_bar() -> None:
    two = Guest(market({"A": bars(5), "B": bars(3), "C": bars(0)}), ["A", "B", "C"])
    source = HEAD + "print(symbol, len(get_price_data(symbol, '1h', 99)['close']))\n    return True"
    first = two.classify(source, first={"A": 3, "B": 9})
    assert (first.hits, first.header["printed"]) == ([1, 1], "A 4\nA 5\n")
    last = two.classify(source, last_only=True)
    assert (last.hits, last.header["printed"]) == ([1, 1], "A 5\nB 3\n")
    assert [each["rows"] for each in last.header["symbols"]] == [5, 3, 0]


def test_classifier_of_one_symbol_knows_nothing_of_the_others_in_its_fork() -> None:
    source = "SEEN = []\n" + HEAD + "SEEN.append(symbol)\n    return len(SEEN) == 2"
    two = Guest(market({"A": bars(3), "B": bars(3)}), ["A", "B"])
    assert two.classify(source).hits == [0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("answer", "hit", "told"),
    [
        ("True", 1, None),
        ("np.True_", 1, None),
        ("False", 0, None),
        ("0.89", 1, [0.89, None, None]),
        ("np.float32(0.5)", 1, [0.5, None, None]),
        ("7", 1, [7, None, None]),
        ("0", 0, [0, None, None]),
        ("-2.5", 0, [-2.5, None, None]),
        ("{'classification': True, 'score': 0.1}", 1, [0.1, None, None]),
        ("{'classification': False, 'score': 0.9}", 0, [0.9, None, None]),
        ("{'signal': True}", 1, [None, 1, None]),
        ("{'signal': -1, 'score': 3}", 0, [3, -1, None]),
        ("{'signal': 'SELL'}", 0, [None, -1, None]),
        ("{'signal': 'buy', 'data': {'gap': 4.2}}", 1, [None, 1, {"gap": 4.2}]),
        ("{'score': 1.5, 'ticker': 'X', 'timestamp': 5, 'gap': np.float64(2.0)}", 1, [1.5, None, {"gap": 2.0}]),
        (
            "{'score': 1.5, 'x': float('nan'), 'y': [1, (2,)], 'z': df}",
            1,
            [1.5, None, {"x": None, "y": [1, [2]], "z": "a DataFrame"}],
        ),
    ],
)
def test_answer_of_every_documented_shape_is_understood(answer: str, hit: int, told: list[object] | None) -> None:
    found = one(3).classify(f"df = pd.DataFrame()\n{HEAD}return {answer}", last_only=True)
    assert found.hits == [hit]
    assert found.details == ([] if told is None else [[0, 2, *told]])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("'yes'", "classify_symbol returns 'yes'; return True or False"),
        ("None", "classify_symbol returns None; every path"),
        ("float('nan')", "a score is NaN"),
        ("float('inf')", "a score is inf"),
        ("10**300", "a score is a huge int"),
        ("[True]", "classify_symbol returns a list"),
        ("{}", "a dict without classification, signal or score"),
        ("{'score': 'high'}", "score is 'high'"),
        ("{'score': True}", "score is True"),
        ("{'signal': 2}", "signal is 2"),
        ("{'signal': 'maybe'}", "signal is 'maybe'"),
        ("{'classification': 'yes'}", "classification is 'yes'"),
        ("pd.Series([True])", "classify_symbol returns a Series"),
    ],
)
def test_answer_of_another_shape_is_an_error_of_the_call(answer: str, told: str) -> None:
    found = one(3).classify(HEAD + f"return {answer}")
    assert told in found.error["message"]
    assert (found.error["type"], found.error["line"]) == ("ResultError", 1)
    assert found.payload == b"[]"


def test_details_are_of_hits_only_unless_the_newest_bar_alone_is_asked() -> None:
    source = HEAD + "return get_price_data(symbol, '1h', 1)['close'][-1] - 101"
    assert one(4).classify(source).details == [[0, 2, 1.0, None, None], [0, 3, 2.0, None, None]]
    assert one(1).classify(source, last_only=True).details == [[0, 0, -1.0, None, None]]


def test_details_beyond_their_bound_are_dropped_and_the_hits_stay_whole() -> None:
    found = one(4_000).classify(HEAD + "return {'score': 1, 'text': ['x' * 300] * 4}")
    assert sum(found.hits) == 4_000
    assert 1_500 < len(found.details) < 2_000
    assert "strategy.details_cut" in found.warnings


def test_errors_of_some_calls_are_counted_and_the_first_is_told() -> None:
    source = HEAD + "close = get_price_data(symbol, '1h', 3)['close']\n    return close[2] > 0"
    found = Guest(market({"A": bars(5), "B": bars(2)}), ["A", "B"]).classify(source)
    assert found.hits == [0, 0, 1, 1, 1]
    assert found.header["symbols"][0]["error"] is None
    assert found.header["symbols"][1]["error"]["type"] == "IndexError"
    assert (
        found.warnings["strategy.raised"]
        == "4 of 7 calls failed; first on A: line 3: IndexError: list index out of range"
    )


def test_details_are_of_the_symbols_that_answered() -> None:
    source = HEAD + "return 1.0 if symbol == 'B' else missing[symbol]\nmissing = {}"
    found = Guest(market({"A": bars(2), "B": bars(2)}), ["A", "B"]).classify(source)
    assert found.details == [[1, 0, 1.0, None, None], [1, 1, 1.0, None, None]]


def test_classifier_that_swallows_every_error_is_remarked() -> None:
    source = (
        HEAD
        + "try:\n        return get_price_data(symbol)['Close'][-1] > 0\n    except Exception:\n        return False"
    )
    found = Guest(market({"A": bars(30, step_ms=DAY_MS)}, ("1d", DAY_MS)), ["A"]).classify(source)
    assert "line 3: KeyError: 'Close'" in found.warnings["strategy.swallowed"]


def test_classifier_that_finds_nothing_is_not_remarked() -> None:
    source = HEAD + (
        "try:\n        return get_price_data(symbol, '1h', 20)['close'][-20] < 0\n    except IndexError:\n        return False"
    )
    assert one(60).classify(source).warnings == {}


def test_time_is_the_close_of_the_bar_being_decided() -> None:
    source = """
        import time
        import datetime as dt
        def classify_symbol(symbol):
            closed = get_price_data(symbol, '1h', 1)['timestamps'][-1] + 3_600_000
            assert datetime.utcnow() == dt.datetime.now() == datetime.today() == dt.datetime.fromtimestamp(closed / 1000)
            assert datetime.now(dt.timezone.utc).timestamp() * 1000 == closed
            assert time.time() * 1000 == closed and time.time_ns() == closed * 1_000_000
            assert pd.Timestamp.now('UTC') == pd.Timestamp(closed, unit='ms', tz='UTC') == pd.Timestamp.utcnow()
            assert pd.Timestamp.now() == pd.Timestamp.today() == pd.Timestamp(closed, unit='ms')
            assert dt.date.today() == datetime.now().date()
            assert isinstance(datetime.now(), datetime) and isinstance(pd.Timestamp('2024'), pd.Timestamp)
            assert isinstance(datetime(2024, 1, 1), dt.date) and datetime(2024, 1, 2) - datetime(2024, 1, 1) == timedelta(days=1)
            return datetime.strptime('2024-01-01 03:00', '%Y-%m-%d %H:%M') == datetime.now()
    """
    found = one(5).classify(source)
    assert found.warnings == {}
    assert found.hits == [0, 0, 1, 0, 0]


def test_time_before_any_bar_is_decided_is_refused() -> None:
    found = one(5).classify("started = datetime.now()\n" + HEAD + "return True")
    assert "before any bar was being decided" in found.error["message"]


def test_random_numbers_of_a_bar_do_not_depend_on_the_bars_before() -> None:
    source = "import random\n" + HEAD + "return {'score': random.random() + np.random.rand(), 'signal': 1}"
    every = one(5).classify(source)
    last = one(5).classify(source, last_only=True)
    assert every.details[-1] == last.details[-1]
    assert every == one(5).classify(source)


def test_fundamentals_without_a_history_are_remarked_when_used() -> None:
    source = HEAD + "return get_fundamental_data(symbol)['pe_ratio'] < 15"
    known = {"A": {"pe_ratio": 10}}
    today = Guest(market({"A": bars(2)}, fundamentals=known), ["A"])
    then = Guest(market({"A": bars(2)}, fundamentals=known, point_in_time=True), ["A"])
    assert today.classify(source).hits == then.classify(source).hits == [1, 1]
    assert set(today.classify(source).warnings) == {"strategy.not_point_in_time"}
    assert then.classify(source).warnings == {}
    assert today.classify(HEAD + "return True").warnings == {}


def test_parameters_reach_the_classifier() -> None:
    source = "def classify_symbol(symbol, level=0):\n    return get_price_data(symbol, '1h', 1)['close'][-1] > level"
    assert one(3).classify(source, parameters={"level": 101}).hits == [0, 0, 1]


def test_as_of_holds_for_the_bars_of_another_symbol() -> None:
    source = HEAD + "return len(get_price_data('B', '1h', 99)['close']) == 2"
    found = Guest(market({"A": bars(4), "B": bars(4, start_ms=START_MS)}), ["A"]).classify(source)
    assert found.hits == [0, 0, 1, 0]
