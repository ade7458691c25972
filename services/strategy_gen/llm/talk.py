"""One conversation with a model through pydantic-ai: the prompt in, a checked answer out, every failure as one of our errors.

Imported only when a model is called: pydantic-ai and a vendor's library take 0.5 to 1.3 s. Wart: what a library raises names the
provider's words, which may hold anything; so its errors are translated and never chained.
"""

from dataclasses import dataclass

import httpx2
from pydantic import ValidationError
from pydantic_ai import Agent, PromptedOutput, ToolOutput, exceptions
from pydantic_ai.models import Model
from pydantic_ai.output import OutputSpec
from pydantic_ai.settings import ModelSettings

from services.strategy_gen.llm import errors
from services.strategy_gen.llm.answer import Written
from services.strategy_gen.llm.meter import MAX_OUTPUT_TOKENS, Meter
from services.strategy_gen.llm.prompt import Prompt
from services.strategy_gen.llm.retries import Retries
from services.strategy_gen.llm.settings import Link
from services.strategy_gen.llm.transport import client

JSON_MODE = ("ollama", "vllm")
"""Local servers that can be told to answer in JSON alone."""

AGAIN = 2
"""How often a malformed answer is sent back with its fault."""


def model_of(link: Link, http: httpx2.AsyncClient) -> Model:
    """Return pydantic-ai's model for a link of the chain."""
    key = link.key.get_secret_value() or "none"
    if link.provider == "google":
        from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - each vendor's library costs 0.3 s of its own
        from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - the same

        return GoogleModel(link.model, provider=GoogleProvider(api_key=key, base_url=link.url, http_client=http))
    if link.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - the same
        from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - the same

        anthropic = AnthropicProvider(api_key=key, base_url=link.url, http_client=http)
        return AnthropicModel(link.model, provider=anthropic)
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - the same
    from pydantic_ai.profiles.openai import OpenAIModelProfile  # noqa: PLC0415 - the same
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 - the same
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415 - the same

    if link.provider == "openai":
        openai = OpenAIProvider(api_key=key, base_url=link.url, http_client=http)
        return OpenAIChatModel(link.model, provider=openai)
    local = OpenAICompatibleProvider(link.provider, api_key=key, base_url=link.url, http_client=http)
    # Local servers know the older name of the limit, and ignore one they do not know; some refuse to be asked for JSON.
    profile = OpenAIModelProfile(
        openai_chat_supports_max_completion_tokens=False,
        supports_json_object_output=link.provider in JSON_MODE,
    )
    return OpenAIChatModel(link.model, provider=local, profile=profile)


@dataclass(frozen=True)
class Talk:
    """An agent and the client it talks through; use it once."""

    agent: Agent[object, Written]
    http: httpx2.AsyncClient
    name: str

    async def converse(self, prompt: Prompt) -> Written:
        """Return the model's answer; a malformed one is sent back with its fault at most twice. Raises ModelError."""
        async with self.http:
            try:
                result = await self.agent.run(prompt.task, instructions=prompt.system)
            except Exception as error:  # noqa: BLE001 - on a strange answer the vendors' libraries raise anything
                failure = translated(error, self.name)
            else:
                return result.output
        raise failure


def open_talk(link: Link, meter: Meter, timeout_s: float, retries: Retries, passages: int) -> Talk:
    """Return a conversation that is ready to begin; takes 20 to 100 ms of computing, so it is made beside the event loop."""
    http = client(meter, timeout_s, retries)
    # Small local models follow a described shape better than tool calls, which many of them cannot make.
    output: OutputSpec[Written] = ToolOutput(Written) if link.is_vendor else PromptedOutput(Written)
    settings = ModelSettings(max_tokens=MAX_OUTPUT_TOKENS, max_retries=0)
    agent = Agent(
        model_of(link, http),
        output_type=output,
        retries={"output": AGAIN, "tools": AGAIN},
        validation_context={"passages": passages},
        model_settings=settings,
    )
    return Talk(agent, http, link.name)


def translated(error: Exception, name: str) -> errors.ModelError:
    """Return our error for one of pydantic-ai's, in our words only."""
    if isinstance(error, exceptions.ModelAPIError):
        return _refused(error, name)
    if isinstance(error, exceptions.OutputTokenLimitExceeded):
        return errors.BadAnswerError(
            f"{name} wrote more than {MAX_OUTPUT_TOKENS:,} tokens and was cut off", hint="ask for something shorter"
        )
    if isinstance(error, exceptions.ContentFilterError):
        return errors.BadAnswerError(
            f"{name} refused to answer", hint="word the request as a trading idea, or use another model"
        )
    return errors.BadAnswerError(f"{name} gave no answer in the asked shape", diagnostics=_faults(error))


def _refused(error: exceptions.ModelAPIError, name: str) -> errors.ModelError:
    status = f" (HTTP {error.status_code})" if isinstance(error, exceptions.ModelHTTPError) else ""
    if isinstance(error, exceptions.ModelRateLimitError):
        return errors.ModelRateLimitedError(name, error.retry_after)
    for kind, ours, words, hint in _REFUSALS:
        if isinstance(error, kind):
            return ours(f"{name} {words}{status}", hint=hint)
    return errors.ModelUnavailableError(f"{name} does not work at the moment{status}", hint="try again later")


_REFUSALS: tuple[tuple[type[exceptions.ModelAPIError], type[errors.ModelError], str, str], ...] = (
    (
        exceptions.ModelQuotaExceededError,
        errors.ModelPaymentError,
        "has no credit or quota left for this account",
        "look at its billing page",
    ),
    (
        exceptions.ModelAuthenticationError,
        errors.ModelAuthError,
        "refuses the key",
        "check the key and what it may use",
    ),
    (
        exceptions.ModelTimeoutError,
        errors.ModelTimeoutError,
        "gave no whole answer in time",
        "raise SENTINEL_LLM_TIMEOUT_S, or use a faster model",
    ),
    (
        exceptions.ModelRequestRejectedError,
        errors.ModelUnknownError,
        "does not take the request",
        "check the model's name and SENTINEL_LLM_URL",
    ),
    (
        exceptions.ModelConnectionError,
        errors.ModelUnavailableError,
        "cannot be reached, or broke off",
        "check the network and SENTINEL_LLM_URL",
    ),
)
"""pydantic-ai's error -> ours, the more precise ones first."""


def _faults(error: BaseException) -> list[dict[str, str]]:
    """Return what was wrong with the last answer: places and reasons of our own shape, nothing of its text."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ValidationError):
        if isinstance(seen, exceptions.ToolRetryError) and isinstance(seen.tool_retry.content, list):
            return [_fault(found["loc"], found["msg"]) for found in seen.tool_retry.content]
        seen = seen.__cause__
    if isinstance(seen, ValidationError):
        return [_fault(found["loc"], found["msg"]) for found in seen.errors(include_input=False, include_url=False)]
    return [{"code": "answer.shape", "message": "it held no strategy", "pointer": "/"}]


def _fault(place: tuple[int | str, ...], message: str) -> dict[str, str]:
    # Below a field of ours, names are the model's own.
    field = str(place[0]) if place and place[0] in Written.model_fields else ""
    return {"code": "answer.shape", "message": message[:300], "pointer": f"/{field}"}
