"""Writes a condition in its one spelling: equal trees give equal texts, and the text reads back as the same tree."""

from libs.strategy.conditions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Node,
    Not,
    Number,
    Numeric,
    Or,
    Shift,
    Truth,
)


def text_of(node: Node) -> str:
    """Return the node's text, such as `rsi(14) < 30 and volume > 2 * sma(volume, 20)`."""
    if isinstance(node, Comparison | Crossing | Not | And | Or):
        return _truth(node)
    return _numeric(node)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as `value`: 30, not 30.0."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _truth(node: Truth) -> str:
    match node:
        case Comparison(terms=terms, signs=signs):
            rest = (f" {sign} {_numeric(term)}" for sign, term in zip(signs, terms[1:], strict=True))
            return _numeric(terms[0]) + "".join(rest)
        case Crossing(above=above, first=first, second=second):
            return f"crosses_{'above' if above else 'below'}({_numeric(first)}, {_numeric(second)})"
        case Not(of=of):
            return f"not ({_truth(of)})" if isinstance(of, And | Or) else f"not {_truth(of)}"
        case And(parts=parts):
            return " and ".join(f"({_truth(part)})" if isinstance(part, Or) else _truth(part) for part in parts)
        case Or(parts=parts):
            return " or ".join(_truth(part) for part in parts)


def _numeric(node: Numeric) -> str:
    match node:
        case Number(value=value):
            return number_text(value)
        case Column(name=name):
            return name
        case Indicator(name=name, source=source, settings=settings, output=output):
            given = [] if source is None else [_numeric(source)]
            call = f"{name}({', '.join([*given, *map(number_text, settings)])})"
            return f"{call}.{output}" if output else call
        case Shift(of=of, bars=bars):
            return f"shift({_numeric(of)}, {bars})"
        case Negative(of=of):
            return f"-({_numeric(of)})" if isinstance(of, Arithmetic) else f"-{_numeric(of)}"
        case Arithmetic(operator=operator, left=left, right=right):
            return f"{_side(left, operator, False)} {operator} {_side(right, operator, True)}"


def _side(node: Numeric, operator: str, right: bool) -> str:
    """Return one side of an operator, in parentheses where the text would otherwise be read another way."""
    if not isinstance(node, Arithmetic):
        return _numeric(node)
    weaker = operator in "*/" and node.operator in "+-"
    same = (operator in "*/") == (node.operator in "*/")
    return f"({_numeric(node)})" if weaker or (right and same) else _numeric(node)
