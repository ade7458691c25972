"""The mark under a phrase: it stands where the phrase stands, whatever the sentence is like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.client.verbs.phrases import draw, is_mark


def finding(start: int, end: int, **more: object) -> dict[str, object]:
    return {"code": "prompt.not_understood", "message": "no", "start": start, "end": end, **more}


def marked(text: str, start: int, end: int) -> tuple[str, str]:
    lines = draw(text, [finding(start, end)])
    marks = max(place for place, line in enumerate(lines) if is_mark(line))
    return lines[marks - 1], lines[marks]


def test_mark_stands_under_its_own_line_of_a_text_of_several() -> None:
    text = "buy BTCUSDT\nwhen the moon is full"
    line, marks = marked(text, text.index("the moon"), len(text))
    assert line == "    when the moon is full"
    assert marks == "    " + " " * 5 + "^" * 16


def test_mark_counts_wide_letters_as_two_columns() -> None:
    line, marks = marked("買う the moon", 3, 11)
    assert (line, marks) == ("    買う the moon", "    " + " " * 5 + "^" * 8)


def test_long_sentence_is_cut_around_the_phrase() -> None:
    text = "buy " * 100 + "the moon" + " sell" * 100
    line, marks = marked(text, 400, 408)
    assert len(line) <= 154
    assert line[marks.index("^") : marks.index("^") + 8] == "the moon"


def test_finding_without_a_place_is_told_without_a_mark() -> None:
    lines = draw("x", [{"code": "strategy.raised", "message": "line 3: \x1b[31mno", "nearest": [], "hint": None}])
    assert lines == ["line 3:  [31mno [strategy.raised]"]


def test_short_sentence_is_shown_once_with_all_its_marks() -> None:
    text = "buy when moon is full"
    lines = draw(text, [finding(9, 13, nearest=["month"]), finding(17, 21, hint="did you mean 'fell'?")])
    assert lines == [
        "    buy when moon is full",
        "             ^^^^    ^^^^",
        "no [prompt.not_understood]",
        '  nearest: "month"',
        "no [prompt.not_understood]",
        "  hint: did you mean 'fell'?",
    ]


def test_hint_that_names_the_nearest_is_not_said_twice() -> None:
    lines = draw("belo", [finding(0, 4, nearest=["below"], hint="did you mean 'below'?")])
    assert lines[2:] == ["no [prompt.not_understood]", "  hint: did you mean 'below'?"]


@pytest.mark.parametrize(("start", "end"), [(-5, 2), (3, 1), (0, 0), (2, 99), (99, 100)])
def test_place_beyond_the_sentence_still_draws_one_mark(start: int, end: int) -> None:
    assert "^" in marked("buy", start, end)[1]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=400), st.data())
def test_mark_begins_under_the_first_letter_of_the_phrase(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    line, marks = marked(text, start, data.draw(st.integers(start + 1, len(text))))
    assert line[marks.index("^")] == text[start]
