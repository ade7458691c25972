import pytest

from libs.common.errors import BadStrategyError
from libs.strategy.conditions.calls import example
from libs.strategy.conditions.functions import FUNCTIONS, INSTEAD
from libs.strategy.conditions.parser import parse_condition
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import And, Column, Comparison, Indicator, Not, Number, Or, Shift

RSI = Indicator("rsi", None, (14.0,), "")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("RSI( 14 )<30", "rsi(14) < 30"),
        ("rsi() < 30.0", "rsi(14) < 30"),
        ("rsi(close, 14) < 3e1", "rsi(14) < 30"),
        ("((rsi(14))) < (30)", "rsi(14) < 30"),
        ("volume>2*sma(volume,20)", "volume > 2 * sma(volume, 20)"),
        ("macd().signal > 0", "macd(12, 26, 9).signal > 0"),
        ("close > bollinger(20).upper", "close > bollinger(20, 2).upper"),
        ("stochastic(9).K < 20", "stochastic(9, 3, 3).k < 20"),
        ("20 < rsi(14) <= 30", "20 < rsi(14) <= 30"),
        ("close > open and (close > low and close > 5)", "close > open and close > low and close > 5"),
        ("(close > 1 or close > 2) and close > 3", "(close > 1 or close > 2) and close > 3"),
        ("close > 1 or close > 2 and close > 3", "close > 1 or close > 2 and close > 3"),
        ("not close > open", "not close > open"),
        ("not (close > open and open > 5)", "not (close > open and open > 5)"),
        ("close - (open - low) > 1", "close - (open - low) > 1"),
        ("(close - open) - low > 1", "close - open - low > 1"),
        ("close / (open * low) > 1", "close / (open * low) > 1"),
        ("(close + open) * 2 > 1", "(close + open) * 2 > 1"),
        ("--close > -(-5)", "close > 5"),
        ("roc(10) < -5", "roc(10) < -5"),
        ("-(close - open) > .5", "-(close - open) > 0.5"),
        ("Crosses_Above(close, 100)", "crosses_above(close, 100)"),
        ("sma(rsi(14), 5) > shift(highest(high, 20), 1)", "sma(rsi(14), 5) > shift(highest(high, 20), 1)"),
        ("close > 0.00000123", "close > 1.23e-06"),
    ],
)
def test_condition_has_one_spelling(text: str, canonical: str) -> None:
    tree = parse_condition(text)
    assert text_of(tree) == canonical
    assert parse_condition(canonical) == tree


def test_operators_bind_as_in_arithmetic() -> None:
    tree = parse_condition("rsi(14) < 30 or not close > open and shift(close, 2) + 2 * 3 == 1")
    assert isinstance(tree, Or)
    below, both = tree.parts
    assert below == Comparison((RSI, Number(30.0)), ("<",))
    assert isinstance(both, And)
    assert both.parts[0] == Not(Comparison((Column("close"), Column("open")), (">",)))
    last = both.parts[1]
    assert isinstance(last, Comparison)
    assert text_of(last.terms[0]) == "shift(close, 2) + 2 * 3"
    assert parse_condition("shift(close, 2) > 1") == Comparison((Shift(Column("close"), 2), Number(1.0)), (">",))


