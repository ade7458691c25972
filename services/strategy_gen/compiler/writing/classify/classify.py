"""A sentence as `classify_symbol(symbol)`: yes or no for the bar just closed, how far the first comparison is beyond its limit, and what decided.

It asks for as many bars as the terms need, counted from the parameters, so that tuning them asks for more.
"""

from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Column,
    Compare,
    Condition,
    Cross,
    Gap,
    Held,
    Not,
    Sentence,
    Streak,
    Term,
    Trend,
)
from services.strategy_gen.compiler.writing.classify.lists import LISTS, ListDialect, now
from services.strategy_gen.compiler.writing.classify.lists_helpers import HELPERS
from services.strategy_gen.compiler.writing.classify.lists_terms import Reach
from services.strategy_gen.compiler.writing.layout import defaults, docstring, joined, lines, signature
from services.strategy_gen.compiler.writing.logic import expression
from services.strategy_gen.compiler.writing.names import Names
from services.strategy_gen.compiler.writing.signals.series_helpers import with_needed
from services.strategy_gen.compiler.writing.walk import Series, base, leaves_of, terms_of

FADES = 9
"""Periods after which an exponential average no longer shows where it started, but for one part in a million."""

_LONGEST = 40
_MOST_SHOWN = 3
_FADES = f"FADES = {FADES}  # periods after which an exponential average has forgotten where it started"


def classify_code(sentence: Sentence, in_words: str, timeframe: str, horizon: int) -> str:
    """Return the source. sentence: its times in bars. timeframe: of the bars it asks for. horizon: bars a hit is held."""
    names = Names([sentence.entry])
    dialect = ListDialect(names, max(1, certain(sentence.entry)))
    beyond = _beyond(sentence.entry, dialect)
    rules = lines(expression(sentence.entry, dialect), 4, "hit = ")
    decided = _decided(sentence.entry, names, dialect)
    helpers = [HELPERS[name][1] for name in with_needed(dialect.helpers, HELPERS)]
    bars = _bars(dialect, timeframe, max(1, certain(sentence.entry))) if dialect.lists else []
    known = [f"    {name} = {_figure(name)}" for name in dialect.figures]
    if known:
        known.insert(0, "    figures = get_fundamental_data(symbol)")
    kept = [f"    {now(title)} = {code}" for title, code in dialect.kept.items()]
    body = "\n".join(
        [
            signature("classify_symbol", ["symbol: str", *defaults(names.parameters)], "dict | bool"),
            f'    """Tell whether the bar that has just closed meets the conditions{_and_score(beyond)}."""',
            *bars,
            *known,
            *kept,
            "",
            *rules,
            "",
            *_answer(beyond, decided),
        ]
    )
    whole = "\n".join([*helpers, body])
    constants = [f"HORIZON = {horizon}  # bars a hit is held", *([_FADES] if "FADES" in whole else [])]
    return joined(
        [docstring(sentence.text, f"In words: {in_words}"), _imports(whole), "\n".join(constants), *helpers, body]
    )


def certain(condition: Condition) -> int:
    """Return how many bars there must be for a condition to be true at all, as far as numbers in it tell."""
    match condition:
        case All(conditions=parts):
            return max(map(certain, parts))
        case Any(conditions=parts):
            return min(map(certain, parts))
        case Not(condition=inner):
            return 1 if isinstance(inner, All | Any | Not | Held) else max(map(_needed, terms_of(inner)), default=1)
        case Held(condition=inner):
            return certain(inner)
        case Cross():
            return 1 + max(map(_needed, terms_of(condition)))
        case Trend() | Streak():
            return 1
    return max(map(_needed, terms_of(condition)), default=1)


def _needed(term: Term) -> int:
    match base(term):
        case Gap():
            return 2
        case Column(shift=shift):
            return 1 + shift.count
    return 1


def _beyond(entry: Condition, dialect: ListDialect) -> str | None:
    """Return the code of the score, None where no comparison comes first."""
    match entry:
        case All(conditions=parts) | Any(conditions=parts):
            return next(filter(None, (_beyond(part, dialect) for part in parts)), None)
        case Compare(left=left, op=op, right=right) if op != "==":
            value, limit = dialect.sides(left, right, op, dialect.keep)
            return f"{'-' * (op in ('<', '<='))}{dialect.helper('beyond')}({value}, {limit})"
        case Cross(left=left, direction=direction, right=right):
            value, limit = dialect.sides(left, right, "level", dialect.keep)
            return f"{'-' * (direction == 'below')}{dialect.helper('beyond')}({value}, {limit})"
    return None


def _bars(dialect: ListDialect, timeframe: str, least: int) -> list[str]:
    """Return the lines that ask for bars and take their columns apart."""
    columns = [name for name in LISTS if name in dialect.lists]
    values = ", ".join(f'bars["{name}"]' for name in columns)
    needed, most = [], _most(list(dialect.reaches))
    if len(most) > _LONGEST:
        needed, most = [f"    needed = {most}"], "needed"
    return [
        *needed,
        f'    bars = get_price_data(symbol, timeframe="{timeframe}", days={most})',
        f"    {', '.join(LISTS[name] for name in columns)} = {values}",
        f"    if len({LISTS[columns[0]]}) < {least}:" if least > 1 else f"    if not {LISTS[columns[0]]}:",
        "        return False",
    ]


def _most(reaches: list[Reach]) -> str:
    """Return the code for the largest of the reaches."""
    codes = [one.code for one in reaches if not any(other is not one and other.covers(one) for other in reaches)]
    return codes[0] if len(codes) == 1 else f"max({', '.join(codes)})"


def _figure(name: str) -> str:
    return 'figures.get("sector", "").lower()' if name == "sector" else f'figures.get("{name}", math.nan)'


def _and_score(beyond: str | None) -> str:
    return ", and how far it is beyond the first" if beyond else ""


def _decided(entry: Condition, names: Names, dialect: ListDialect) -> dict[str, str]:
    """Return the code of the first computed terms by title. Few, because what a run says beside its hits is bounded by bytes."""
    terms = dict.fromkeys(base(term) for leaf in leaves_of(entry) for term in terms_of(leaf))
    found = [term for term in terms if isinstance(term, Series)][:_MOST_SHOWN]
    return {names.title(term): dialect.term(term) for term in found}


def _answer(beyond: str | None, decided: dict[str, str]) -> list[str]:
    said = '{"classification": hit}'
    score = [] if beyond is None else [f"    score = {beyond}"]
    if beyond is not None:
        said = f'{{"classification": hit, "score": score}} if math.isfinite(score) else {said}'
    if not decided:
        return [*score, f"    return {said}"]
    return [
        *score,
        f"    answer = {said}",
        "    if hit:",
        "        decided = {",
        *(f'            "{title}": {code},' for title, code in decided.items()),
        "        }",
        "        known = {name: value for name, value in decided.items() if math.isfinite(value)}",
        '        answer["data"] = {name: float(f"{value:.4g}") for name, value in known.items()}',
        "    return answer",
    ]


def _imports(code: str) -> str:
    found = ["import math"] if "math." in code else []
    return "\n".join(found + (["from itertools import pairwise"] if "pairwise(" in code else []))
