"""Conditions as pandas code: whole columns at a time, for `generate_signals(df)`."""

from collections.abc import Callable

from services.strategy_gen.compiler.tree import (
    Between,
    Change,
    Column,
    Compare,
    Condition,
    Cross,
    FromExtreme,
    Gap,
    Indicator,
    Number,
    Scaled,
    Span,
    Streak,
    Term,
    Trend,
    Within,
)
from services.strategy_gen.compiler.writing.layout import Expression, Wrapped
from services.strategy_gen.compiler.writing.logic import SWAPPED, TURNED
from services.strategy_gen.compiler.writing.names import Names
from services.strategy_gen.compiler.writing.thresholds import factor, limit
from services.strategy_gen.compiler.writing.walk import Series, is_constant, may_be_zero

_EACH = {True: "each_of_last", False: "any_of_last"}


class SeriesDialect:
    """Spells conditions as boolean Series. columns: the line that computes each title; helpers: the functions the code calls."""

    both = "&"
    either = "|"

    def __init__(self, names: Names):
        """Take titles and parameters from `names`."""
        self._names = names
        self.columns: dict[str, str] = {}
        self.helpers: dict[str, None] = {}

    def held(self, over: Span, inner: Callable[[], Expression], *, holds: bool) -> Wrapped:
        """Return an expression over the last bars."""
        within = inner()
        bars = self._names.parameter("held_bars", over.count)
        return Wrapped(self._helper(_EACH[holds]), within, f"{bars},")

    def leaf(self, leaf: Condition, *, holds: bool) -> tuple[str, bool]:
        """Return the code of one condition."""
        match leaf:
            case Compare():
                return self._compare(leaf, holds), False
            case Between():
                return self._between(leaf, holds), False
            case Cross():
                return self._cross(leaf, holds)
            case Trend(term=term, direction=direction, over=over):
                sign = ">" if direction == "rising" else "<"
                move = f"{self._whole(term)}.diff() {sign if holds else TURNED[sign]} 0"
                return self._over(move, f"{self._names.title(term)}_{direction}_bars", over, holds), True
            case Streak(colour=colour, over=over):
                sign = ">" if colour == "green" else "<"
                body = f'df["close"] {sign if holds else TURNED[sign]} df["open"]'
                return self._over(body, f"{colour}_bars", over, holds), True
            case Within():
                return self._within(leaf, holds), False
        raise TypeError(f"{type(leaf).__name__} is not about bars")

    def _compare(self, leaf: Compare, holds: bool) -> str:
        left, right = self._sides(leaf.left, leaf.right, leaf.op)
        if holds:
            return f"{left} {leaf.op} {right}"
        if leaf.op == "==":
            return f"({left} < {right}) | ({left} > {right})"
        return f"{left} {TURNED[leaf.op]} {right}"

    def _between(self, leaf: Between, holds: bool) -> str:
        term = self._term(leaf.term)
        low = self._term(leaf.low, limit(self._names, leaf.term, "from"))
        high = self._term(leaf.high, limit(self._names, leaf.term, "to"))
        return f"({term} >= {low}) & ({term} <= {high})" if holds else f"({term} < {low}) | ({term} > {high})"

    def _cross(self, leaf: Cross, holds: bool) -> tuple[str, bool]:
        above = leaf.direction == "above"
        ends = (leaf.left, leaf.right)
        if is_constant(leaf.left):
            ends, above = (leaf.right, leaf.left), not above
        line, level = self._sides(*ends, "level")
        if holds:
            return f"{self._helper('crosses_above' if above else 'crosses_below')}({line}, {level})", True
        stays, came = ("<=", ">") if above else (">=", "<")
        return f"({line} {stays} {level}) | ({line} {came} {level}).shift(1, fill_value=False)", False

    def _within(self, leaf: Within, holds: bool) -> str:
        left, right = self._sides(leaf.left, leaf.right, "level")
        share = self._names.parameter(f"{self._names.title(leaf.left)}_within", leaf.fraction)
        divided = (
            f"{self._helper('ratio')}({left}, {right})"
            if self._guarded(leaf.right)
            else f"{_bracketed(left)} / {_bracketed(right)}"
        )
        return f"({divided} - 1).abs() {'<=' if holds else '>'} {share}"

    def _guarded(self, term: Term) -> bool:
        return may_be_zero(term) and not is_constant(term)

    def _over(self, body: str, parameter: str, over: Span, holds: bool) -> str:
        return f"{self._helper(_EACH[holds])}({body}, {self._names.parameter(parameter, over.count)})"

    def _sides(self, left: Term, right: Term, word: str) -> tuple[str, str]:
        """Return both sides; a number is named by the other side and what is asked of it."""
        return (
            self._term(left, limit(self._names, right, SWAPPED.get(word, word))),
            self._term(right, limit(self._names, left, word)),
        )

    def _whole(self, term: Term) -> str:
        return _bracketed(self._term(term))

    def _term(self, term: Term, limit_name: str = "number") -> str:
        match term:
            case Number(value=value):
                return self._names.parameter(limit_name, float(value))
            case Column(name=name, shift=shift):
                return f'df["{name}"]' + (f".shift({shift.count})" if shift.count else "")
            case Scaled(factor=times, term=inner):
                return f"{factor(self._names, inner, times)} * {self._term(inner, limit_name)}"
            case Indicator() | Change() | Gap() | FromExtreme():
                return self._column(term)
        raise TypeError(f"{type(term).__name__} is not about bars")

    def _column(self, series: Series) -> str:
        title = self._names.title(series)
        if title not in self.columns:
            self.columns[title] = ""
            self.columns[title] = self._computed(series)
        return f'df["{title}"]'

    def _computed(self, series: Series) -> str:
        periods = self._names.periods(series)
        match series:
            case Gap():
                return 'df["open"] / df["close"].shift(1) - 1'
            case Change(of=of):
                return f"{self._moved(of, periods[0])} - 1"
            case FromExtreme(extreme=extreme):
                return f'df["close"] / df["{extreme}"].rolling({periods[0]}).{_REACH[extreme]}() - 1'
            case Indicator():
                code = self._indicator(series, periods)
                return f"{_bracketed(code)}.shift(1)" if series.before else code

    def _moved(self, of: str, bars: str) -> str:
        if of == "volume":
            return f'{self._helper("ratio")}(df["volume"], df["volume"].shift({bars}))'
        return f'df["{of}"] / df["{of}"].shift({bars})'

    def _indicator(self, indicator: Indicator, periods: tuple[str, ...]) -> str:
        values = f'df["{indicator.of}"]'
        match indicator.name:
            case "sma":
                return f"{values}.rolling({periods[0]}).mean()"
            case "highest" | "lowest":
                return f"{values}.rolling({periods[0]}).{'max' if indicator.name == 'highest' else 'min'}()"
            case "roc":
                return f"100 * ({self._moved(indicator.of, periods[0])} - 1)"
            case "bollinger":
                return self._band(indicator, values, periods[0])
            case "atr" | "vwap" | "obv":
                return f"{self._helper(indicator.name)}({', '.join(('df', *periods))})"
            case "stochastic" | "adx":
                taken = periods[:2] if indicator.part == "k" else periods
                name = f"stochastic_{indicator.part}" if indicator.name == "stochastic" else indicator.part
                return f"{self._helper(name)}({', '.join(('df', *taken))})"
            case "macd":
                taken = periods[:2] if indicator.part == "line" else periods
                name = {"line": "macd", "signal": "macd_signal", "histogram": "macd_histogram"}[indicator.part]
                return f"{self._helper(name)}({', '.join((values, *taken))})"
        return f"{self._helper(indicator.name)}({', '.join((values, *periods))})"

    def _band(self, indicator: Indicator, values: str, period: str) -> str:
        if indicator.part == "middle":
            return f"{values}.rolling({period}).mean()"
        width = self._names.parameter("band_width", float(indicator.width))
        return f"{self._helper(f'{indicator.part}_band')}({values}, {period}, {width})"

    def _helper(self, name: str) -> str:
        self.helpers[name] = None
        return name


_REACH = {"high": "max", "low": "min"}


def _bracketed(code: str) -> str:
    return f"({code})" if " " in code else code
