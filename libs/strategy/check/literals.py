"""Judges texts and numbers written in the source."""

import ast
import re

from libs.strategy.check.modules import member_of
from libs.strategy.check.names import is_main_guard
from libs.strategy.check.notes import Notes
from libs.strategy.check.walk import Walked

MAX_INT = 10**18
MAX_TEXT = 8 * 1024
"""Bytes of one text."""

MANY = 50
"""Dates, or numbers in one list, beyond which a source looks as if it knew the past by heart."""

_DUNDER = re.compile(r"__[^\s_][^\s]*__")
_DATE = re.compile(r"(19|20)\d\d-[01]?\d-[0-3]?\d")
_CLOCK_WORDS = frozenset({"now", "today"})
_CLOCK_READERS = frozenset(
    {
        "numpy.array",
        "numpy.datetime64",
        "pandas.DatetimeIndex",
        "pandas.Period",
        "pandas.Timestamp",
        "pandas.date_range",
        "pandas.period_range",
        "pandas.to_datetime",
    }
)
"""What reads the machine's clock when it is given one of those words, which no guard can answer with the time of the bar."""
_DATE_MAKERS = frozenset({"datetime", "date", "Timestamp"})


def judge_literals(walked: Walked, notes: Notes) -> None:
    """Remark huge numbers and texts, texts that spell dunder names, and histories written into the source."""
    for constant in walked.all(ast.Constant):
        value = constant.value
        if isinstance(value, str | bytes):
            _judge_text(constant, value, walked, notes)
            _judge_clock(constant, value, walked, notes)
        elif isinstance(value, int) and abs(value) > MAX_INT:
            notes.error(constant, "number.too_large", "a whole number above 10**18", "write it as a float")
    for joined in walked.all(ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "x" for part in joined.values]
        if _DUNDER.search("".join(map(str, parts))):
            _refuse_dunder(joined, notes)
    _judge_history(walked, notes)


def _judge_text(constant: ast.Constant, value: str | bytes, walked: Walked, notes: Notes) -> None:
    if len(value) > MAX_TEXT or (isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > MAX_TEXT):
        notes.error(
            constant, "text.too_long", f"a text of more than {MAX_TEXT:,} bytes", "leave data out of the source"
        )
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _DUNDER.search(text) and not is_main_guard(walked.parents[constant], walked):
        _refuse_dunder(constant, notes)


def _judge_clock(constant: ast.Constant, value: str | bytes, walked: Walked, notes: Notes) -> None:
    if value not in _CLOCK_WORDS:
        return
    around = walked.parents[constant]
    call = walked.parents[around] if isinstance(around, ast.keyword | ast.List | ast.Tuple) and around else around
    if isinstance(call, ast.Call) and member_of(call.func, walked) in _CLOCK_READERS:
        message = f"{value!r} is the machine's clock, and a strategy decides at the time of its bar"
        notes.error(
            constant, "clock.machine", message, "write pd.Timestamp.now() or datetime.utcnow(): the close of the bar"
        )


def _refuse_dunder(node: ast.AST, notes: Notes) -> None:
    message = "a text that spells a name of the interpreter (__x__)"
    notes.error(node, "text.dunder", message, "name columns and keys without double underscores")


def _judge_history(walked: Walked, notes: Notes) -> None:
    dates: list[ast.expr] = [
        one for one in walked.all(ast.Constant) if isinstance(one.value, str) and _DATE.match(one.value)
    ]
    dates += [call for call in walked.all(ast.Call) if _makes_date(call)]
    if len(dates) > MANY:
        message = f"{len(dates)} dates are written into the code: it may know the past by heart"
        notes.warn(dates[0], "data.dates", message, "decide from prices; such a strategy fails on bars it has not seen")
    for kind in (ast.List, ast.Tuple, ast.Set, ast.Dict):
        for group in walked.all(kind):
            values = group.values if isinstance(group, ast.Dict) else getattr(group, "elts", [])
            if sum(_is_number(one) for one in values) > MANY:
                message = f"more than {MANY} numbers are written into one {kind.__name__.lower()}"
                notes.warn(group, "data.numbers", message, "compute them from prices, or keep a few parameters")


def _makes_date(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    return name in _DATE_MAKERS and len(call.args) >= 3 and all(_is_number(one) for one in call.args[:3])


def _is_number(node: ast.expr) -> bool:
    operand = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(operand, ast.Constant) and isinstance(operand.value, int | float)
