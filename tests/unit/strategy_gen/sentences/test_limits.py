"""Exactly on the limit: which words include it. Bars of whole numbers, worked by hand."""

import numpy as np
import pytest

from libs.market.frame import Frame
from services.strategy_gen.compiler.compile import compile_text
from tests.unit.strategy_gen.sentences.bars import SECONDS, START_MS
from tests.unit.strategy_gen.sentences.running import loaded

CLOSES = [99.0, 100.0, 101.0, 100.0, 98.0, 102.0]


def hits(text: str, opens: list[float], closes: list[float], volumes: list[float]) -> list[int]:
    """Return the bars on which an alert says yes."""
    count = len(closes)
    ts = START_MS + 1_000 * SECONDS["1h"] * np.arange(count, dtype=np.int64)
    frame = Frame.of(ts, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, volumes)
    seen = [0]
    code = compile_text(text, timeframe="1h").code
    classify = loaded(code, {"BTCUSDT": frame}, {}, seen)["classify_symbol"]
    found = []
    for bar in range(count):
        seen[0] = bar
        answer = classify("BTCUSDT")
        if answer["classification"] if isinstance(answer, dict) else answer:
            found.append(bar)
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("is above 100", [2, 5]),
        ("is over 100", [2, 5]),
        ("is more than 100", [2, 5]),
        ("is greater than 100", [2, 5]),
        ("exceeds 100", [2, 5]),
        ("> 100", [2, 5]),
        ("is at least 100", [1, 2, 3, 5]),
        ("is 100 or more", [1, 2, 3, 5]),
        ("is no less than 100", [1, 2, 3, 5]),
        ("is not below 100", [1, 2, 3, 5]),
        (">= 100", [1, 2, 3, 5]),
        ("is below 100", [0, 4]),
        ("is under 100", [0, 4]),
        ("is less than 100", [0, 4]),
        ("is lower than 100", [0, 4]),
        ("< 100", [0, 4]),
        ("is at most 100", [0, 1, 3, 4]),
        ("is 100 or less", [0, 1, 3, 4]),
        ("is no more than 100", [0, 1, 3, 4]),
        ("is not above 100", [0, 1, 3, 4]),
        ("<= 100", [0, 1, 3, 4]),
        ("is between 99 and 100", [0, 1, 3]),
        ("crosses above 100", [2, 5]),
        ("crosses below 100", [4]),
    ],
)
def test_close_on_the_limit_counts_where_the_words_include_it(words: str, expected: list[int]) -> None:
    assert hits(f"Alert me when the close {words}", CLOSES, CLOSES, [5.0] * 6) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gaps up by more than 50%", [3]),
        ("gaps up by 50% or more", [1, 3]),
        ("gaps up by at least 50%", [1, 3]),
        ("gaps up", [1, 3]),
        ("gaps down by more than 50%", []),
        ("gaps down by 50% or more", [2]),
        ("is up more than 50%", [3]),
        ("is up at least 50%", [1, 3]),
        ("is up 50% or more", [1, 3]),
        ("drops 50% or more", [2]),
    ],
)
def test_change_on_the_limit_counts_where_the_words_include_it(words: str, expected: list[int]) -> None:
    prices = [64.0, 96.0, 48.0, 96.0]
    assert hits(f"Alert me when price {words}", prices, prices, [5.0] * 4) == expected


def test_average_volume_leaves_the_bar_itself_out() -> None:
    volumes = [4.0] * 20 + [8.0, 9.0, 8.4, 8.5]
    prices = [100.0] * 24
    assert hits("Alert me when volume is above 2x average", prices, prices, volumes) == [21]
    assert hits("Alert me when volume is at least 2x average", prices, prices, volumes) == [20, 21]


def test_new_high_is_above_the_highs_before_it() -> None:
    prices = [10.0, 12.0, 11.0, 12.0, 13.0, 12.0]
    assert hits("Alert me when price makes a new 2-bar high", prices, prices, [5.0] * 6) == [4]


def test_terms_that_are_not_known_yet_say_neither_yes_nor_no() -> None:
    prices = [100.0 + bar % 3 for bar in range(12)]
    for words in ("is above", "is not above"):
        found = hits(f"Alert me when the close {words} SMA 10", prices, prices, [5.0] * 12)
        assert min(found, default=9) >= 9
    above = hits("Alert me when the close is above SMA 10", prices, prices, [5.0] * 12)
    not_above = hits("Alert me when the close is not above SMA 10", prices, prices, [5.0] * 12)
    assert sorted(above + not_above) == [9, 10, 11]
