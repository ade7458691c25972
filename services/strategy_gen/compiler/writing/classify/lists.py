"""Conditions as plain Python on lists, for `classify_symbol(symbol)`: it is asked bar by bar, and decides about the newest one.

Every computed term is a function with an argument `ago`, the bars back; what is not known is NaN, which no comparison lets pass.
"""

import json
from collections.abc import Callable

from services.strategy_gen.compiler.tree import (
    Between,
    Change,
    Column,
    Compare,
    Condition,
    Cross,
    Figure,
    FromExtreme,
    Gap,
    Indicator,
    Number,
    Scaled,
    Sector,
    Span,
    Streak,
    Term,
    Trend,
    Within,
)
from services.strategy_gen.compiler.writing.classify.lists_terms import (
    Ago,
    Reach,
    arguments_of,
    helper_of,
    lists_of,
    reach_of,
)
from services.strategy_gen.compiler.writing.layout import Expression, Wrapped
from services.strategy_gen.compiler.writing.logic import SWAPPED, TURNED
from services.strategy_gen.compiler.writing.names import Names
from services.strategy_gen.compiler.writing.sectors import same_sector
from services.strategy_gen.compiler.writing.thresholds import factor, limit
from services.strategy_gen.compiler.writing.walk import Series, is_constant, may_be_zero

_EACH = {True: "all", False: "any"}


