"""What a call costs: the operator's price, else the published one of the vendor, else nothing on an own server, else the call is refused.

Published prices are the snapshot inside the installed genai-prices; its update over the network is never started.
"""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

from libs.common.values import MONEY_STEP
from services.strategy_gen.llm.errors import ModelUnknownError
from services.strategy_gen.llm.settings import Link

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call. total: all that went in and came out; details: more precise counts (cached ones) for published prices."""

    into: int
    out: int
    details: Any = None


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one model. flat: dollars per million tokens in and out; None asks the published prices."""

    link: Link
    flat: tuple[Decimal, Decimal] | None

    def of(self, tokens: Tokens) -> Decimal:
        """Return dollars, rounded up to a hundred-millionth."""
        if self.flat is not None:
            dollars = (self.flat[0] * tokens.into + self.flat[1] * tokens.out) / _MILLION
        else:
            dollars = _published(self.link, tokens)
        return dollars.quantize(MONEY_STEP, rounding=ROUND_UP)


def price_of(link: Link, override: tuple[Decimal, Decimal] | None) -> Price:
    """Return the price of a model; raises ModelUnknownError for a vendor's model whose price nobody knows."""
    if override is not None:
        return Price(link, override)
    if not link.is_vendor:
        return Price(link, (Decimal(0), Decimal(0)))
    try:
        _published(link, Tokens(1, 1))
    except LookupError:
        if link.own:
            return Price(link, (Decimal(0), Decimal(0)))
        raise ModelUnknownError(
            f"the price of {link.name} is not known, so no budget could hold it",
            pointer="SENTINEL_LLM",
            hint="check the model's name, or set SENTINEL_LLM_PRICE to its dollars per million tokens, like 0.3,2.5",
        ) from None
    return Price(link, None)


def _published(link: Link, tokens: Tokens) -> Decimal:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - 0.2 s that only a service with a model should pay

    usage = tokens.details or Usage(input_tokens=tokens.into, output_tokens=tokens.out)
    return Decimal(calc_price(usage, link.model, provider_id=link.provider).total_price)
