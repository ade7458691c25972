"""Bad and odd JSON strategies by their words: each is refused at its place, or does what is said here."""

from typing import Any

import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.rules import votes
from libs.strategy.rules_schema import read_rules
from libs.strategy.spec import code_hash, parse
from tests.unit.market.series import flat, walk

NAN = float("nan")
DIP: dict[str, Any] = {"entry": [{"condition": "rsi(14) < 30"}], "exit": [{"condition": "rsi(14) > 60"}]}


def entry(**fields: Any) -> dict[str, Any]:
    return {"entry": [{"condition": "rsi(14) < 30", **fields}]}


def condition(text: Any) -> dict[str, Any]:
    return {"entry": [{"condition": text}]}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ENTRY, CONDITION = "/rules/entry/0", "/rules/entry/0/condition"
REFUSED: dict[str, tuple[Any, str]] = {
    "{}": ({}, "/rules/indicators"),
    "[]": ([], "/rules"),
    "null": (None, "/rules"),
    "no entry": ({"exit": [{"condition": "rsi(14) > 60"}]}, "/rules/entry"),
    "entry null": ({"entry": None}, "/rules/entry"),
    "entry {}": ({"entry": {}}, "/rules/entry"),
    "entry []": ({"entry": []}, "/rules/entry"),
    "entry text": ({"entry": "rsi(14) < 30"}, "/rules/entry"),
    "entry of texts": ({"entry": ["rsi(14) < 30"]}, ENTRY),
    "entry of null": ({"entry": [None]}, ENTRY),
    "exit []": ({**DIP, "exit": []}, "/rules/exit"),
    "exit null": ({**DIP, "exit": None}, "/rules/exit"),
    "no condition": ({"entry": [{"indicator": "rsi"}]}, CONDITION),
    "condition null": (condition(None), CONDITION),
    "condition number": (condition(30), CONDITION),
    'condition "rsi <"': (condition("rsi <"), CONDITION),
    'condition "rsi << 30"': (condition("rsi << 30"), CONDITION),
    'condition "rsi < 30; import os"': (condition("rsi < 30; import os"), CONDITION),
    "condition \"__import__('os')\"": (condition("__import__('os')"), CONDITION),
    "condition 10 KB": (condition("rsi(14) < 30 and " * 600 + "close > 1"), CONDITION),
    "condition 1,000-deep": (condition("(" * 450 + "close > 1" + ")" * 450), CONDITION),
    "condition lone surrogate": (condition("close > 1 \ud800"), CONDITION),
    "rsii": (condition("rsii(14) < 30"), CONDITION),
    "period 0": (condition("rsi(0) < 30"), CONDITION),
    "period -14": (condition("rsi(-14) < 30"), CONDITION),
    "period 14.5": (condition("rsi(14.5) < 30"), CONDITION),
    'period "14"': (condition('rsi("14") < 30'), CONDITION),
    "period NaN": (condition("rsi(NaN) < 30"), CONDITION),
    "period 1e9": (condition("rsi(1e9) < 30"), CONDITION),
    "period null": (condition("rsi(null) < 30"), CONDITION),
    "period true": (condition("rsi(true) < 30"), CONDITION),
    "macd fast >= slow": (condition("macd(26, 26, 9).line > 0"), CONDITION),
    "macd signal 0": (condition("macd(12, 26, 0).line > 0"), CONDITION),
    "timeframe 0m": (entry(timeframe="0m"), f"{ENTRY}/timeframe"),
    "timeframe null": (entry(timeframe=None), f"{ENTRY}/timeframe"),
    "timeframe 2h": (entry(timeframe="2h"), f"{ENTRY}/timeframe"),
    "timeframe 60": (entry(timeframe=60), f"{ENTRY}/timeframe"),
    "timeframe list": (entry(timeframe=["1h"]), f"{ENTRY}/timeframe"),
    "indicator null": (entry(indicator=None), f"{ENTRY}/indicator"),
    "indicator rsii": (entry(indicator="rsii"), f"{ENTRY}/indicator"),
    "indicator another": (entry(indicator="macd"), f"{ENTRY}/indicator"),
    "indicator volume": (entry(indicator="volume"), f"{ENTRY}/indicator"),
    "typo conditon": ({"entry": [{"conditon": "rsi(14) < 30"}]}, f"{ENTRY}/conditon"),
    "typo entri": ({"entri": []}, "/rules/entri"),
    "9 entries": ({"entry": [{"condition": f"close > {n}"} for n in range(9)]}, "/rules/entry"),
    "10,000 entries": ({"entry": [{"condition": "close > 1"}] * 10_000}, "/rules/entry"),
    "1,000-deep": ({"entry": nested(1_000)}, ENTRY),
    "too many calls": (
        {"entry": [{"condition": "+".join(["rsi()"] * 50) + f" > {n}"} for n in range(3)]},
        "/rules/entry",
    ),
    "combine beside entry": ({**DIP, "combine": "all"}, "/rules/combine"),
    "top-level __class__": ({**DIP, "__class__": {}}, "/rules/__class__"),
    "id ../x": ({**DIP, "id": "../x"}, "/rules/id"),
    "id 200 chars": ({**DIP, "id": "x" * 200}, "/rules/id"),
    'id "nul"': ({**DIP, "id": "nul"}, "/rules/id"),
    "homoglyph id": ({**DIP, "іd": "x"}, "/rules/іd"),
    "created_at yesterday": ({**DIP, "created_at": "yesterday"}, "/rules/created_at"),
    "top-level timeframe 0m": ({**DIP, "timeframe": "0m"}, "/rules/timeframe"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_bad_conditions_are_refused_at_their_place(words: str) -> None:
    given, pointer = REFUSED[words]
    with pytest.raises(BadStrategyError) as caught:
        read_rules(given)
    assert (caught.value.pointer, caught.value.code) == (pointer, "strategy.invalid")
    assert len(caught.value.detail) <= 200
    assert str(caught.value).encode()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stop_loss", -5),
        ("stop_loss", 5.0),
        ("take_profit", NAN),
        ("size", 0),
        ("size", 1.5),
        ("leverage", 100),
    ],
)
def test_options_of_later_versions_are_refused_by_name_beside_conditions(key: str, value: Any) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules({**DIP, key: value})
    assert (caught.value.code, caught.value.pointer) == ("strategy.unsupported", f"/rules/{key}")


