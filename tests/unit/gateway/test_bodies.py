import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.commands import RunBacktest, SubmitStrategy
from libs.common.errors import BadInputError
from services.gateway.bodies import make_command, parse_object, parse_time
from services.gateway.problems import InvalidFieldsError, respond, status_of
from tests.support.build import START

LETTERS = st.text(st.sampled_from("aB1/.> \0\u202e\u200bＢ\ud800é"), max_size=8)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("name", "symbols", "rules", "timeframe", "parameters", "is_admin")


def refusal_of(raw: bytes) -> BadInputError | None:
    """Turn a body into a command; return what it was refused with."""
    try:
        command = make_command(SubmitStrategy, parse_object(raw), "id", START)
    except BadInputError as error:
        return error
    assert SubmitStrategy.parse(command.body(), "cmd.strategy_gen.submit") == command
    return None


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), TREES, max_size=3))
def test_any_body_is_a_command_or_a_4xx(fields: dict[str, object]) -> None:
    error = refusal_of(json.dumps(fields).encode())
    if error is not None:
        reply = respond(error, "request")
        assert 400 <= reply.status_code < 500
        assert json.loads(bytes(reply.body))["code"] == error.code


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_a_command_or_a_4xx(raw: bytes) -> None:
    error = refusal_of(raw)
    assert error is None or status_of(error) in (400, 422)


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(InvalidFieldsError) as refusal:
        make_command(RunBacktest, {"initial_capital": -1, "fee": 0.5, "is_admin": True}, "id", START)
    assert sorted(pointer for pointer, _ in refusal.value.errors) == ["/fee", "/initial_capital", "/is_admin"]


@pytest.mark.parametrize("name", ["event_id", "root_id", "caused_by", "at", "schema_version", "asked_by", "origin"])
def test_envelope_is_not_the_clients_to_set(name: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        make_command(SubmitStrategy, {name: "x"}, "id", START)
    assert refusal.value.pointer == f"/{name}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        ("2024-05-01T02:00:00+02:00", "2024-05-01T00:00:00+00:00"),
        ("2024-05-01 02:00", "2024-05-01T02:00:00+00:00"),
        ("2024-05-01T02:00:00.5Z", "2024-05-01T02:00:00.500000+00:00"),
    ],
)
def test_time_without_zone_is_utc(text: str, shown: str) -> None:
    assert parse_time(text, "/start").isoformat() == shown


def test_infinity_never_passes_as_a_number() -> None:
    for text in ("1e999", "-1e999", "NaN", "Infinity"):
        with pytest.raises(BadInputError) as refusal:
            parse_object(f'{{"rules": {{"x": [{text}]}}}}'.encode())
        assert refusal.value.pointer == "/rules/x/0"
    assert math.isfinite(parse_object(b'{"x": 1e308}')["x"])
