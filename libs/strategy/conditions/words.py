"""Why a condition holds on a bar, in words such as `rsi(14) 27.4 < 30`. Decides the words, not the truth."""

import math
from collections.abc import Iterator

from libs.strategy.conditions.calls import is_constant
from libs.strategy.conditions.digits import digits_of, in_order
from libs.strategy.conditions.functions import FUNCTIONS
from libs.strategy.conditions.opposite import TURNED
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Not,
    Number,
    Numeric,
    Or,
    Shift,
    Truth,
    nodes,
)
from libs.strategy.conditions.view import View

_DIGITS = 6


def facts(view: View, node: Truth, bar: int, holds: bool = True) -> Iterator[str]:
    """Yield what makes the condition true on the bar (or false, with holds=False), one comparison or crossing each."""
    match node:
        case Comparison(terms=terms, signs=signs):
            yield from [_compared(view, terms, signs, bar)] if holds else _failing(view, node, bar)
        case Crossing(above=above, first=first, second=second):
            word = f"{'crossed' if holds else 'did not cross'} {'above' if above else 'below'}"
            yield _compared(view, (first, second), (word,), bar)
        case Not(of=of):
            yield from facts(view, of, bar, not holds)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                if view.known(part, bar) is holds:
                    yield from facts(view, part, bar, holds)


def sides(root: Truth) -> tuple[Numeric, ...]:
    """Return what a condition compares: the sides of its comparisons and crossings that depend on the bars, each once."""
    found: dict[Numeric, None] = {}
    for node in nodes(root):
        match node:
            case Comparison(terms=terms):
                found |= dict.fromkeys(terms)
            case Crossing(first=first, second=second):
                found |= {first: None, second: None}
    return tuple(node for node in found if not is_constant(node))


def missing(view: View, node: Numeric, bar: int) -> str | None:
    """Return why a side has no value on the bar, None if it has one."""
    if not math.isnan(view.value(node, bar)):
        return None
    early = view.seen(bar) <= warm_at(node)
    return f"{view.prefix}{text_of(node)} {'is not warm yet' if early else 'has no value on this bar'}"


def warm_at(node: Numeric) -> int:
    """Return the first bar, counted from 0, on which the node can have a value."""
    match node:
        case Number() | Column():
            return 0
        case Indicator(name=name, source=source, settings=settings, output=output):
            function = FUNCTIONS[name]
            own = function.warm(settings)[function.outputs.index(output) if output else 0]
            return own + (0 if source is None else warm_at(source))
        case Shift(of=of, bars=bars):
            return bars + warm_at(of)
        case Negative(of=of):
            return warm_at(of)
        case Arithmetic(left=left, right=right):
            return max(warm_at(left), warm_at(right))


def _failing(view: View, node: Comparison, bar: int) -> Iterator[str]:
    for left, sign, right in node.pairs():
        if view.known(Comparison((left, right), (sign,)), bar) is False:
            yield _compared(view, (left, right), (TURNED[sign],), bar)


def _compared(view: View, terms: tuple[Numeric, ...], words: tuple[str, ...], bar: int) -> str:
    values = [view.value(term, bar) for term in terms]
    written = [text_of(term) if isinstance(term, Number) else None for term in terms]
    few = max(digits_of(value) for value, text in zip(values, written, strict=True) if text is None)
    shown = in_order(values, written, few if any(written) else _DIGITS)
    told = [
        number if text else f"{text_of(term)} {number}"
        for term, text, number in zip(terms, written, shown, strict=True)
    ]
    return view.prefix + told[0] + "".join(f" {word} {term}" for word, term in zip(words, told[1:], strict=True))
