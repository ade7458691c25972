"""What can go wrong between the command line and the system, and the exit code of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from libs.common.errors import SentinelError, TransientError

FAILED = 1
BELOW_MIN_VERDICT = 3
NOT_REACHABLE = 4


class UnreachableError(TransientError):
    """Nothing listens where the gateway or the bus should be."""

    code = "client.unreachable"

    def __init__(self, what: str, address: str):
        """Name what was looked for and where."""
        super().__init__(
            f"{what} does not answer at {address}", hint="start it with `sentinel up`, or see `sentinel status`"
        )


class RefusedByGatewayError(SentinelError):
    """The gateway answered with a problem document. diagnostics: every finding in refused code, every phrase that was not understood."""

    code = "client.refused"

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


class BelowVerdictError(SentinelError):
    """A backtest's verdict is worse than the one asked for."""

    code = "client.below_min_verdict"


def exit_code_of(error: SentinelError) -> int:
    """Return the exit code a program sees for an error."""
    if isinstance(error, UnreachableError) or error.code.startswith("bus."):
        return NOT_REACHABLE
    return BELOW_MIN_VERDICT if isinstance(error, BelowVerdictError) else FAILED