BAD = [
    ("rsi <", 1, "without its parentheses", "write rsi(14)"),
    ("rsi(14) <", 10, "not the end", None),
    ("rsi(14) << 30", 10, "belongs here, not '<'", None),
    ("rsi(14) < 30; import os", 13, "';' is not part", None),
    ("__import__('os')", 12, "is not part", "there are no texts in a condition"),
    ("__import__(os) > 1", 12, "'os' is not known", "known: "),
    ("__import__(5) > 1", 1, "'__import__' is not known", "known: "),
    ("rsii(14) < 30", 1, "'rsii' is not known", "did you mean rsi"),
    ("rsi(14) < 30 and volum > 5", 18, "'volum' is not known", "did you mean volume"),
    ("bb_upper > close", 1, "'bb_upper' is not known", "write bollinger(20, 2).upper"),
    ("rsi(0) < 30", 5, "period is 0", "a whole number from 2 to 1000"),
    ("rsi(-14) < 30", 5, "period is -14", "a whole number from 2 to 1000"),
    ("rsi(14.5) < 30", 5, "period is 14.5", "a whole number from 2 to 1000"),
    ("rsi('14') < 30", 5, "is not part", "there are no texts in a condition"),
    ("rsi(nan) < 30", 5, "'nan' is not known", "known: "),
    ("rsi(1e9) < 30", 5, "period is 1000000000", "a whole number from 2 to 1000"),
    ("rsi(null) < 30", 5, "'null' is not known", "known: "),
    ("rsi(true) < 30", 5, "'true' is not known", "known: "),
    ("rsi(close, close) < 30", 12, "period is not a plain number", "a whole number from 2 to 1000"),
    ("rsi(14, 15) < 30", 9, "rsi takes period", "write rsi(14)"),
    ("rsi(2 + 3) < 30", 5, "the source of rsi never changes", "use a column or an indicator, such as close"),
    ("bollinger(20, 0).upper > 1", 15, "deviations is 0", "a number from 0.1 to 10"),
    ("macd(26, 12, 9).line > 0", 1, "fast 26 is not below slow 12", "write macd(12, 26, 9).line"),
    ("macd(12, 26, 0).line > 0", 14, "signal is 0", "a whole number from 2 to 1000"),
    ("macd(12, 26, 9) > 0", 1, "macd has 3 columns", "choose one: .line, .signal, .histogram"),
    ("macd(12, 26, 9).hist > 0", 17, "macd has no column 'hist'", "choose one: .line, .signal, .histogram"),
    ("rsi(14).value > 0", 9, "rsi has no column 'value'", "leave it out"),
    ("rsi(14).5 > 0", 8, "'.5' does not continue", None),
    ("shift(close, 1).x > 0", 17, "shift has no columns", None),
    ("highest(20) < close", 1, "highest needs to know of what", "write highest(high, 20)"),
    ("highest(high) < close", 1, "highest lacks its period", "write highest(high, 20)"),
    ("atr(close, 14) > 1", 5, "atr takes its columns by itself", "write atr(14)"),
    ("shift(close, -1) > 1", 14, "would see the future", "use n of 1 or more"),
    ("shift(close, 0) > 1", 14, "n is 0", "a whole number from 1 to 1000"),
    ("shift(close) > 1", 1, "shift takes 2 arguments, 1 given", "write shift(close, 1) for the bar before"),
    ("shift(5, 1) > close", 7, "the first argument never changes", "use a column or an indicator, such as close"),
    ("shift > 1", 1, "without its parentheses", "write shift(close, 1) for the bar before"),
    ("crosses_above(close)", 1, "takes 2 arguments, 1 given", "write crosses_above(close, sma(50))"),
    ("crosses_above(1, 2)", 1, "never cross", "write crosses_above(close, sma(50))"),
    ("close crosses_above open", 7, "does not continue", "write crosses_above(a, b)"),
    ("close(5) > 1", 1, "close is a column and takes nothing", "write close"),
    ("close[1] > 1", 6, "'[' is not part", "the bar before is shift(close, 1)"),
    ("close = 5", 7, "'=' is not part", "write == to compare"),
    ("close > 5 && open > 5", 11, "'&' is not part", "write and"),
    ("close > 5 % 2", 11, "'%' is not part", "there is no remainder; 5 % of x is 0.05 * x"),
    ("close > 5 close < 6", 11, "does not continue", "join conditions by and, or"),
    ("close", 1, "close is a number, not a condition", "compare it: close > 0"),
    ("not rsi(14)", 5, "rsi(14) is a number, not a condition", "compare it: rsi(14) > 0"),
    ("close > 5 and open", 15, "open is a number, not a condition", "compare it: open > 0"),
    ("(close > 5) + 1 > 2", 1, "a condition stands where a number belongs", "conditions are joined by and, or, not"),
    ("(close > 5) < 6", 1, "a condition stands where a number belongs", "conditions are joined by and, or, not"),
    ("sma(close > 5, 3) > 1", 5, "a condition stands where a number belongs", "conditions are joined by and, or, not"),
    ("-(close > 5) > 1", 2, "a condition stands where a number belongs", "conditions are joined by and, or, not"),
    ("1 < 2", 3, "both sides are numbers that never change", "compare a column or an indicator"),
    ("1 < 2 < close", 3, "both sides are numbers that never change", "compare a column or an indicator"),
    ("(close > 5", 11, "the parenthesis of column 1 is not closed before the end", None),
    ("close > 5)", 10, "')' does not continue", None),
    ("rsi(14 < 30", 8, "both sides are numbers that never change", None),
    ("close > 1e999", 9, "no number that a computer can hold", None),
    ("close > 1e-999", 9, "no number that a computer can hold", None),
    ("close > 1.2.3", 12, "does not continue", None),
    ("ｃlose > 1", 1, "is not part", None),
    ("сlose > 1", 1, "'\\u0441' is not part", None),
    ("close > 1\0", 10, "'\\x00' is not part", None),
    ("(" * 30 + "close > 1" + ")" * 30, 25, "nested deeper than 24", "split the condition into several"),
    ("not " * 1_00 + "close > 1", 97, "nested deeper than 24", "split the condition into several"),
    ("-" * 500 + "close > 1", 25, "nested deeper than 24", "split the condition into several"),
    ("sma(" * 40 + "close" + ", 2)" * 40 + " > 1", 100, "nested deeper than 24", "split the condition into several"),
]


@pytest.mark.parametrize(("text", "column", "words", "hint"), BAD, ids=range(len(BAD)))
def test_bad_condition_is_refused_at_its_column(text: str, column: int, words: str, hint: str | None) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse_condition(text, "/rules/entry/0/condition")
    error = caught.value
    assert error.detail.startswith(f"column {column}: ")
    assert words in error.detail
    assert (error.hint or "").startswith(hint or "")
    assert (error.code, error.pointer) == ("strategy.invalid", "/rules/entry/0/condition")
    assert len(error.detail) <= 200
    assert error.detail.isascii()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("close > 1 and " * 800, "has 11200 characters"),
        ("+".join(["close"] * 101) + " > 1", "more than 200 parts"),
        ("or".join(["(rsi()>1)"] * 70), "more than 200 parts"),
        ("+".join(["macd().line"] * 60) + " > 1", "once it is written out"),
        ("", "is empty"),
        (" \n", "is empty"),
        (None, "is not a text"),
        (5, "is not a text"),
        (["rsi(14) < 30"], "is not a text"),
    ],
    ids=range(9),
)
def test_condition_that_is_too_long_or_no_text_is_refused(text: object, words: str) -> None:
    with pytest.raises(BadStrategyError) as caught:
        parse_condition(text)
    assert words in caught.value.detail


@pytest.mark.parametrize("name", FUNCTIONS)
def test_example_that_hints_show_is_a_call_that_reads(name: str) -> None:
    assert text_of(parse_condition(f"{example(name)} > 0")) == f"{example(name)} > 0"


def test_hints_for_foreign_names_name_things_that_exist() -> None:
    for hint in INSTEAD.values():
        call = hint.removeprefix("write ").split(" or ")[0].split(",  ")[0]
        call = call.replace("a, b", "close, open").split(", .")[0]
        text = call if call.startswith("crosses") else f"{call} > 0"
        assert parse_condition(text)
