"""Reads a condition: recursive descent over tokens, one method a rule of the grammar (see the package).

Decides precedence, types and bounds. Every error has the JSON pointer of the condition, and in its words the 1-based column.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from libs.common.errors import BadStrategyError
from libs.market.frame import COLUMNS
from libs.strategy.conditions.calls import Argument, called, is_constant, is_truth, numeric, unknown
from libs.strategy.conditions.functions import CROSSINGS
from libs.strategy.conditions.lexer import Token, fault, tokens
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NODES,
    Arithmetic,
    Column,
    Comparison,
    Negative,
    Node,
    Not,
    Number,
    Operator,
    Sign,
    Truth,
    all_of,
    any_of,
)

N = TypeVar("N", bound=Node)

_SIGNS = ("<", "<=", ">", ">=", "==", "!=")


def parse_condition(text: Any, at: str = "/condition") -> Truth:
    """Return the tree of a condition's text; `at` is its JSON pointer. Raises BadStrategyError."""
    if not isinstance(text, str) or not text.strip():
        what = "is empty" if isinstance(text, str) else "is not a text"
        raise BadStrategyError(f"the condition {what}", pointer=at, hint='write it like "rsi(14) < 30"')
    return _Parser(text, at).whole()


class _Parser:
    def __init__(self, text: str, at: str):
        self._tokens = tokens(text, at)
        self._place = 0
        self._depth = 0
        self._nodes = 0
        self._at = at

    def whole(self) -> Truth:
        found = self._argument(self._condition)
        if self._next.kind != "end":
            raise self._bad(self._next.column, f"{self._next.shown} does not continue the condition", self._joint())
        tree = self._truth(found)
        if len(text_of(tree)) > MAX_LENGTH:
            raise self._too_long(f"has more than {MAX_LENGTH} characters once it is written out")
        return tree

    def _joint(self) -> str | None:
        if self._next.text in CROSSINGS:
            return f"write {self._next.text}(a, b)"
        return "join conditions by and, or" if self._next.kind == "name" else None

    def _condition(self) -> Node:
        return self._joined("or", self._conjunction, any_of)

    def _conjunction(self) -> Node:
        return self._joined("and", self._negation, all_of)

    def _joined(self, word: str, part: Callable[[], Node], join: Callable[[tuple[Truth, ...]], Truth]) -> Node:
        parts = [self._argument(part)]
        while self._takes(word):
            parts.append(self._argument(part))
        return parts[0].node if len(parts) == 1 else self._made(join(tuple(self._truth(one) for one in parts)))

    def _negation(self) -> Node:
        start = self._next.column
        if not self._takes("not"):
            return self._comparison()
        with self._deeper(start):
            return self._made(Not(self._truth(self._argument(self._negation))))

    def _comparison(self) -> Node:
        terms = [self._argument(self._sum)]
        signs: list[Sign] = []
        while self._next.text in _SIGNS:
            place = self._next.column
            signs.append(cast(Sign, self._take().text))
            terms.append(self._argument(self._sum))
            left, right = (numeric(one, self._at) for one in terms[-2:])
            if is_constant(left) and is_constant(right):
                raise self._bad(place, "both sides are numbers that never change", "compare a column or an indicator")
        if not signs:
            return terms[0].node
        return self._made(Comparison(tuple(numeric(one, self._at) for one in terms), tuple(signs)))

    def _sum(self) -> Node:
        return self._chained("+-", self._product)

    def _product(self) -> Node:
        return self._chained("*/", self._factor)

    def _chained(self, operators: str, part: Callable[[], Node]) -> Node:
        left = self._argument(part)
        while self._next.kind == "sign" and self._next.text in operators:
            operator = cast(Operator, self._take().text)
            right = self._argument(part)
            node = Arithmetic(operator, numeric(left, self._at), numeric(right, self._at))
            left = Argument(self._made(node), left.column)
        return left.node

    def _factor(self) -> Node:
        start = self._next.column
        if not self._takes("-"):
            return self._atom()
        with self._deeper(start):
            of = numeric(self._argument(self._factor), self._at)
        if isinstance(of, Number):
            return Number(0.0 - of.value)
        return of.of if isinstance(of, Negative) else self._made(Negative(of))

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._made(self._number(token))
        if token.kind == "name":
            return self._named(token)
        if token.text != "(":
            raise self._bad(token.column, f"a number, column or indicator belongs here, not {token.shown}")
        with self._deeper(token.column):
            found = self._condition()
        self._close(token)
        return found

    def _number(self, token: Token) -> Number:
        value = float(token.text)
        digits = token.text.split("e")[0]
        if math.isinf(value) or (value == 0.0 and digits.strip("0.")):
            raise self._bad(token.column, f"{token.shown} is no number that a computer can hold")
        return Number(value)

    def _named(self, name: Token) -> Node:
        if self._next.text != "(":
            if name.text not in COLUMNS:
                raise unknown(name, self._at)
            return self._made(Column(name.text))
        arguments = self._arguments(self._take())
        output = self._output() if self._takes(".") else None
        return self._made(called(name, arguments, output, self._at))

    def _arguments(self, opened: Token) -> list[Argument]:
        found: list[Argument] = []
        with self._deeper(opened.column):
            if self._next.text != ")":
                found.append(self._argument(self._condition))
                while self._takes(","):
                    found.append(self._argument(self._condition))
        self._close(opened)
        return found

    def _output(self) -> Token:
        token = self._take()
        if token.kind != "name":
            raise self._bad(token.column, f"the name of a column belongs here, not {token.shown}")
        return token

    def _close(self, opened: Token) -> None:
        token = self._take()
        if token.text != ")":
            raise self._bad(
                token.column, f"the parenthesis of column {opened.column} is not closed before {token.shown}"
            )

    def _argument(self, part: Callable[[], Node]) -> Argument:
        start = self._next.column
        return Argument(part(), start)

    def _truth(self, found: Argument) -> Truth:
        if not is_truth(found.node):
            shown = text_of(found.node)[:60]
            raise self._bad(found.column, f"{shown} is a number, not a condition", f"compare it: {shown} > 0")
        return cast(Truth, found.node)

    def _made(self, node: N) -> N:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._too_long(f"has more than {MAX_NODES} parts")
        return node

    def _too_long(self, what: str) -> BadStrategyError:
        return BadStrategyError(f"the condition {what}", pointer=self._at, hint="split it into several")

    def _bad(self, column: int, detail: str, hint: str | None = None) -> BadStrategyError:
        return fault(self._at, column, detail, hint)

    @contextmanager
    def _deeper(self, column: int) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._bad(column, f"nested deeper than {MAX_DEPTH} levels", "split the condition into several")
        yield
        self._depth -= 1

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _takes(self, text: str) -> bool:
        if self._next.kind == "end" or self._next.text != text:
            return False
        self._place += 1
        return True