class ListDialect:
    """Spells conditions as Python truths.

    helpers: functions the code calls. lists: columns of the bars it reads. figures: company figures it reads. reaches: how many bars each term
    needs, as code. kept: titles of terms that are computed once and looked at by name.
    """

    both = "and"
    either = "or"

    def __init__(self, names: Names, least: int):
        """Take titles and parameters from `names`; least: bars that are there for certain."""
        self._names = names
        self._least = least
        self._ago = Ago()
        self.helpers: dict[str, None] = {}
        self.lists: dict[str, None] = {}
        self.figures: dict[str, None] = {}
        self.reaches: dict[Reach, None] = {}
        self.kept: dict[str, str] = {}

    def held(self, over: Span, inner: Callable[[], Expression], *, holds: bool) -> Wrapped:
        """Return an expression over the last bars."""
        bars = self._names.parameter("held_bars", over.count)
        outer, self._ago = self._ago, self._ago.into(bars)
        within = inner()
        loop = f"for {self._ago.newest} in range({bars})"
        self._ago = outer
        return Wrapped(_EACH[holds], within, loop)

    def leaf(self, leaf: Condition, *, holds: bool) -> tuple[str, bool]:
        """Return the code of one condition."""
        match leaf:
            case Compare():
                return self._compare(leaf, holds)
            case Between():
                return self._between(leaf, holds)
            case Cross():
                return self._cross(leaf, holds), holds
            case Trend():
                return self._trend(leaf, holds), True
            case Streak():
                return self._streak(leaf, holds), True
            case Within():
                return self._within(leaf, holds), True
            case Sector(name=name):
                self.figures["sector"] = None
                inside = f"sector in {_texts(same_sector(name))}"
                return (inside, True) if holds else (f'sector != "" and not {inside}', False)
        raise TypeError(f"{type(leaf).__name__} is not known")

    def keep(self, term: Term) -> str:
        """Return a term by name: it is computed once, before the conditions."""
        match term:
            case Scaled(factor=times, term=inner):
                return f"{factor(self._names, inner, times)} * {self.keep(inner)}"
            case Indicator() | Change() | Gap() | FromExtreme():
                title = self._names.title(term)
                if title not in self.kept:
                    self.kept[title] = self._computed(term)
                return now(title)
        return self.term(term)

    def sides(self, left: Term, right: Term, word: str, spell: Callable[..., str]) -> tuple[str, str]:
        """Return both sides as `spell` gives them; a number is named by the other side and what is asked of it."""
        return (
            self._side(left, limit(self._names, right, SWAPPED.get(word, word)), spell),
            self._side(right, limit(self._names, left, word), spell),
        )

    def _side(self, term: Term, limit_name: str, spell: Callable[..., str]) -> str:
        if isinstance(term, Number):
            return self._names.parameter(limit_name, float(term.value))
        if isinstance(term, Scaled):
            return f"{factor(self._names, term.term, term.factor)} * {self._side(term.term, limit_name, spell)}"
        return spell(term)

    def term(self, term: Term) -> str:
        """Return a term as it stands at the bar in question."""
        match term:
            case Number():
                return self._side(term, "number", self.term)
            case Scaled(factor=times, term=inner):
                return f"{factor(self._names, inner, times)} * {self.term(inner)}"
            case Figure(name=name):
                self.figures[name] = None
                return name
            case Column(name=name, shift=shift):
                return self._column(name, shift.count)
            case Indicator() | Change() | Gap() | FromExtreme():
                return self._series(term)

    def _column(self, name: str, shift: int) -> str:
        ago = self._ago.plus(shift)
        values = self._list(name)
        self.reaches[ago.reach(1)] = None
        if ago.constant is not None and ago.constant < self._least:
            return f"{values}[{-1 - ago.constant}]"
        return f"{self.helper('earlier')}({values}, {ago.code})"

    def _series(self, series: Series) -> str:
        title = self._names.title(series)
        if title in self.kept and self._ago.constant == 0:
            return now(title)
        code = self._computed(series)
        return code if code.endswith(")") else f"({code})"

    def _computed(self, series: Series) -> str:
        ago = self._ago.plus(1) if isinstance(series, Indicator) and series.before else self._ago
        if isinstance(series, Gap) and ago.constant == 0 and self._least >= 2:
            self.reaches[Reach((), 2)] = None
            return f"{self._list('open')}[-1] / {self._list('close')}[-2] - 1"
        periods = self._names.periods(series)
        reach = reach_of(series, periods)
        self.reaches[reach.further(ago)] = None
        values = [self._list(name) for name in lists_of(series)]
        taken = arguments_of(series, periods, self._names)
        return f"{self.helper(helper_of(series))}({', '.join((*values, *taken, *ago.argument()))})"

    def _compare(self, leaf: Compare, holds: bool) -> tuple[str, bool]:
        left, right = self.sides(leaf.left, leaf.right, leaf.op, self.term)
        if holds:
            return f"{left} {leaf.op} {right}", True
        if leaf.op == "==":
            return f"{left} < {right} or {left} > {right}", False
        return f"{left} {TURNED[leaf.op]} {right}", True

    def _between(self, leaf: Between, holds: bool) -> tuple[str, bool]:
        term = self.term(leaf.term)
        low = self._side(leaf.low, limit(self._names, leaf.term, "from"), self.term)
        high = self._side(leaf.high, limit(self._names, leaf.term, "to"), self.term)
        return (f"{low} <= {term} <= {high}", True) if holds else (f"{term} < {low} or {term} > {high}", False)

    def _cross(self, leaf: Cross, holds: bool) -> str:
        above = leaf.direction == "above"
        now, before = (">", "<=") if above else ("<", ">=")
        left, right = self.sides(leaf.left, leaf.right, "level", self.term)
        was_left, was_right = self.sides(leaf.left, leaf.right, "level", self._earlier)
        if holds:
            return f"{left} {now} {right} and {was_left} {before} {was_right}"
        return f"{left} {TURNED[now]} {right} or {was_left} {TURNED[before]} {was_right}"

    def _within(self, leaf: Within, holds: bool) -> str:
        left, right = self.sides(leaf.left, leaf.right, "level", self.term)
        share = self._names.parameter(f"{self._names.title(leaf.left)}_within", leaf.fraction)
        guarded = may_be_zero(leaf.right) and not is_constant(leaf.right)
        divided = f"{self.helper('ratio')}({left}, {right})" if guarded else f"{left} / {_bracketed(right)}"
        return f"abs({divided} - 1) {'<=' if holds else '>'} {share}"

    def _trend(self, leaf: Trend, holds: bool) -> str:
        sign = ">" if leaf.direction == "rising" else "<"
        name = f"{self._names.title(leaf.term)}_{leaf.direction}_bars"
        bars = self._names.parameter(name, leaf.over.count)
        outer, self._ago = self._ago, self._ago.into(bars, more=1)
        values = f"{self.term(leaf.term)} for {self._ago.newest} in range({bars} + 1)"
        self._ago = outer
        moved = f"now {sign if holds else TURNED[sign]} before for now, before in pairwise({values})"
        return f"{_EACH[holds]}({moved})"

    def _streak(self, leaf: Streak, holds: bool) -> str:
        sign = ">" if leaf.colour == "green" else "<"
        bars = self._names.parameter(f"{leaf.colour}_bars", leaf.over.count)
        outer, self._ago = self._ago, self._ago.into(bars)
        ends = f"{self.term(Column('close'))} {sign if holds else TURNED[sign]} {self.term(Column('open'))}"
        code = f"{_EACH[holds]}({ends} for {self._ago.newest} in range({bars}))"
        self._ago = outer
        return code

    def _earlier(self, term: Term) -> str:
        outer, self._ago = self._ago, self._ago.plus(1)
        code = self.term(term)
        self._ago = outer
        return code

    def _list(self, name: str) -> str:
        self.lists[name] = None
        return LISTS[name]

    def helper(self, name: str) -> str:
        """Return the name of a function that the code will call."""
        self.helpers[name] = None
        return name


LISTS = {"open": "opens", "high": "highs", "low": "lows", "close": "closes", "volume": "volumes"}
"""What the lists of a symbol's bars are called."""


def _texts(names: tuple[str, ...]) -> str:
    return f"({', '.join(map(json.dumps, names))}{',' * (len(names) == 1)})"


def now(title: str) -> str:
    """Return the name of the value that a computed term has at the newest bar."""
    return f"{title}_now"


def _bracketed(code: str) -> str:
    return f"({code})" if " " in code and not code.endswith(")") else code
