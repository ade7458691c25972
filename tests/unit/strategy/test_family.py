"""Which strategies count as tries of one search."""

import pytest

from libs.strategy.family import family_of


def test_family_is_the_submitter_the_universe_and_the_timeframe_in_any_order() -> None:
    assert family_of("me", ["ETHUSDT", "BTCUSDT"], "1h") == family_of("me", ("BTCUSDT", "ETHUSDT"), "1h")


@pytest.mark.parametrize(
    ("submitter", "symbols", "timeframe"),
    [("you", ["BTCUSDT"], "1h"), ("me", ["ETHUSDT"], "1h"), ("me", ["BTCUSDT"], "4h"), ("", ["me", "BTCUSDT"], "1h")],
)
def test_family_of_anything_else_is_another(submitter: str, symbols: list[str], timeframe: str) -> None:
    assert family_of(submitter, symbols, timeframe) != family_of("me", ["BTCUSDT"], "1h")


def test_family_is_the_same_in_every_release() -> None:
    assert family_of("me", ["BTCUSDT"], "1h") == "fam-rawfi3qjjpi57ctgb64j"
