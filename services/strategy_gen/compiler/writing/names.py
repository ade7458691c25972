"""Names for what a sentence computes and for the numbers in it, so that code reads like the trade and its numbers can be tuned."""

import math
from collections.abc import Iterable

from services.strategy_gen.compiler.tree import Change, Column, Condition, Figure, FromExtreme, Gap, Indicator, Term
from services.strategy_gen.compiler.writing.refusal import Refusal
from services.strategy_gen.compiler.writing.walk import Series, base, leaves_of, terms_of

_PARTS = {
    ("macd", "line"): "macd",
    ("macd", "signal"): "macd_signal",
    ("macd", "histogram"): "macd_histogram",
    ("bollinger", "upper"): "upper_band",
    ("bollinger", "middle"): "middle_band",
    ("bollinger", "lower"): "lower_band",
    ("stochastic", "k"): "stochastic_k",
    ("stochastic", "d"): "stochastic_d",
    ("adx", "adx"): "adx",
    ("adx", "plus_di"): "plus_di",
    ("adx", "minus_di"): "minus_di",
}
_PERIODS = {
    "macd": ("macd_fast", "macd_slow", "macd_smoothing"),
    "bollinger": ("band_period",),
    "stochastic": ("stochastic_period", "stochastic_smoothing", "stochastic_average"),
    "adx": ("adx_period",),
    "obv": (),
}
_AVERAGES = ("sma", "ema", "wma")


class Names:
    """Titles of the computed terms and the parameters of one strategy, in the order they are asked for.

    parameters: name -> default, whole numbers for bars. The same name with another value gets a number behind it.
    """

    def __init__(self, conditions: Iterable[Condition]):
        """Give every computed term of the conditions a title."""
        self.parameters: dict[str, int | float] = {}
        found: dict[Series, None] = {}
        for condition in conditions:
            for leaf in leaves_of(condition):
                for term in map(base, terms_of(leaf)):
                    if isinstance(term, Series):
                        found[term] = None
        self._titles = _titled(list(found))

    def title(self, term: Term) -> str:
        """Return what a term is called: its column, its figure, or the title of what is computed."""
        of = base(term)
        match of:
            case Indicator() | Change() | Gap() | FromExtreme():
                return self._titles[of]
            case Column(name=name, shift=shift):
                return f"earlier_{name}" if shift.count else name
            case Figure(name=name):
                return name
        return "number"

    def parameter(self, name: str, value: int | float) -> str:
        """Return the name of a parameter with this default; raises Refusal for a number that is none."""
        if not math.isfinite(value):
            raise Refusal("a number is too large to compute with", code="prompt.number", hint="name a smaller one")
        free, again = name, 1
        while free in self.parameters and self.parameters[free] != value:
            again += 1
            free = f"{name}_{again}"
        self.parameters[free] = value
        return free

    def periods(self, series: Series) -> tuple[str, ...]:
        """Return the parameters for the lengths of a computed term, in its own order."""
        title = self.title(series)
        match series:
            case Change(over=over) | FromExtreme(over=over):
                return (self.parameter(f"{title}_bars", over.count),)
            case Indicator(name=name, spans=spans):
                names = _PERIODS.get(name, (f"{title}_period",))
                return tuple(self.parameter(word, span.count) for word, span in zip(names, spans, strict=True))
        return ()


def _titled(found: list[Series]) -> dict[Series, str]:
    """Return a title for each: two of a kind are the fast and the slow one, more are counted."""
    titles: dict[Series, str] = {}
    for word in dict.fromkeys(map(_word, found)):
        alike = sorted((series for series in found if _word(series) == word), key=_length)
        ends: tuple[str, ...] = ("",) if len(alike) == 1 else tuple(f"_{place}" for place in range(1, len(alike) + 1))
        if len(alike) == 2 and _length(alike[0]) < _length(alike[1]):
            ends = ("_fast", "_slow") if word.endswith(_AVERAGES) else ("_short", "_long")
        titles.update(zip(alike, (word + end for end in ends), strict=True))
    return titles


def _word(series: Series) -> str:
    match series:
        case Gap():
            return "gap"
        case Change(of=of):
            return "change" if of == "close" else f"{of}_change"
        case FromExtreme(extreme=extreme):
            return f"from_{extreme}"
        case Indicator(name=name, of=of, part=part):
            if name == "sma" and of == "volume":
                return "average_volume"
            if name in ("highest", "lowest"):
                return f"{name}_{of}"
            word = _PARTS.get((name, part), name)
            return word if of == "close" else f"{of}_{word}"


def _length(series: Series) -> tuple[int, ...]:
    match series:
        case Change(over=over) | FromExtreme(over=over):
            return (over.count,)
        case Indicator(spans=spans):
            return tuple(span.count for span in spans)
    return ()
