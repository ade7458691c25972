"""Symbols, money and ids are spelled one way."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import BadSymbolError, BadTimeframeError
from libs.common.values import (
    base_asset,
    derive_id,
    from_epoch_ms,
    from_units,
    parse_symbol,
    parse_timeframe,
    quote_asset,
    to_epoch_ms,
    to_units,
)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("btcusdt", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"),
        ("BTC-USD", "BTCUSD"),
        ("BRK.B", "BRK-B"),
        ("BRK-B", "BRK-B"),
        (" eth/usdt ", "ETHUSDT"),
    ],
)
def test_symbol_written_any_documented_way_is_one(written: str, symbol: str) -> None:
    assert parse_symbol(written) == symbol


@pytest.mark.parametrize(
    "text", ["", "btc usdt", "BTCUSDT.>", "*", "A" * 300, "ＢＴＣ", "../x", "BTC\x00", "-BTC", "a/b/c"]
)
def test_symbol_malformed_is_refused(text: str) -> None:
    with pytest.raises(BadSymbolError):
        parse_symbol(text)


def test_timeframe_unknown_is_refused_naming_the_known() -> None:
    with pytest.raises(BadTimeframeError) as refused:
        parse_timeframe("7x")
    assert "1h" in (refused.value.hint or "")


@given(st.integers(-(10**17), 10**17))
def test_money_through_units_is_exact(units: int) -> None:
    assert to_units(from_units(units)) == units


def test_units_half_is_rounded_to_even() -> None:
    assert to_units(Decimal("0.000000005")) == 0
    assert to_units(Decimal("0.000000015")) == 2


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_time_through_milliseconds_is_exact(moment: datetime) -> None:
    aware = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert from_epoch_ms(to_epoch_ms(aware)) == aware


def test_assets_of_a_pair_and_of_a_stock() -> None:
    assert (base_asset("BTCUSDT"), quote_asset("BTCUSDT")) == ("BTC", "USDT")
    assert (base_asset("AAPL"), quote_asset("AAPL")) == ("AAPL", "USD")


def test_id_differs_by_cause_kind_and_key() -> None:
    ids = {derive_id(*parts) for parts in (("a", "b", "c"), ("b", "b", "c"), ("a", "c", "c"), ("a", "b", "d"))}
    assert len(ids) == 4
