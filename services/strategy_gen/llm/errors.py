"""What can go wrong between a request and a model's answer; each error carries what its calls cost.

ModelError
├── ModelUnavailableError    model.unavailable    down, unreachable, 5xx, a cut answer
├── ModelTimeoutError        model.timeout        no whole answer in time
├── ModelRateLimitedError    model.rate_limited   429; retry_after in seconds, where the provider said it
├── ModelAuthError           model.auth           no key, or one that is refused
├── ModelPaymentError        model.payment        no credit, or a quota of the account
├── ModelUnknownError        model.unknown        no such model there, no known price, or a request it will not take
├── BadAnswerError           model.bad_answer     not in the asked shape, refused, too long, not text
└── BudgetError              model.budget         a cap is reached; no call was made

No word of a provider's answer is repeated in a message: it may hold anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from libs.common.errors import PermanentError, RefusedError, SentinelError, TimedOutError, TransientError
from services.strategy_gen.llm.protocol import Usage


class ModelError(SentinelError):
    """Base of the tree. usage: what the calls up to here cost; diagnostics: the faults of an answer, or of each model of a chain."""

    code = "model"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        pointer: str | None = None,
        hint: str | None = None,
        diagnostics: Sequence[Mapping[str, Any]] = (),
    ):
        """Start without cost; whoever made the calls sets `usage`."""
        super().__init__(detail, code=code, pointer=pointer, hint=hint)
        self.diagnostics = tuple(dict(found) for found in diagnostics)
        self.usage = Usage()


class ModelUnavailableError(ModelError, TransientError):
    """The provider is down, cannot be reached, or broke off."""

    code = "model.unavailable"


class ModelTimeoutError(ModelError, TimedOutError):
    """No whole answer came in time; the provider may bill it all the same."""

    code = "model.timeout"


class ModelRateLimitedError(ModelError, TransientError):
    """The provider wants fewer requests."""

    code = "model.rate_limited"

    def __init__(self, model: str, retry_after_s: float | None = None):
        """Say for how long, where the provider did."""
        wait = f" for {retry_after_s:g} s" if retry_after_s is not None else ""
        super().__init__(f"{model} takes no more requests{wait}", hint="wait, or name a second model in SENTINEL_LLM")
        self.retry_after = retry_after_s


class ModelAuthError(ModelError, PermanentError):
    """There is no key, or the provider refuses it."""

    code = "model.auth"


class ModelPaymentError(ModelError, PermanentError):
    """The account has no credit or has used up a quota."""

    code = "model.payment"


class ModelUnknownError(ModelError, PermanentError):
    """The provider has no such model, or its price is not known."""

    code = "model.unknown"


class BadAnswerError(ModelError, PermanentError):
    """The model answered, but not with a strategy."""

    code = "model.bad_answer"


class BudgetError(ModelError, RefusedError):
    """A cap would be passed; no call was made."""

    code = "model.budget"
