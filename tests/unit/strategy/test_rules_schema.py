from typing import Any

import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.rules_schema import Average, IndicatorRules, Macd, Rsi, read_rules

HUGE = 10**9
NAN = float("nan")


def rules(**indicators: Any) -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "indicators": indicators}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"rsi": value}
    return value


NO_PERIODS: list[Any] = [0, 1, -14, 14.5, 14.0, "14", NAN, 1e9, HUGE, 1_001, None, True, [14], {}, 10**5_000]
BAD: list[tuple[Any, str]] = [
    ({}, "/rules/indicators"),
    ([], "/rules"),
    (None, "/rules"),
    ("rules", "/rules"),
    ({"symbol": "BTCUSDT"}, "/rules/indicators"),
    ({"indicators": []}, "/rules/indicators"),
    ({"indicators": {}}, "/rules/indicators"),
    ({"indicators": "rsi"}, "/rules/indicators"),
    ({"indicators": None}, "/rules/indicators"),
    (rules(rsii={}), "/rules/indicators/rsii"),
    (rules(rsi=14), "/rules/indicators/rsi"),
    (rules(rsi=None), "/rules/indicators/rsi"),
    *((rules(rsi={"period": bad}), "/rules/indicators/rsi/period") for bad in NO_PERIODS),
    *(
        (rules(rsi={"buy_below": bad}), "/rules/indicators/rsi/buy_below")
        for bad in (101, -1, NAN, float("inf"), "30", None, True, 70, 70.1, 10**5_000)
    ),
    *((rules(rsi={"sell_above": bad}), "/rules/indicators/rsi/sell_above") for bad in (101, -1, NAN, None)),
    (rules(rsi={"buy_below": 60, "sell_above": 40}), "/rules/indicators/rsi/buy_below"),
    (rules(rsi={"perid": 14}), "/rules/indicators/rsi/perid"),
    (rules(ema={"period": 0}), "/rules/indicators/ema/period"),
    (rules(ema={"buy_crosses_above": "yes"}), "/rules/indicators/ema/buy_crosses_above"),
    (rules(sma={"sell_crosses_below": 1}), "/rules/indicators/sma/sell_crosses_below"),
    (rules(ema={"buy_crosses_above": False, "sell_crosses_below": False}), "/rules/indicators/ema"),
    (rules(macd={"fast": 26, "slow": 12}), "/rules/indicators/macd/fast"),
    (rules(macd={"fast": 12, "slow": 12}), "/rules/indicators/macd/fast"),
    (rules(macd={"signal": 0}), "/rules/indicators/macd/signal"),
    (rules(macd={"fast": 12, "signal": 9}), "/rules/indicators/macd/slow"),
    (rules(macd={"slow": 26}), "/rules/indicators/macd/fast"),
    ({**rules(rsi={}), "combine": "both"}, "/rules/combine"),
    ({**rules(rsi={}), "combine": None}, "/rules/combine"),
    ({**rules(rsi={}), "combine": ["any"]}, "/rules/combine"),
    ({**rules(rsi={}), "__class__": {}}, "/rules/__class__"),
    ({**rules(rsi={}), "timeframe": "0m"}, "/rules/timeframe"),
    ({**rules(rsi={}), "name": 5}, "/rules/name"),
    ({**rules(rsi={}), "notes": "x" * 4_001}, "/rules/notes"),
    ({**rules(rsi={}), "notes": "\ud800"}, "/rules/notes"),
    ({**rules(rsi={}), "a/b~c": 1}, "/rules/a~1b~0c"),
    ({**rules(rsi={}), "\ud800": 1}, "/rules/?"),
    ({1: 2}, "/rules"),
    (rules(**{f"rsi{n}": {} for n in range(10_000)}), "/rules/indicators"),
    ({"indicators": nested(1_000)}, "/rules/indicators/rsi/rsi"),
    (rules(rsi={"period": nested(1_000)}), "/rules/indicators/rsi/period"),
]


@pytest.mark.parametrize(("given", "pointer"), BAD, ids=range(len(BAD)))
def test_bad_rules_are_refused_at_their_place(given: Any, pointer: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules(given)
    assert (caught.value.pointer, caught.value.code) == (pointer, "strategy.invalid")
    assert len(caught.value.detail) <= 200
    assert str(caught.value).encode()


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (rules(rsi={"perid": 14}), "did you mean period"),
        (rules(rsii={}), "did you mean rsi"),
        (rules(bollinger={}), "known here: rsi, ema, sma, macd"),
        ({**rules(rsi={}), "combin": "all"}, "did you mean combine"),
        (rules(ema={"buy_cross_above": True}), "did you mean buy_crosses_above"),
    ],
)
def test_unknown_key_gets_the_nearest_known_one_as_hint(given: Any, hint: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules(given)
    assert caught.value.hint == hint


@pytest.mark.parametrize("key", ["stop_loss", "take_profit", "trailing_stop", "size", "leverage"])
@pytest.mark.parametrize("value", [-5, 500, NAN, 0, 1.5, None])
def test_options_of_later_versions_are_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules({**rules(rsi={}), key: value})
    assert (caught.value.code, caught.value.pointer) == ("strategy.unsupported", f"/rules/{key}")


@pytest.mark.parametrize("key", ["entry", "exit"])
def test_both_forms_at_once_are_refused(key: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        read_rules({**rules(rsi={}), key: [{"condition": "rsi(14) < 30"}]})
    assert (caught.value.code, caught.value.pointer) == ("strategy.invalid", "/rules/indicators")


def test_missing_options_get_the_documented_defaults() -> None:
    found = read_rules(rules(rsi={}, ema={}, sma={}, macd={}))
    assert found == IndicatorRules("any", (Average("ema"), Macd(12, 26, 9), Rsi(14, 30.0, 70.0), Average("sma")))
    assert found.indicators[0] == Average("ema", 20, True, True)


def test_given_options_are_read() -> None:
    found = read_rules(
        {
            "combine": "all",
            "name": "dip",
            "notes": "<script>alert(1)</script>",
            "indicators": {
                "sma": {"period": 1_000, "sell_crosses_below": False},
                "rsi": {"period": 2, "buy_below": 0, "sell_above": 100},
                "macd": {"fast": 5, "slow": 35, "signal": 5},
            },
        }
    )
    assert found == IndicatorRules("all", (Macd(5, 35, 5), Rsi(2, 0.0, 100.0), Average("sma", 1_000, True, False)))


def test_canonical_rules_read_back_as_themselves() -> None:
    found = read_rules(rules(rsi={"buy_below": 25}, macd={}))
    assert read_rules(found.canonical()) == found
    assert found.canonical() == {
        "combine": "any",
        "indicators": {
            "macd": {"fast": 12, "slow": 26, "signal": 9},
            "rsi": {"period": 14, "buy_below": 25.0, "sell_above": 70.0},
        },
    }
