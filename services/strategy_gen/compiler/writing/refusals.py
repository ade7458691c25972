"""What a sentence may ask that a contract cannot do. Decides the contract, and says no in words that name the phrase."""

from collections.abc import Iterator
from typing import Literal

from libs.common.errors import BadInputError
from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Change,
    Condition,
    Cross,
    Figure,
    FromExtreme,
    Held,
    Indicator,
    Not,
    Phrase,
    Sentence,
    Streak,
    Term,
    Trend,
    Within,
)
from services.strategy_gen.compiler.writing.refusal import Refusal
from services.strategy_gen.compiler.writing.walk import (
    base,
    depth,
    is_constant,
    is_figure,
    leaves_of,
    may_be_zero,
    terms_of,
)

Kind = Literal["python.signals", "python.classify"]

MOST_CONDITIONS = 60
MOST_DEPTH = 12
MAX_HORIZON = 1_000
"""Bars that a classifier's hit may be held (`libs/strategy/check/contracts.py`)."""

_ONE_VALUE = "of a company figure only the newest value is known"


def kind_of(sentence: Sentence, asked: str | None) -> Kind:
    """Return the contract that carries a sentence; raises Refusal where none does, or not the one asked for.

    Company figures need `python.classify`; a way out besides a holding time needs `python.signals`. Raises BadInputError for another contract.
    """
    if asked not in (None, "python.signals", "python.classify"):
        raise BadInputError(
            f"sentences do not become {str(asked)[:32]!r}", pointer="/kind", hint="python.signals or python.classify"
        )
    figures, selling = _figures(sentence), _selling(sentence)
    if figures and selling is not None:
        why = "a strategy on company figures sells a number of bars later, by no other rule"
        raise Refusal(why, phrase=selling, hint="leave it out and write: hold for 20 bars")
    if asked == "python.signals":
        if figures:
            raise Refusal("generate_signals(df) sees no company figures", phrase=figures[0], hint="use python.classify")
        return "python.signals"
    if asked == "python.classify" and selling is not None:
        why = "classify_symbol sells a number of bars later, by no other rule"
        raise Refusal(why, phrase=selling, hint="use python.signals")
    if asked == "python.classify" or figures:
        return "python.classify"
    return "python.signals" if sentence.purpose == "trade" or selling is not None else "python.classify"


def check_tree(sentence: Sentence, kind: Kind) -> None:
    """Raise Refusal for a tree that is too large, or asks what nothing knows."""
    conditions = [part for part in (sentence.entry, sentence.exit) if part is not None]
    leaves = [leaf for condition in conditions for leaf in leaves_of(condition)]
    if len(leaves) > MOST_CONDITIONS or max(map(depth, conditions)) > MOST_DEPTH:
        why = f"more than {MOST_CONDITIONS} conditions, or more than {MOST_DEPTH} inside each other"
        raise Refusal(why, code="prompt.too_long", hint="say it in fewer conditions")
    for leaf in leaves:
        _check_known(leaf)
        _check_lengths(leaf)
        if kind == "python.classify" and not isinstance(leaf, Trend) and any(map(_is_obv, terms_of(leaf))):
            why = "the level of on-balance volume depends on where history begins"
            raise Refusal(why, phrase=_phrase(leaf), hint="write: OBV rising for 5 bars")
    for held in (one for condition in conditions for one in _held(condition)):
        if any(is_figure(leaf) for leaf in leaves_of(held.condition)):
            raise Refusal(_ONE_VALUE, phrase=held.phrase, hint="leave out for how long")
        if held.over.count < 1:
            raise Refusal("no bars at all", phrase=held.phrase, hint="name at least one bar")


def _check_known(leaf: Condition) -> None:
    terms = terms_of(leaf)
    if (terms and all(map(is_constant, terms))) or (isinstance(leaf, Between) and is_constant(leaf.term)):
        raise Refusal("it compares numbers with each other", phrase=_phrase(leaf), hint="name a price or an indicator")
    if isinstance(leaf, Within) and is_constant(leaf.right) and may_be_zero(leaf.right):
        raise Refusal("a part of 0 is 0", phrase=_phrase(leaf), hint="name another level")
    if any(isinstance(base(term), Figure) for term in terms) and isinstance(leaf, Cross | Trend):
        raise Refusal(_ONE_VALUE, phrase=_phrase(leaf), hint="compare it with a number")


def _check_lengths(leaf: Condition) -> None:
    spans = [leaf.over] if isinstance(leaf, Trend | Streak) else []
    spans += [of.over for of in map(base, terms_of(leaf)) if isinstance(of, Change | FromExtreme)]
    if any(span.count < 1 for span in spans):
        raise Refusal("no bars at all", phrase=_phrase(leaf), hint="name at least one bar")


def _phrase(leaf: Condition) -> Phrase:
    assert not isinstance(leaf, All | Any)
    return leaf.phrase


def _is_obv(term: Term) -> bool:
    of = base(term)
    return isinstance(of, Indicator) and of.name == "obv"


def _figures(sentence: Sentence) -> list[Phrase]:
    parts = [part for part in (sentence.entry, sentence.exit) if part is not None]
    return [_phrase(leaf) for part in parts for leaf in leaves_of(part) if is_figure(leaf)]


def _selling(sentence: Sentence) -> Phrase | None:
    """Return the phrase of a way out that a classifier does not have, None where there is none."""
    exits = sentence.exits
    if any(part is not None for part in (exits.stop_loss, exits.take_profit, exits.trailing_stop)):
        return exits.phrases[0] if exits.phrases else _whole(sentence)
    if sentence.exit is not None:
        return next(map(_phrase, leaves_of(sentence.exit)), _whole(sentence))
    return None


def _whole(sentence: Sentence) -> Phrase:
    return Phrase(sentence.text, 0, len(sentence.text))


def _held(condition: Condition) -> Iterator[Held]:
    match condition:
        case All(conditions=parts) | Any(conditions=parts):
            for part in parts:
                yield from _held(part)
        case Not(condition=inner):
            yield from _held(inner)
        case Held(condition=inner):
            yield condition
            yield from _held(inner)
