"""What the compiler says about a sentence it does not take: the phrase as spelled, where it stands, and what is known instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from libs.common.errors import BadInputError

POINTER = "/text"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. phrase is text[start:end]; line and column count from 1; nearest: at most three known phrases, best first."""

    code: str
    message: str
    phrase: str
    start: int
    end: int
    line: int
    column: int
    nearest: tuple[str, ...] = ()
    hint: str | None = None


class BadPromptError(BadInputError):
    """A sentence that is not understood in full. `diagnostics`: every finding as a plain object, in the order of the text."""

    code = "prompt.not_understood"

    def __init__(self, found: Sequence[Diagnostic]):
        """Say the first finding in words and keep all; `found` is not empty."""
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(first.message + more, code=first.code, pointer=POINTER, hint=first.hint)
        self.diagnostics: tuple[dict[str, Any], ...] = tuple(
            {**asdict(one), "nearest": list(one.nearest)} for one in found
        )


class NotReadError(Exception):
    """Raised between the parts of the reader, which know places but not the text; `read` turns it into a BadPromptError."""

    def __init__(self, code: str, message: str, place: tuple[int, int], hint: str | None = None):
        """Keep the finding. `{}` in the message stands for the quoted phrase; place: start and end in the text."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint


def diagnose(text: str, error: NotReadError, nearest: Sequence[str] = ()) -> Diagnostic:
    """Return the finding with its phrase, line and column in `text`."""
    start, end = error.place
    phrase = text[start:end]
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    shown = phrase if len(phrase) <= 120 else phrase[:117] + "..."
    message = error.message.replace("{}", repr(shown))
    return Diagnostic(error.code, message, phrase, start, end, line, column, tuple(nearest), error.hint)
