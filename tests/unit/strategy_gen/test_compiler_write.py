"""What the writer decides: contract, bars, ways out, words, names, and what it refuses."""

from dataclasses import replace
from typing import Any as Anything

import pytest

from libs.common.errors import BadInputError
from libs.strategy.check import check
from libs.strategy.spec import parse
from services.strategy_gen.compiler.errors import BadPromptError
from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Assumed,
    Change,
    Column,
    Compare,
    Cross,
    Exits,
    Figure,
    Gap,
    Held,
    Indicator,
    Not,
    Number,
    Phrase,
    Scaled,
    Sector,
    Sentence,
    Span,
    Trend,
)
from services.strategy_gen.compiler.writing.strategy import Compiled, compile_sentence

RSI = Indicator("rsi", (Span(14),))
USUAL = Indicator("sma", (Span(20),), of="volume", before=True)


def phrase(text: str, start: int = 0) -> Phrase:
    return Phrase(text, start, start + len(text))


LOW = Compare(RSI, "<", Number(30.0), phrase("RSI below 30"))
HEAVY = Compare(Column("volume"), ">", Scaled(2.0, USUAL), phrase("volume spike"))
GAP = Compare(Gap(), ">=", Number(0.05), phrase("gaps up by 5% or more"))
CHEAP = Compare(Figure("pe_ratio"), "<", Number(15.0), phrase("P/E under 15"))


def average(count: int, unit: Anything = "day") -> Indicator:
    return Indicator("sma", (Span(count, unit),))


def sentence(entry: Anything, purpose: Anything = "trade", **changes: Anything) -> Sentence:
    return Sentence(changes.pop("text", "a sentence"), purpose, entry, **changes)


def compiled(entry: Anything, purpose: Anything = "trade", **changes: Anything) -> Compiled:
    return compile_sentence(sentence(entry, purpose, **changes))


def refusal(entry: Anything, purpose: Anything = "trade", **changes: Anything) -> dict[str, Anything]:
    asked = {name: changes.pop(name) for name in ("timeframe_asked", "kind") if name in changes}
    with pytest.raises(BadPromptError) as caught:
        compile_sentence(
            sentence(entry, purpose, **changes), timeframe=asked.get("timeframe_asked"), kind=asked.get("kind")
        )
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("purpose", "entry", "kind"),
    [
        ("trade", LOW, "python.signals"),
        ("screen", LOW, "python.classify"),
        ("alert", GAP, "python.classify"),
        ("trade", CHEAP, "python.classify"),
        ("trade", All((LOW, Not(Sector("Energy", phrase("energy")), phrase("not energy")))), "python.classify"),
    ],
)
def test_contract_of_a_purpose_is_the_one_that_can_carry_it(purpose: str, entry: Anything, kind: str) -> None:
    found = compiled(entry, purpose)
    assert (found.kind, check(found.code).contracts) == (kind, (kind,))


def test_contract_asked_for_is_taken_where_it_can_carry_the_sentence() -> None:
    assert compile_sentence(sentence(LOW), kind="python.classify").kind == "python.classify"
    assert compile_sentence(sentence(LOW, "screen"), kind="python.signals").kind == "python.signals"
    with pytest.raises(BadInputError) as caught:
        compile_sentence(sentence(LOW), kind="python.batch")
    assert caught.value.pointer == "/kind"


SOLD: dict[str, Anything] = {"exit": Compare(RSI, ">", Number(70.0), phrase("RSI above 70"))}
STOPPED: dict[str, Anything] = {"exits": Exits(stop_loss=0.02, phrases=(phrase("stop loss 2%"),))}


@pytest.mark.parametrize(
    ("entry", "changes", "quoted"),
    [
        (CHEAP, SOLD, "RSI above 70"),
        (CHEAP, STOPPED, "stop loss 2%"),
        (LOW, {**SOLD, "kind": "python.classify"}, "RSI above 70"),
        (LOW, {**STOPPED, "kind": "python.classify"}, "stop loss 2%"),
        (CHEAP, {"kind": "python.signals"}, "P/E under 15"),
        (Trend(Figure("eps"), "rising", Span(3), phrase("EPS rising")), {}, "EPS rising"),
        (Held(CHEAP, Span(3), phrase("for 3 bars")), {}, "for 3 bars"),
        (Compare(Indicator("obv"), ">", Number(0.0), phrase("OBV above 0")), {"purpose": "screen"}, "OBV above 0"),
        (Compare(Number(1.0), ">", Number(0.0), phrase("1 above 0")), {}, "1 above 0"),
        (Compare(Change(Span(0)), ">", Number(0.0), phrase("up")), {}, "up"),
    ],
)
def test_wish_that_no_contract_carries_is_refused_with_its_phrase(
    entry: Anything, changes: dict[str, Anything], quoted: str
) -> None:
    found = refusal(entry, **changes)
    assert (found["phrase"], bool(found["hint"])) == (quoted, True)


