"""Every HTTP request to a model passes here: money is reserved before it, its answer is read within bounds, and what it took is booked.

Knows no HTTP library: the transport hands in sizes, statuses and bytes. One Meter serves one request for one draft.
"""

import json
import logging
from dataclasses import replace
from decimal import Decimal
from typing import Any

from libs.common.clock import Clock
from libs.common.errors import SentinelError
from services.strategy_gen.llm.budget import Budget
from services.strategy_gen.llm.budget_store import Call
from services.strategy_gen.llm.errors import BadAnswerError, BudgetError
from services.strategy_gen.llm.prices import Price, Tokens
from services.strategy_gen.llm.protocol import Usage

MAX_OUTPUT_TOKENS = 8_000
"""Tokens a model may write, thinking included."""

HIDDEN_TOKENS = 1_000
"""Tokens a provider adds on its side to what was sent (tool instructions)."""

MAX_ANSWER_BYTES = 1_000_000

LOG = logging.getLogger("sentinel.strategy_gen.llm")
_UNSERVED = (503, 529)
_MOST_TOKENS = 100_000_000


class Meter:
    """The ledger entries of one draft. usage: of all its calls so far; fault: why the last one was stopped on our side."""

    def __init__(self, budget: Budget, price: Price, clock: Clock, job_id: str, prompt_hash: str):
        """Nothing is reserved before the first call."""
        self.usage = Usage()
        self.fault: SentinelError | None = None
        self._budget = budget
        self._price = price
        self._clock = clock
        self._job_id = job_id
        self._prompt_hash = prompt_hash
        self._started = 0.0

    async def reserve(self, body_bytes: int) -> Call:
        """Set aside the most a request of this size can cost; raises BudgetError. A token is never less than a byte."""
        most = self._price.of(Tokens(body_bytes + HIDDEN_TOKENS, MAX_OUTPUT_TOKENS))
        name = self._price.link.name
        try:
            call = await self._budget.reserve(most, self._job_id, model=name, prompt_hash=self._prompt_hash)
        except BudgetError:
            self._tell(name, Usage(), "over_budget", 0)
            raise
        self._started = self._clock.monotonic()
        return call

    async def answered(self, call: Call, status: int, body: bytes | None) -> None:
        """Book an answer by its status and the usage it tells; body: None where it was too long to be read.

        Raises BadAnswerError for an answer of success that is too long or no JSON text.
        """
        if status in _UNSERVED or 300 <= status < 500:
            await self._book(_free(call, f"http_{status}"))
        elif status >= 500:
            await self._book(replace(call, outcome=f"http_{status}"))
        elif body is None:
            await self._book(replace(call, outcome="too_long"))
            raise BadAnswerError(f"{call.model} answered with more than {MAX_ANSWER_BYTES:,} bytes")
        else:
            await self._book_text(call, body)

    async def _book_text(self, call: Call, body: bytes) -> None:
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            await self._book(replace(call, outcome="no_json"))
            raise BadAnswerError(f"{call.model} answered with something that is no JSON text") from None
        tokens = _usage(self._price, said)
        cost = Decimal(0) if tokens is None else self._price.of(tokens)
        # More than the reservation is more than was sent and may be written: no provider can have done that.
        if tokens is None or cost > call.cost_usd:
            await self._book(replace(call, outcome="no_usage"))
            return
        counted = replace(call, tokens_in=tokens.into, tokens_out=tokens.out, cost_usd=cost, estimated=False)
        await self._book(replace(counted, outcome="answered"))

    async def failed(self, call: Call, outcome: str, *, sent: bool) -> None:
        """Book a call without a whole answer: nothing if it was never sent, else the reserved maximum."""
        await self._book(replace(call, outcome=outcome) if sent else _free(call, outcome))

    async def _book(self, call: Call) -> None:
        ms = round((self._clock.monotonic() - self._started) * 1000)
        done = replace(call, ms=ms)
        await self._budget.settle(done)
        usage = Usage(done.tokens_in or 0, done.tokens_out or 0, done.cost_usd, done.estimated)
        self.usage += usage
        self._tell(done.model, usage, done.outcome, ms)

    def _tell(self, model: str, usage: Usage, outcome: str, ms: int) -> None:
        fields: dict[str, Any] = {
            "job_id": self._job_id,
            "model": model,
            "prompt_hash": self._prompt_hash,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "cost_usd": float(usage.cost_usd),
            "estimated": usage.estimated,
            "outcome": outcome,
            "ms": ms,
        }
        LOG.info("model call", extra=fields)


def _free(call: Call, outcome: str) -> Call:
    """Return a call that a provider did not serve: it cost nothing."""
    return replace(call, tokens_in=0, tokens_out=0, cost_usd=Decimal(0), estimated=False, outcome=outcome)


def _usage(price: Price, said: Any) -> Tokens | None:
    """Return the tokens an answer says it took; None where it does not, or says what cannot be."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 0.2 s only for a service with a model

    provider = price.link.provider if price.link.is_vendor else "openai"
    try:
        reader = get_snapshot().find_provider(None, provider, None)
        _, found = reader.extract_usage(said, api_flavor="chat" if provider == "openai" else "default")
        into, out = int(found.input_tokens or 0), int(found.output_tokens or 0)
    except (ValueError, LookupError, TypeError, ArithmeticError):
        return None
    if not 0 < into <= _MOST_TOKENS or not 0 <= out <= _MOST_TOKENS:
        return None
    return Tokens(into, out, found)
