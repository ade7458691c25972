"""Messages are refused when they could be read two ways, and ids depend on their cause alone."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from libs.common.commands import COMMANDS
from libs.common.errors import BadMessageError
from libs.common.events import FACTS, BarClosed, DecisionMade
from libs.common.messages import MAX_BODY_BYTES
from libs.common.streams import STREAMS, stream_of
from tests.support.build import bar, signal


def test_bar_read_back_is_the_bar() -> None:
    sent = bar(3)
    assert BarClosed.parse(sent.body(), sent.subject_name()) == sent


def test_id_same_cause_same_key_is_equal_and_another_key_is_not() -> None:
    cause = bar(1)
    assert signal(cause).event_id == signal(cause).event_id
    assert signal(cause).event_id != signal(cause, strategy_id="s2").event_id
    assert signal(cause).root_id == cause.event_id
    assert signal(cause).caused_by == cause.event_id


def _changed(**fields: object) -> bytes:
    text = bar(1).body().decode()
    for key, value in fields.items():
        start = text.index(f'"{key}":') + len(key) + 3
        stop = min(i for i in (text.find(",", start), text.find("}", start)) if i > 0)
        text = text[:start] + str(value) + text[stop:]
    return text.encode()


REFUSED = {
    "empty": b"",
    "one NUL": b"\x00",
    "bad UTF-8": b"\xff\xfe{}",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "cut": bar(1).body()[:-5],
    "not a bar": b'{"a": 1}',
    "duplicate key": bar(1).body().replace(b'"volume"', b'"low":1,"volume"'),
    "NaN": _changed(close="NaN"),
    "infinity": _changed(close="Infinity"),
    "huge": _changed(close="1e999"),
    "negative price": _changed(low="-1"),
    "zero price": _changed(low="0"),
    "text price": _changed(close='"100"'),
    "negative volume": _changed(volume="-1"),
    "version as text": _changed(schema_version='"1"'),
    "version zero": _changed(schema_version="0"),
    "naive time": _changed(at='"2024-01-01T00:00:00"'),
    "time before the first": _changed(at='"0001-01-01T00:00:00+14:00"'),
    "high below low": _changed(high="1"),
    "another symbol": _changed(symbol='"ETHUSDT"'),
    "wildcard symbol": _changed(symbol='"BTC.>"'),
    "another id": _changed(event_id='"abc"'),
    "deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "long number": b'{"a":' + b"9" * 5_000 + b"}",
    "oversized": b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}',
    "pickle": b"\x80\x04\x95\x10\x00",
    "gzip": b"\x1f\x8b\x08\x00",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_bar_malformed_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(BadMessageError) as refused:
        BarClosed.parse(body, "prices.BTCUSDT")
    assert 0 < len(refused.value.detail) < 400


def test_bar_with_unknown_field_is_read() -> None:
    body = bar(1).body()[:-1] + b',"later":1}'
    assert BarClosed.parse(body, "prices.BTCUSDT") == bar(1)


def test_event_is_frozen() -> None:
    with pytest.raises(ValidationError):
        bar(1).close = 2.0  # type: ignore[misc]


def test_every_message_has_a_subject_of_its_own_and_stored_ones_a_stream() -> None:
    heads = {head for stream in STREAMS for head in stream.subjects}
    assert len(heads) == sum(len(stream.subjects) for stream in STREAMS)
    unstored = {"health", "progress"}
    for message in (*FACTS, *COMMANDS):
        assert (stream_of(message.subject) is None) == (message.subject.split(".")[0] in unstored)


def test_subject_of_a_decision_names_its_symbol() -> None:
    assert DecisionMade.wildcard() == "decisions.*"


def test_time_in_another_zone_is_kept_as_utc() -> None:
    body = _changed(at='"2024-01-01T04:00:00+02:00"')
    assert BarClosed.parse(body, "prices.BTCUSDT").at == datetime(2024, 1, 1, 2, tzinfo=UTC)