def test_days_on_hourly_bars_are_counted_around_the_clock_and_told() -> None:
    entry = Cross(average(50), "above", average(200), phrase("crosses"))
    found = compile_sentence(sentence(entry, unit_timeframe="1d"), timeframe="1h")
    assert check(found.code).parameters == {"sma_fast_period": 1_200, "sma_slow_period": 4_800}
    assert Assumed("200 days", "4,800 1h bars, counted around the clock") in found.assumptions
    assert "the 200-day (4,800-bar) SMA" in found.in_words


@pytest.mark.parametrize(
    ("count", "unit", "symbols", "bars"),
    [
        (5, "day", (), 5),
        (1, "week", (), 5),
        (52, "week", (), 252),
        (2, "month", (), 42),
        (12, "month", (), 252),
        (2, "week", ("BTCUSDT",), 14),
        (2, "week", ("AAPL",), 10),
    ],
)
def test_weeks_of_daily_bars_are_trading_days_unless_trading_never_rests(
    count: int, unit: str, symbols: tuple[str, ...], bars: int
) -> None:
    entry = Compare(Column("close"), ">", average(count, unit), phrase("above"))
    found = compiled(entry, symbols=symbols, unit_timeframe="1d")
    assert (found.timeframe, check(found.code).parameters["sma_period"]) == ("1d", bars)


def test_hours_on_daily_bars_are_refused_where_they_stand() -> None:
    text = "buy above the\n4-hour average"
    entry = Compare(Column("close"), ">", average(4, "hour"), phrase("above the\n4-hour average", 4))
    found = refusal(entry, text=text, timeframe="1d")
    assert (found["code"], found["phrase"]) == ("prompt.timeframe", "4-hour")
    assert (found["start"], found["end"], found["line"], found["column"]) == (14, 20, 2, 1)


def test_timeframe_asked_for_against_the_sentence_is_refused_with_the_word_for_it() -> None:
    found = refusal(LOW, text="buy on the hourly chart when RSI below 30", timeframe="1h", timeframe_asked="1d")
    assert (found["code"], found["phrase"]) == ("prompt.timeframe", "hourly")


def test_timeframe_is_the_sentences_then_the_callers_then_that_of_its_units() -> None:
    assert compiled(LOW, timeframe="4h").timeframe == "4h"
    assert compile_sentence(sentence(LOW, unit_timeframe="1d"), timeframe="1h").timeframe == "1h"
    assert compiled(LOW, unit_timeframe="1d").timeframe == "1d"
    assert (compiled(LOW).timeframe, compiled(LOW, "screen").timeframe) == (None, "1d")


def test_entry_without_a_way_out_is_left_by_its_opposite_and_that_is_told() -> None:
    found = compiled(All((LOW, Cross(RSI, "above", Number(20.0), phrase("crosses 20")))))
    assert "Sells when the 14-bar RSI is at least 30 or the 14-bar RSI crosses below 20." in found.in_words
    assert found.assumptions[-1].meaning.startswith("sells when the 14-bar RSI is at least 30 or")
    assert 'df["rsi"] >= rsi_below' in found.code
    assert "SIGNAL_MODE" not in found.code


def test_moment_without_a_way_out_is_held_for_five_bars_and_that_is_told() -> None:
    found = compiled(All((LOW, GAP)))
    assert found.assumptions == (Assumed("no way out", "sells 5 bars after buying"),)
    assert check(found.code).parameters["hold_bars"] == 5
    assert 'SIGNAL_MODE = "position"' in found.code


def test_stop_is_a_parameter_and_told_to_be_checked_at_the_close() -> None:
    found = compiled(LOW, exits=Exits(0.02, 0.05, 0.03, Span(10), (phrase("stop loss 2%"),)))
    ways = {"stop_loss": 0.02, "take_profit": 0.05, "trailing_stop": 0.03, "hold_bars": 10}
    assert ways.items() <= check(found.code).parameters.items()
    assert Assumed("stop loss 2%", "checked when a bar closes, and filled at the next open") in found.assumptions


def test_holding_time_of_a_classifier_is_its_horizon() -> None:
    assert check(compiled(CHEAP, exits=Exits(hold=Span(20))).code).constants == {"HORIZON": 20}
    assert check(compiled(CHEAP).code).constants == {"HORIZON": 5}
    assert Assumed("no holding time", "a hit is held for 5 bars (HORIZON)") in compiled(CHEAP).assumptions
    assert refusal(CHEAP, exits=Exits(hold=Span(1_001)))["code"] == "prompt.length"