@pytest.mark.parametrize("symbol", [None, "", 123, "BTCUSDT.>", "FOO BAR"])
def test_symbol_that_is_none_is_refused(symbol: Any) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse(rules={**DIP, "symbol": symbol})
    assert caught.value.pointer == "/rules/symbol"


def test_rules_without_a_symbol_are_refused() -> None:
    with pytest.raises(BadStrategyError):
        parse(rules=DIP)


@pytest.mark.parametrize("symbol", ["btcusdt", "BTC/USDT", "BTCUSDT"])
def test_symbol_gets_its_one_spelling(symbol: str) -> None:
    assert parse(rules={**DIP, "symbol": symbol}).symbols == ("BTCUSDT",)


def test_script_tag_in_notes_is_kept_as_text() -> None:
    strategy = parse(rules={**DIP, "symbol": "BTCUSDT", "notes": "<script>alert(1)</script>"})
    assert strategy.rules is not None
    assert strategy.rules["notes"] == "<script>alert(1)</script>"


def test_buy_and_sell_at_once_is_sell() -> None:
    both = {"entry": [{"condition": "close > 1"}], "exit": [{"condition": "close > 1"}]}
    assert votes(read_rules(both), flat([10.0, 11.0])).tolist() == [-1, -1]


def test_no_exit_is_the_opposite_of_the_entry() -> None:
    alone = read_rules(condition("crosses_above(close, sma(5))"))
    told = read_rules(
        {**condition("crosses_above(close, sma(5))"), "exit": [{"condition": "crosses_below(close, sma(5))"}]}
    )
    found = votes(alone, walk(200)).tolist()
    assert set(found) == {-1, 0, 1}
    assert found == votes(told, walk(200)).tolist()


def test_missing_optional_fields_are_fine_and_the_indicator_field_may_name_a_group() -> None:
    assert read_rules(condition("rsi(14) < 30")) == read_rules(entry(indicator="RSI"))
    for name, text in (
        ("volume", "obv() > 5"),
        ("price", "rsi(14) < 30"),
        ("price", "high > 5"),
        ("ema", "ema(5) > 1"),
    ):
        assert read_rules({"entry": [{"indicator": name, "condition": text}]})


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ({"indicator": "rsii"}, "did you mean rsi"),
        ({"indicator": "macd"}, "it has rsi"),
        ({"timefram": "1h"}, "did you mean timeframe"),
        ({"timeframe": "2h"}, "use one of 1m, 5m, 15m, 1h, 4h, 1d"),
    ],
)
def test_wrong_field_gets_a_hint(field: dict[str, Any], hint: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules(entry(**field))
    assert caught.value.hint == hint


def test_canonical_conditions_read_back_as_themselves() -> None:
    found = read_rules({**DIP, "entry": [{"condition": "RSI(close)<30.0", "timeframe": "4h", "indicator": "rsi"}]})
    assert found.canonical() == {
        "entry": [{"condition": "rsi(14) < 30", "timeframe": "4h"}],
        "exit": [{"condition": "rsi(14) > 60"}],
    }
    assert read_rules(found.canonical()) == found
    assert read_rules(condition("close > open")).canonical() == {"entry": [{"condition": "close > open"}]}


def test_formatting_order_and_repetition_make_no_new_strategy_but_meaning_does() -> None:
    first = ["rsi(14) < 30", "volume > 2 * sma(volume, 20)"]
    second = ["volume>(2*SMA(volume))", "rsi() < 30.0", "rsi(close,14) < 30"]
    hashes = []
    for texts in (first, second, ["rsi(14) < 31", first[1]], [first[0]]):
        rules = {"symbol": "BTCUSDT", "entry": [{"condition": text} for text in texts], "exit": DIP["exit"]}
        hashes.append(code_hash(parse(rules=rules)))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
