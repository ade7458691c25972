"""What is said of a failure to those who were not there: within bounds, so that saying it cannot fail in its turn."""

from libs.common.errors import PermanentError, SentinelError
from libs.common.events import CommandRefused
from libs.common.messages import Message

_CODE, _DETAIL, _PLACE = 64, 4_000, 400


def refused(command: Message, service: str, error: Exception) -> CommandRefused:
    """Return the answer to a command that was not carried out because of `error`."""
    known = error if isinstance(error, SentinelError) else None
    return CommandRefused.after(
        command,
        key="answer",
        service=service,
        command_id=command.event_id,
        code=code_of(error)[:_CODE],
        detail=shown(known.detail if known else str(error), _DETAIL) or type(error).__name__,
        pointer=shown(known.pointer, _PLACE) if known and known.pointer else None,
        hint=shown(known.hint, _PLACE) if known and known.hint else None,
        diagnostics=getattr(known, "diagnostics", ()),
    )


def final(error: Exception) -> PermanentError:
    """Return `error` as one that no further try can help: itself if it is of that kind, else its words within bounds."""
    if isinstance(error, PermanentError):
        return error
    known = error if isinstance(error, SentinelError) else None
    return PermanentError(
        shown(known.detail if known else f"{type(error).__name__}: {error}", _DETAIL),
        code=code_of(error)[:_CODE],
        pointer=shown(known.pointer, _PLACE) if known and known.pointer else None,
        hint=shown(known.hint, _PLACE) if known and known.hint else None,
    )


def code_of(error: Exception) -> str:
    """Return the stable code of our own errors, the class name of others."""
    return error.code if isinstance(error, SentinelError) else type(error).__name__


def words(error: BaseException) -> str:
    """Return what a person is told of `error` in one line: our own errors with what to do, others with their class."""
    if isinstance(error, SentinelError):
        return f"{error.detail} ({error.hint})" if error.hint else error.detail
    return f"{type(error).__name__}: {error}"


def shown(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text that may hold anything, fit for JSON."""
    return text[:limit].encode("utf-8", "replace").decode()