def test_words_restate_the_tree_with_units_and_every_way_out() -> None:
    entry = All((GAP, Any((HEAVY, Compare(Figure("market_cap"), ">", Number(1e10), phrase("large"))))))
    words = compiled(entry, "alert", symbols=("ARM",), exits=Exits(hold=Span(3, "day")), timeframe="1d").in_words
    assert words == (
        "Alerts when the open is at least 5 % above the close before and (the volume is above 2 times the 20-bar average volume "
        "(this bar left out) or the market capitalisation is above 10 billion). As a strategy it buys a hit and sells it 3 days later. "
        "Decides when a bar closes, on 1d bars of ARM; orders are filled at the next open."
    )
    stops = compiled(LOW, exit=Not(HEAVY, phrase("no spike")), exits=Exits(0.025, hold=Span(1))).in_words
    assert (
        "Sells when the volume is at most 2 times the 20-bar average volume (this bar left out), when a bar closes 2.5 % or more "
        "below the entry price (stop loss) or 1 bar after buying." in stops
    )


def test_conditions_carry_the_phrase_they_came_from() -> None:
    code = compiled(All((LOW, HEAVY))).code
    assert '# "RSI below 30"\n        (df["rsi"] < rsi_below)' in code
    assert '# the opposite of "volume spike"' in code


def test_numbers_of_a_sentence_are_parameters_that_can_be_tuned() -> None:
    found = compiled(All((LOW, HEAVY)))
    assert check(found.code).parameters == {
        "rsi_period": 14,
        "rsi_below": 30.0,
        "average_volume_times": 2.0,
        "average_volume_period": 20,
    }
    tuned = parse(kind=found.kind, code=found.code, symbols=["BTCUSDT"], parameters={"rsi_period": 7, "rsi_below": 20})
    assert tuned.parameters["rsi_below"] == 20.0


def test_same_name_with_another_number_is_another_parameter() -> None:
    found = compiled(LOW, exit=Compare(RSI, "<", Number(10.0), phrase("RSI below 10")))
    assert check(found.code).parameters == {"rsi_period": 14, "rsi_below": 30.0, "rsi_below_2": 10.0}


def test_classifier_asks_for_the_bars_it_needs_and_no_more() -> None:
    assert "days=2)" in compiled(GAP, "alert").code
    assert "days=average_volume_period + 1)" in compiled(All((GAP, HEAVY)), "alert").code
    assert "days=2 * FADES * rsi_period + 1)" in compiled(LOW, "screen").code
    assert "get_price_data" not in compiled(CHEAP, "screen").code


def test_lengths_left_out_are_the_usual_ones_and_told() -> None:
    found = compiled(Compare(Indicator("macd", part="histogram"), ">", Number(0.0), phrase("MACD up")))
    assert check(found.code).parameters == {
        "macd_fast": 12,
        "macd_slow": 26,
        "macd_smoothing": 9,
        "macd_histogram_above": 0.0,
    }
    assert Assumed("MACD", "over 12, 26, 9 bars") in found.assumptions


@pytest.mark.parametrize(
    "indicator",
    [Indicator("rsi", (Span(1),)), Indicator("macd", (Span(26), Span(12), Span(9))), Indicator("sma", (Span(0),))],
)
def test_lengths_that_an_indicator_cannot_have_are_refused(indicator: Indicator) -> None:
    assert refusal(Compare(indicator, ">", Number(0.0), phrase("above")))["code"] == "prompt.length"


@pytest.mark.parametrize("purpose", ["trade", "screen"])
def test_many_conditions_compile_up_to_a_bound(purpose: str) -> None:
    many = tuple(Compare(Column("close"), ">", Number(float(limit)), phrase(f"above {limit}")) for limit in range(61))
    assert check(compiled(All(many[:60]), purpose).code).ok
    assert refusal(All(many), purpose)["code"] == "prompt.too_long"
    deep: Anything = LOW
    for _ in range(12):
        deep = Any((Held(deep, Span(2), phrase("for 2 bars")), LOW))
    assert refusal(deep, purpose)["code"] == "prompt.too_long"


@pytest.mark.parametrize("purpose", ["trade", "screen"])
@pytest.mark.parametrize(
    "text",
    [
        '""" + open("/etc/passwd").read() + """',
        "RSI\nimport os\r\x0cimport sys",
        'ends with \\ and "',
        "\u202e\u200b\x00é≥",
    ],
)
def test_text_of_a_sentence_stays_text_in_the_code(text: str, purpose: str) -> None:
    found = compile_sentence(replace(sentence(LOW, purpose, text=text), entry=replace(LOW, phrase=phrase(text))))
    report = check(found.code)
    assert (report.ok, report.diagnostics) == (True, ())
    plain = compiled(LOW, purpose)
    assert report.code_hash == check(plain.code).code_hash
