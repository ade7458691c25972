"""Reads an English trading sentence into the typed tree. Decides what is understood; guesses nothing and drops nothing."""

from dataclasses import replace

from services.strategy_gen.compiler.errors import BadPromptError, Diagnostic, NotReadError, diagnose
from services.strategy_gen.compiler.reading.everything import everything
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.lexer import lex
from services.strategy_gen.compiler.reading.lift import lift
from services.strategy_gen.compiler.reading.meaning.checks import check
from services.strategy_gen.compiler.reading.meaning.reading import Reading
from services.strategy_gen.compiler.reading.meaning.sentence import assemble
from services.strategy_gen.compiler.reading.phrases import known_phrases, nearest
from services.strategy_gen.compiler.reading.shape.parse import parse
from services.strategy_gen.compiler.reading.shape.shape import shape
from services.strategy_gen.compiler.reading.vocabulary_figures import VALUE_FIGURES
from services.strategy_gen.compiler.reading.vocabulary_refused import SHORT_HINT
from services.strategy_gen.compiler.tree import Sentence

__all__ = ["MOST_CHARACTERS", "known_phrases", "read"]

MOST_CHARACTERS = 4_000
MOST_FINDINGS = 50
MOST_NEAREST = 10
"""Findings that are told, and those for which near phrases are looked up: a long text of unknown words must not take seconds."""

_LONGEST_SYMBOL = 5
_HINT = 'describe conditions on price, volume, indicators or company figures, as in "buy when RSI is below 30".'
_SYMBOL_HINT = "A symbol is written in capitals, as in BTC or BTCUSDT."
_BEFORE_SYMBOL = frozenset({"buy", "sell", "on"})
_AFTER_SYMBOL = frozenset({"", "when", "if", "whenever", "once", "after", "on", "and", "or", "with", "at"})
"""Words between which an unknown one is a symbol rather than a misspelt word."""


def read(text: str) -> Sentence:
    """Return what `text` means, at most 4,000 characters of English without control characters other than line breaks and tabs.

    Raises BadPromptError, with a diagnostic for every phrase that is not understood; the same text always gives the same answer.
    """
    try:
        _require_text(text)
        found, findings = lex(text)
        findings += [_refusal(lexeme) for lexeme in found if lexeme.type in ("REFUSED", "WHICHONE", "SHORT")]
        if findings:
            ordered = sorted(findings, key=lambda one: one.place)[:MOST_FINDINGS]
            raise BadPromptError([_explained(text, one, at < MOST_NEAREST) for at, one in enumerate(ordered)])
        rest, symbols, chart = lift(found)
        if not rest:
            raise NotReadError("prompt.nothing_to_do", "{} says nothing to do", (0, len(text)), _HINT)
        told = everything(text, found) if not symbols else ()
        values = any(x.type == "FIGURE" and x.value in VALUE_FIGURES for x in rest)
        sentence = assemble(Reading(text, values=values), parse(shape(rest), len(text)), symbols, chart)
        check(sentence)
        sentence = replace(sentence, assumed=(*told, *sentence.assumed))
    except NotReadError as error:
        raise BadPromptError([diagnose(text, error)]) from None
    return sentence


def _require_text(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise NotReadError(
            "prompt.too_long",
            f"the text has {len(text):,} characters",
            (MOST_CHARACTERS, len(text)),
            f"use at most {MOST_CHARACTERS:,}",
        )
    bad = next(
        (
            at
            for at, c in enumerate(text)
            if (not c.isprintable() and not c.isspace()) or c in "\x1c\x1d\x1e\x1f\x0b\x0c\x85"
        ),
        None,
    )
    if bad is not None:
        raise NotReadError(
            "prompt.control", "the text holds the character {}, which cannot be printed", (bad, bad + 1), "remove it"
        )
    if not text.strip():
        raise NotReadError("prompt.empty", "the text is empty", (0, len(text)), _HINT)


def _refusal(lexeme: Lexeme) -> NotReadError:
    place = lexeme.start, lexeme.end
    if lexeme.type == "SHORT":
        return NotReadError("prompt.short", "{} is not done", place, SHORT_HINT)
    return NotReadError("prompt.not_modelled", "{} is nothing that is measured here", place, str(lexeme.value))


def _explained(text: str, error: NotReadError, with_nearest: bool) -> Diagnostic:
    phrase = text[slice(*error.place)]
    following = text[error.place[1] :].split()
    close = (
        nearest(phrase, following[0] if following else "")
        if with_nearest and error.code == "prompt.not_understood"
        else ()
    )
    if error.hint is None and _stands_for_symbol(text, error.place):
        error, close = NotReadError(error.code, error.message, error.place, _SYMBOL_HINT), ()
    if error.hint is None:
        hint = f"did you mean {' or '.join(repr(one) for one in close)}?" if close else _HINT
        hint += f" {_SYMBOL_HINT}" if _may_be_symbol(phrase) else ""
        error = NotReadError(error.code, error.message, error.place, hint)
    return diagnose(text, error, close)


def _may_be_symbol(phrase: str) -> bool:
    return phrase.isalpha() and phrase.islower() and len(phrase) <= _LONGEST_SYMBOL


def _stands_for_symbol(text: str, place: tuple[int, int]) -> bool:
    phrase, before, after = text[slice(*place)], text[: place[0]].lower().split(), text[place[1] :].lower().split()
    following = after[0].rstrip(".,;:!?") if after else ""
    return _may_be_symbol(phrase) and before[-1:] != [] and before[-1] in _BEFORE_SYMBOL and following in _AFTER_SYMBOL
