import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import BadInputError
from services.gateway.paging import decode, encode, moment

NAMES = st.text(st.sampled_from("aZ09_-é "), max_size=12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63 - 1), NAMES)
def test_cursor_comes_back_as_it_went(number: int, name: str) -> None:
    assert decode(encode(number, name), (int, str)) == [number, name]
    assert moment(number).year >= 1970


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=12))
def test_cursor_made_elsewhere_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInputError, match="not given out here"):
        decode("x" + raw.hex() + "!", (int, str))


@pytest.mark.parametrize("cursor", ["", "!", encode("x", "y"), encode(-1, "y"), encode(2**63, "y"), encode(1)])
def test_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadInputError):
        decode(cursor, (int, str))
