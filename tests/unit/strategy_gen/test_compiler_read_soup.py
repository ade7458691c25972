"""Whatever is typed, reading gives a sentence or a BadPromptError, soon, and every place it names is in the text."""

from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.strategy_gen.compiler.errors import BadPromptError
from services.strategy_gen.compiler.reading.read import known_phrases, read
from tests.unit.strategy_gen.compiler_read import phrases

_MADE_OF = """
buy sell find stocks alert me when if and or not either neither unless without but , ; . ( ) [ ] - 's % $ the a its it
RSI MACD EMA 50-day 200 14 0 5000 3% 2x 4h AAPL BTC/USDT volume price close high low average above below between crosses
within of for in from by at least more than or more up down rising gaps green candles oversold golden cross stop loss hold
after days bars ago yesterday's previous P/E under technology sector hourly daily chart more or less to frob ½ ß İ 🚀
"""
SOUP = st.lists(st.sampled_from([*_MADE_OF.split(), *known_phrases()[::40]]), max_size=25).map(" ".join)
MOST_SECONDS = 2.0


def outcome(text: str) -> None:
    started = perf_counter()
    refusal = None
    places: list[tuple[str, int, int]] = []
    try:
        places = [(one.text, one.start, one.end) for one in phrases(read(text).entry)]
    except BadPromptError as error:
        refusal = error
    assert perf_counter() - started < MOST_SECONDS
    if refusal is not None:
        places = [(one["phrase"], one["start"], one["end"]) for one in refusal.diagnostics]
    assert places
    for words, start, end in places:
        assert text[start:end] == words
        assert 0 <= start <= end <= len(text)


@given(SOUP)
@settings(max_examples=100, deadline=None)
@example("sell")
@example("buy when it")
@example("buy when its ago")
@example("'s 's")
@example("hold for 5 bars")
def test_word_soup_is_read_or_refused(text: str) -> None:
    outcome(text)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
@example("\x85")
@example("İ" * 50)
@example("²")
@example("٣ % above ٣")
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome(text)


@pytest.mark.parametrize(
    "text",
    [
        "buy when rsi < 30 and " * 180,
        "(" * 4_000,
        "buy when " + "(" * 1_500 + "rsi < 30" + ")" * 1_500,
        "buy when " + "not " * 900 + "rsi < 30",
        "buy when rsi < " + "9" * 3_900,
        "a b c d e f g h " * 250,
        "buy when either " * 250,
        "-" * 4_000,
    ],
    ids=lambda text: text[:20],
)
def test_long_text_is_read_or_refused_soon(text: str) -> None:
    outcome(text)
