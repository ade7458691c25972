"""Submissions that pass the checker and carry what cannot travel: refused with a pointer, never an error of ours."""

from pathlib import Path

import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.spec import parse
from tests.api.world import nothing_asked, open_world

WITH_DEFAULT = "def generate_signals(df, word={}):\n    return [0] * len(df)\n"
BAD_TEXTS = {"half a pair": "'\\ud800'", "NUL": "'a\\x00b'", "endless": repr("x" * 1_500)}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=list(BAD_TEXTS))
def test_text_parameter_that_cannot_travel_is_refused_at_its_name(text: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse(code=WITH_DEFAULT.format(text), symbols=["BTCUSDT"])
    assert caught.value.pointer == "/parameters/word"
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=list(BAD_TEXTS))
def test_given_text_that_cannot_travel_is_refused_at_its_name(text: str) -> None:
    given = {"word": text[1:-1].encode("latin-1").decode("unicode_escape")}
    with pytest.raises(BadStrategyError) as caught:
        parse(code=WITH_DEFAULT.format("'short'"), symbols=["BTCUSDT"], parameters=given)
    assert caught.value.pointer == "/parameters/word"


@pytest.mark.parametrize(("default", "given"), [("1.5", 10**400), ("1", 10**400), ("1.5", float("inf")), ("1", [[]])])
def test_number_that_cannot_travel_is_refused_at_its_name(default: str, given: object) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse(code=WITH_DEFAULT.format(default), symbols=["BTCUSDT"], parameters={"word": given})
    assert caught.value.pointer == "/parameters/word"
    assert len(caught.value.detail) < 200


def test_ordinary_text_parameter_is_kept() -> None:
    assert parse(code=WITH_DEFAULT.format("'größer'"), symbols=["BTCUSDT"]).parameters == {"word": "größer"}


async def test_validation_of_a_text_that_cannot_travel_is_answered(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        body = {"code": WITH_DEFAULT.format(BAD_TEXTS["half a pair"]), "symbols": ["BTCUSDT"]}
        reply = await world.client.post("/api/v1/strategies/validate", json=body)
        assert reply.status_code == 200
        assert (reply.json()["ok"], reply.json()["error"]["pointer"]) == (False, "/parameters/word")
        assert nothing_asked(world)
