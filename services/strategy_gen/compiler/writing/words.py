"""A tree in plain English, whatever the sentence said: what a person checks against what they meant. Decides words, not meaning."""

from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Compare,
    Condition,
    Cross,
    Exits,
    Held,
    Not,
    Sector,
    Sentence,
    Streak,
    Trend,
    Within,
)
from services.strategy_gen.compiler.writing.bars import Clock
from services.strategy_gen.compiler.writing.logic import SWAPPED, TURNED
from services.strategy_gen.compiler.writing.walk import is_constant
from services.strategy_gen.compiler.writing.words_terms import TermWords, percent

_SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "equal to"}


class Words:
    """Words for the conditions of one sentence on bars of one length."""

    def __init__(self, clock: Clock):
        """clock: what a length of time is in bars."""
        self._terms = TermWords(clock)

    def condition(self, condition: Condition, *, inside: bool = False) -> str:
        """Return a condition as a clause. inside: brackets go around several."""
        match condition:
            case All(conditions=parts):
                said = _listed([self.condition(part, inside=True) for part in parts], "and")
                return f"({said})" if inside and len(parts) > 1 else said
            case Any(conditions=parts):
                said = _listed([self.condition(part, inside=True) for part in parts], "or")
                return f"({said})" if inside and len(parts) > 1 else said
            case Not(condition=Compare() as inner) if inner.op != "==":
                return self._compare(inner, TURNED[inner.op])
            case Not(condition=All() | Any() | Not() | Held() as inner):
                return f"it is not so that {self.condition(inner, inside=True)}"
            case Not(condition=inner):
                return self._leaf(inner, holds=False)
            case Held(condition=inner, over=over):
                return f"on each of the last {self._terms.length(over)} {self.condition(inner, inside=True)}"
        return self._leaf(condition)

    def exits(self, exits: Exits) -> list[str]:
        """Return the ways out besides a condition, as clauses after "sells"."""
        said = []
        if exits.stop_loss is not None:
            said.append(f"when a bar closes {percent(exits.stop_loss)} or more below the entry price (stop loss)")
        if exits.take_profit is not None:
            said.append(f"when a bar closes {percent(exits.take_profit)} or more above the entry price (take profit)")
        if exits.trailing_stop is not None:
            fall = percent(exits.trailing_stop)
            said.append(f"when a bar closes {fall} or more below the highest close since the entry (trailing stop)")
        if exits.hold is not None:
            said.append(f"{self._terms.length(exits.hold)} after buying")
        return said

    def _compare(self, compare: Compare, op: str, negated: str = "") -> str:
        left, right = compare.left, compare.right
        if is_constant(left) and not is_constant(right):
            left, right, op = right, left, SWAPPED[op]
        moved = self._terms.moved(left, op, right)
        return moved or f"{self._terms.term(left)} is {negated}{_SIGNS[op]} {self._terms.term(right, beside=left)}"

    def _leaf(self, leaf: Condition, *, holds: bool = True) -> str:
        words, negated = self._terms, "" if holds else "not "
        match leaf:
            case Compare(op=op):
                return self._compare(leaf, op, negated)
            case Between(term=term, low=low, high=high):
                ends = f"{words.term(low, beside=term)} and {words.term(high, beside=term)}"
                return f"{words.term(term)} is {negated}between {ends}"
            case Cross(left=left, direction=direction, right=right):
                verb = "crosses" if holds else "does not cross"
                return f"{words.term(left, beside=right)} {verb} {direction} {words.term(right, beside=left)}"
            case Trend(term=term, direction=direction, over=over):
                return f"{words.term(term)} is {negated}{direction} on each of the last {words.length(over)}"
            case Within(left=left, fraction=fraction, right=right):
                return f"{words.term(left)} is {negated}within {percent(fraction)} of {words.term(right, beside=left)}"
            case Streak(colour=colour, over=over):
                meaning = "close above open" if colour == "green" else "close below open"
                return f"{negated}each of the last {words.length(over)} is {colour} ({meaning})"
            case Sector(name=name):
                return f"the sector is {negated}{name}"
        raise TypeError(f"{type(leaf).__name__} has no words")


def in_words(sentence: Sentence, clock: Clock, *, horizon: str | None) -> str:
    """Return what the code for a sentence does. sentence: complete, in its own units. horizon: how long a classifier's hit is held, None for signals."""
    words = Words(clock)
    verb = {"trade": "Buys when", "screen": "Finds symbols where", "alert": "Alerts when"}[sentence.purpose]
    said = [f"{verb} {words.condition(sentence.entry)}."]
    if horizon is not None:
        bought = "Sells" if sentence.purpose == "trade" else "As a strategy it buys a hit and sells it"
        said.append(f"{bought} {horizon} later.")
    else:
        if sentence.purpose != "trade":
            said[0] = f"Buys when {words.condition(sentence.entry)}."
        ends = [f"when {words.condition(sentence.exit)}"] if sentence.exit is not None else []
        said.append(f"Sells {_listed([*ends, *words.exits(sentence.exits)], 'or')}.")
    said.append(_on(sentence, clock))
    return " ".join(filter(None, said))


def _on(sentence: Sentence, clock: Clock) -> str:
    bars = f"{clock.timeframe} bars" if clock.timeframe else "each bar"
    of = f" of {_listed(list(sentence.symbols), 'and')}" if sentence.symbols else ""
    return f"Decides when a bar closes, on {bars}{of}; orders are filled at the next open."


def _listed(parts: list[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
