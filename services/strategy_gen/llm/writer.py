"""A model as a writer: prompt, conversation, draft. What a provider does wrong comes out as a ModelError with what it cost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libs.common.clock import Clock
from services.strategy_gen.llm.answer import Written
from services.strategy_gen.llm.budget import Budget
from services.strategy_gen.llm.errors import BadAnswerError, ModelAuthError, ModelError, ModelUnknownError
from services.strategy_gen.llm.meter import Meter
from services.strategy_gen.llm.prices import price_of
from services.strategy_gen.llm.prompt import MAX_PASSAGES, Prompt, render
from services.strategy_gen.llm.protocol import Ask, Draft
from services.strategy_gen.llm.retries import Retries
from services.strategy_gen.llm.settings import Link, LlmSettings

if TYPE_CHECKING:
    from services.strategy_gen.llm.talk import Talk

_KEYS = {"google": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


@dataclass(frozen=True)
class ModelWriter:
    """One model of the chain."""

    link: Link
    settings: LlmSettings
    budget: Budget
    clock: Clock
    retries: Retries

    @property
    def name(self) -> str:
        """Return `provider:model`."""
        return self.link.name

    async def write(self, ask: Ask, job_id: str) -> Draft:
        """Return a draft; see Writer."""
        self._check_reachable()
        price = await asyncio.to_thread(price_of, self.link, self.settings.price())
        prompt = render(ask)
        meter = Meter(self.budget, price, self.clock, job_id, prompt.hash)
        try:
            written = await self._converse(meter, prompt, min(len(ask.passages), MAX_PASSAGES))
            return self._draft(written, prompt, meter)
        except ModelError as error:
            # What we stopped ourselves (budget, length, a locked ledger) comes out of the library as a broken connection.
            failure = meter.fault or error
        if isinstance(failure, ModelError):
            failure.usage = meter.usage
        raise failure

    async def _converse(self, meter: Meter, prompt: Prompt, passages: int) -> Written:
        talk = await asyncio.to_thread(self._open_talk, meter, passages)
        return await talk.converse(prompt)

    def _open_talk(self, meter: Meter, passages: int) -> "Talk":
        from services.strategy_gen.llm.talk import open_talk  # noqa: PLC0415 - over half a second, paid at the first call

        return open_talk(self.link, meter, self.settings.llm_timeout_s, self.retries, passages)

    def _check_reachable(self) -> None:
        if not self.link.url:
            raise ModelUnknownError(
                f"{self.name} has no address", pointer="SENTINEL_LLM_URL", hint="set SENTINEL_LLM_URL to its base URL"
            )
        if self.link.is_vendor and not self.link.key.get_secret_value():
            setting = _KEYS[self.link.provider]
            raise ModelAuthError(f"there is no key for {self.name}", pointer=setting, hint=f"set {setting}")

    def _draft(self, written: Written, prompt: Prompt, meter: Meter) -> Draft:
        texts = [written.name, written.description, written.code, written.rationale]
        texts += [str(part) for pair in written.parameters.items() for part in pair]
        if _holds(texts, self.settings.secrets()):
            raise BadAnswerError(
                f"{self.name} answered with one of our keys", hint="change the key; do not trust this server"
            )
        return Draft(
            name=written.name,
            description=written.description,
            code=written.code,
            parameters=dict(written.parameters),
            rationale=written.rationale,
            citations=tuple(number - 1 for number in written.citations),
            model=self.name,
            prompt_hash=prompt.hash,
            usage=meter.usage,
        )


def _holds(texts: Sequence[str], secrets: Sequence[str]) -> bool:
    return any(secret in text for text in texts for secret in secrets)
