"""Which models write strategies, with which keys, and how much they may cost. Keys come from the environment and are never shown."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AliasChoices, Field, FiniteFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.strategy_gen.llm.addresses import LOCAL, VENDORS, checked

_Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=8)]
_DEFAULTS = (("google", "gemini-2.5-flash"), ("openai", "gpt-5-mini"), ("anthropic", "claude-haiku-4-5"))
"""The model used when only a key is given, the first whose key there is."""


@dataclass(frozen=True, slots=True)
class Link:
    """One model of the chain. url: its base URL, own: given by the operator; key: "" where there is none."""

    provider: str
    model: str
    url: str
    own: bool
    key: SecretStr

    @property
    def name(self) -> str:
        """Return `provider:model`."""
        return f"{self.provider}:{self.model}"

    @property
    def is_vendor(self) -> bool:
        """Tell whether it bills by the token."""
        return self.provider in VENDORS


class LlmSettings(BaseSettings):
    """Read once at start. Vendors' keys keep the names their own tools use; everything else is `SENTINEL_LLM...`."""

    model_config = SettingsConfigDict(
        env_prefix="SENTINEL_", frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    llm: str = Field(default="", description="models that write strategies, `provider:model` in order, commas between")
    llm_url: str | None = Field(default=None, description="base URL of an OpenAI-compatible server, or of a proxy")
    llm_key: SecretStr | None = Field(default=None, description="key for that server")
    llm_daily_usd: _Usd = Field(default=Decimal(1), description="most dollars models may cost in a UTC day")
    llm_job_usd: _Usd = Field(default=Decimal("0.25"), description="most dollars one request may cost")
    llm_timeout_s: Annotated[FiniteFloat, Field(gt=0, le=600)] = Field(
        default=60.0, description="seconds a model may take for one answer"
    )
    llm_price: str = Field(default="", description="dollars per million tokens in and out, like `0.3,2.5`")
    google_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GEMINI_API_KEY", "GOOGLE_API_KEY"), description="Gemini's key"
    )
    openai_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_API_KEY"), description="OpenAI's key"
    )
    anthropic_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("ANTHROPIC_API_KEY"), description="Anthropic's key"
    )

    @field_validator("llm")
    @classmethod
    def _names_models(cls, value: str) -> str:
        for part in filter(None, map(str.strip, value.split(","))):
            provider, _, model = part.partition(":")
            if provider not in VENDORS and provider not in LOCAL:
                raise ValueError(f"the providers are {', '.join([*VENDORS, *LOCAL])}; write provider:model")
            if not model.strip() or any(not character.isprintable() for character in model) or len(part) > 128:
                raise ValueError("a model is named provider:model, like google:gemini-2.5-flash")
        return value

    @field_validator("llm_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return checked(value) if value and value.strip() else None

    @field_validator("llm_price")
    @classmethod
    def _is_price(cls, value: str) -> str:
        if value.strip():
            _pair(value)
        return value

    def price(self) -> tuple[Decimal, Decimal] | None:
        """Return the operator's prices in dollars per million tokens, in and out; None where none are given."""
        return _pair(self.llm_price) if self.llm_price.strip() else None

    def links(self) -> tuple[Link, ...]:
        """Return the models in order; empty when neither a model nor a key is configured.

        `llm_url` belongs to the models that need one (a local server); where there are none, it stands before every vendor.
        """
        named = [part.strip().partition(":") for part in self.llm.split(",") if part.strip()]
        pairs = [(provider, model.strip()) for provider, _, model in named] or self._default()
        local_only = any(provider in LOCAL for provider, _ in pairs)
        return tuple(self._link(provider, model, local_only) for provider, model in pairs)

    def secrets(self) -> tuple[str, ...]:
        """Return every key's text, to keep it out of answers; never to be shown."""
        keys = (self.google_key, self.openai_key, self.anthropic_key, self.llm_key)
        return tuple(key.get_secret_value() for key in keys if key and len(key.get_secret_value()) >= 8)

    def _default(self) -> list[tuple[str, str]]:
        return [pair for pair in _DEFAULTS if _text(self._vendor_key(pair[0]))][:1]

    def _vendor_key(self, provider: str) -> SecretStr | None:
        return {"google": self.google_key, "openai": self.openai_key, "anthropic": self.anthropic_key}.get(provider)

    def _link(self, provider: str, model: str, local_only: bool) -> Link:
        own = self.llm_url if self.llm_url and (provider in LOCAL or not local_only) else None
        url = own or VENDORS.get(provider) or LOCAL.get(provider) or ""
        # A vendor's key goes to that vendor, or to the proxy the operator put before it; a local server only ever gets SENTINEL_LLM_KEY.
        key = _text(self._vendor_key(provider)) or (_text(self.llm_key) if own or provider in LOCAL else "")
        return Link(provider, model, url, own is not None or provider in LOCAL, SecretStr(key))


def _text(key: SecretStr | None) -> str:
    return key.get_secret_value().strip() if key else ""


def _pair(value: str) -> tuple[Decimal, Decimal]:
    try:
        into, out = (Decimal(part.strip()) for part in value.split(","))
    except (InvalidOperation, ValueError):
        raise ValueError("prices are two numbers, dollars per million tokens in and out, like 0.3,2.5") from None
    if not (into.is_finite() and out.is_finite() and 0 <= into <= 100_000 and 0 <= out <= 100_000):
        raise ValueError("prices are from 0 to 100000 dollars per million tokens")
    return into, out
