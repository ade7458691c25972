"""A wish that is understood and cannot be done, on its way to the one who wished. Decides which words of the sentence are quoted."""

import re

from services.strategy_gen.compiler.errors import BadPromptError, Diagnostic
from services.strategy_gen.compiler.tree import Phrase, Sentence, Span


class Refusal(Exception):
    """Raised while writing; `told` turns it into the error a person sees. phrase: what was asked, or the length of time, None for all of it."""

    def __init__(self, why: str, *, code: str = "prompt.impossible", hint: str, phrase: Phrase | Span | None = None):
        """Keep the parts; `why` is a clause without the phrase."""
        super().__init__(why)
        self.why = why
        self.code = code
        self.hint = hint
        self.phrase = phrase


def told(sentence: Sentence, refusal: Refusal) -> BadPromptError:
    """Return the error for a refusal, with the words of the sentence it is about."""
    phrase = refusal.phrase
    if isinstance(phrase, Span):
        phrase = found(sentence, rf"\b{phrase.count:d}[\s-]*{phrase.unit}s?\b")
    phrase = phrase or _whole(sentence)
    before = sentence.text[: phrase.start]
    quoted = phrase.text if len(phrase.text) <= 120 else f"{phrase.text[:117]}..."
    return BadPromptError(
        (
            Diagnostic(
                refusal.code,
                f"{quoted!r}: {refusal.why}",
                phrase.text,
                phrase.start,
                phrase.end,
                before.count("\n") + 1,
                len(before.rpartition("\n")[2]) + 1,
                hint=refusal.hint,
            ),
        )
    )


def found(sentence: Sentence, pattern: str) -> Phrase:
    """Return the first words of the sentence that fit a pattern, the whole sentence where none do."""
    match = re.search(pattern, sentence.text, re.IGNORECASE)
    return Phrase(match[0], match.start(), match.end()) if match else _whole(sentence)


def _whole(sentence: Sentence) -> Phrase:
    return Phrase(sentence.text, 0, len(sentence.text))
