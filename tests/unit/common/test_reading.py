"""Whatever a body makes the reading stumble over is the body's fault: a reason, never a crash; and answers stay within bounds."""

import json
from datetime import UTC, datetime

import pytest

from libs.common.bus import On, Tx
from libs.common.bus.dead import Burial
from libs.common.bus.reading import Origin, command_stub, read
from libs.common.bus.refusal import refused
from libs.common.commands import COMMANDS, RetireStrategy
from libs.common.errors import BadInputError, BadMessageError
from libs.common.events import FACTS, CommandRefused
from libs.common.messages import MAX_BODY_BYTES, Message
from tests.support.build import START
from tests.support.poison import MALFORMED

ORIGIN = Origin("COMMANDS", 7, datetime(2024, 1, 1, tzinfo=UTC))


async def nothing(_: Message, __: Tx) -> list[Message]:
    return []


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_body_of_any_class_is_refused_with_a_reason(body: bytes) -> None:
    for kind in (*FACTS, *COMMANDS):
        with pytest.raises(BadMessageError) as caught:
            read(On(kind, nothing), body, kind.wildcard().replace("*", "x"), ORIGIN)
        assert caught.value.detail


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_command_is_answered_only_where_its_id_can_be_read(body: bytes) -> None:
    row = On(RetireStrategy, nothing)
    stub = command_stub(row, body, ORIGIN)
    if stub is not None:
        answer = refused(stub, "strategy_gen", BadInputError("no", pointer="/" + "k" * 300_000, hint="\ud800"))
        assert len(answer.body()) < MAX_BODY_BYTES
        assert CommandRefused.parse(answer.body(), answer.subject_name()) == answer


def test_large_numbers_and_texts_of_a_command_by_hand_are_read_as_they_are() -> None:
    body = json.dumps({"strategy_id": "s1", "reason": "é \U0001f600"}).encode()
    found = read(On(RetireStrategy, nothing), body, RetireStrategy.subject, ORIGIN)
    assert isinstance(found, RetireStrategy)
    assert (found.reason, found.at) == ("é \U0001f600", ORIGIN.stored_at)


def test_grave_of_a_message_with_a_subject_near_the_limit_fits_on_a_line() -> None:
    grave = Burial("row", "prices." + "A" * 4_000, "PRICES", 3, b"", BadMessageError("\ud800"), 1)
    event_id, subject, body = grave.outgoing()
    assert subject == "dead.prices.cut"
    assert json.loads(body)["subject"] == grave.subject
    assert event_id == grave.event_id


def test_grave_of_another_message_in_the_same_place_is_another_grave() -> None:
    first, second = (Burial("row", "prices.A", "PRICES", 3, body, BadMessageError("x"), 1) for body in (b"a", b"b"))
    assert first.event_id != second.event_id


def test_failure_that_is_not_ours_is_told_by_its_class() -> None:
    command = RetireStrategy.first(key="1", at=START, strategy_id="s1")
    answer = refused(command, "strategy_gen", ZeroDivisionError())
    assert (answer.code, answer.detail, answer.pointer) == ("ZeroDivisionError", "ZeroDivisionError", None)
