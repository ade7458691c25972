"""Every error Sentinel raises on purpose.

SentinelError                  code, detail, pointer (where), hint (what to do)
├── PermanentError             trying again cannot help: refuse it, or bury the message
│   ├── BadInputError          a value from outside is wrong
│   │   ├── BadSymbolError
│   │   ├── BadTimeframeError
│   │   ├── BadMessageError    a bus message that is not what its subject promises
│   │   ├── BadBarsError       price data that breaks the price-frame contract
│   │   └── BadStrategyError   a strategy definition that cannot run
│   ├── NotFoundError          the thing named does not exist
│   ├── ConflictError          the thing exists, and its state forbids the request
│   └── RefusedError           a rule says no (risk, gate)
└── TransientError             the same request may succeed later
    ├── BusUnavailableError
    ├── StoreUnavailableError  database locked or gone, disk full
    └── TimedOutError
"""

from collections.abc import Mapping, Sequence
from typing import Any


class SentinelError(Exception):
    """Base of the tree. `code` is stable and dotted; `pointer` is a JSON pointer or `line:column`."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None, pointer: str | None = None, hint: str | None = None):
        """Keep what a person or a program needs to act."""
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.pointer = pointer
        self.hint = hint


class PermanentError(SentinelError):
    """Trying the same thing again cannot help."""

    code = "refused"


class BadInputError(PermanentError):
    """A value from outside is wrong."""

    code = "input.invalid"


class BadSymbolError(BadInputError):
    """Not a symbol."""

    code = "input.symbol"

    def __init__(self, text: object, *, pointer: str | None = None):
        """Name the text, shortened."""
        super().__init__(f"{str(text)[:64]!r} is not a symbol", pointer=pointer, hint="write it like BTCUSDT or BRK-B")


class BadTimeframeError(BadInputError):
    """Not a timeframe."""

    code = "input.timeframe"

    def __init__(self, text: object, known: list[str], *, pointer: str | None = None):
        """Name the text and the timeframes that exist."""
        super().__init__(
            f"{str(text)[:64]!r} is not a timeframe", pointer=pointer, hint=f"use one of {', '.join(known)}"
        )


class BadMessageError(BadInputError):
    """A bus message that is not what its subject promises."""

    code = "bus.bad_message"


class BadBarsError(BadInputError):
    """Price data that breaks the price-frame contract."""

    code = "data.bad_bars"


class BadStrategyError(BadInputError):
    """A strategy definition that cannot run. `diagnostics`: every finding in its code, where it is code."""

    code = "strategy.invalid"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        pointer: str | None = None,
        hint: str | None = None,
        diagnostics: Sequence[Mapping[str, Any]] = (),
    ):
        """Keep the findings beside the words for the first of them."""
        super().__init__(detail, code=code, pointer=pointer, hint=hint)
        self.diagnostics = tuple(diagnostics)


class NotFoundError(PermanentError):
    """The thing named does not exist."""

    code = "not_found"


class ConflictError(PermanentError):
    """The thing exists, and its state forbids the request."""

    code = "conflict"


class RefusedError(PermanentError):
    """A rule says no."""

    code = "refused"


class TransientError(SentinelError):
    """The same request may succeed later."""

    code = "unavailable"


class BusUnavailableError(TransientError):
    """The bus did not answer or did not acknowledge."""

    code = "bus.unavailable"


class StoreUnavailableError(TransientError):
    """The database is locked or gone, or the disk is full."""

    code = "store.unavailable"


class TimedOutError(TransientError):
    """No answer in time; the work may still be going on."""

    code = "timeout"
