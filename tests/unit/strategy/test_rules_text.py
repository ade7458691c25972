import json

import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.rules_text import MAX_BYTES, read_text

GOOD = b'{"symbol": "BTCUSDT", "indicators": {"rsi": {}}}'


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"indicators": {"rsi": {}, "rsi": {"period": 5}}}', "the key 'rsi' stands twice"),
        (b'{"indicators": {"rsi": {}},}', "property name"),
        (b"{'indicators': {}}", "property name"),
        (b"<!doctype html><html></html>", "Expecting value"),
        (GOOD.decode().encode("utf-16"), "not UTF-8"),
        (GOOD.decode().encode("utf-16-le"), "Expecting property name"),
        (b" " * 1_000_000, "larger than 262144 bytes"),
        (b'{"a": ' * 100_000, "larger than"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"indicators": {"rsi": {"period": NaN}}}', "NaN is not a number of JSON"),
        (b'{"stop_loss": -Infinity}', "-Infinity is not a number of JSON"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "digits"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"", "Expecting value"),
        (GOOD[:-5], "Expecting"),
        (b'{"a": "\xe9"}', "not UTF-8"),
    ],
    ids=range(17),
)
def test_bytes_that_are_not_one_json_object_are_refused_with_the_reason(raw: bytes, words: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_text(raw)
    assert words in caught.value.detail
    assert caught.value.code == "input.json"
    assert len(caught.value.detail) <= 200


def test_place_of_a_mistake_is_its_line_and_column() -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_text(b'{"a": 1,\n "b" 2}')
    assert caught.value.pointer == "2:6"


def test_byte_order_mark_of_utf_8_is_read_over() -> None:
    assert read_text(b"\xef\xbb\xbf" + GOOD) == json.loads(GOOD)


def test_file_of_the_largest_size_is_read() -> None:
    assert read_text(GOOD + b" " * (MAX_BYTES - len(GOOD))) == json.loads(GOOD)
