"""What a picker's signals say of a bar beside yes or no."""

from collections.abc import Mapping

import numpy as np
import pytest

from libs.strategy.sandbox.host.answers import Detail
from libs.strategy.sandbox.host.strict import Plain
from libs.strategy.signals import MOST_SHOWN, Signals
from tests.unit.market.series import flat

HIT = 2


def picked(score: float | None, data: Mapping[str, Plain] | None) -> Signals:
    frame, hits = flat([10.0] * 5), np.zeros(5, bool)
    hits[HIT] = True
    details = {HIT: Detail(HIT, score, None, None if data is None else dict(data))}
    return Signals(hits.astype(np.int8), {}, frame, speaker="classify_symbol", hits=hits, details=details)


def test_picker_tells_its_score_and_the_numbers_in_its_data() -> None:
    signals = picked(11.57, {"rsi": 28.4, "bars": 3, "why": "cheap", "open": True, "gap": None, "score": 9.0})
    assert signals.values_at(HIT) == {"score": 11.57, "rsi": 28.4, "bars": 3.0}
    assert signals.reason(HIT) == "classify_symbol says yes; score 11.57, rsi 28.4, bars 3"


@pytest.mark.parametrize(("score", "data", "values"), [(None, {"rsi": 28.4}, {"rsi": 28.4}), (None, None, {})])
def test_picker_without_a_score_tells_what_there_is(
    score: float | None, data: Mapping[str, Plain] | None, values: dict[str, float]
) -> None:
    assert picked(score, data).values_at(HIT) == values


def test_picker_says_nothing_of_values_on_a_bar_without_a_word() -> None:
    assert picked(1.0, {"rsi": 28.4}).values_at(HIT + 1) == {}


def test_picker_with_much_data_tells_the_first_of_it() -> None:
    many: dict[str, Plain] = {f"value_{place}": float(place) for place in range(50)}
    assert list(picked(1.0, many).values_at(HIT)) == ["score", *list(many)[:MOST_SHOWN]]
