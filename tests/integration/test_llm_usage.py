"""Usage that a provider does not tell, or that cannot be: the reservation is booked and marked as an estimate."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_llm import MODELS, FakeLlm, strategy
from tests.support.llm_writer import opened

PROVIDERS = tuple(MODELS)


@pytest.mark.parametrize("tokens", [(0, 0), (10**12, 10)])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_told_an_impossible_usage_books_the_reserved_maximum(
    tmp_path: Path, provider: str, tokens: tuple[int, int]
) -> None:
    with FakeLlm([replace(strategy(), tokens=tokens)]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
            (call,) = await office.budget.calls("job")
    assert (call.outcome, call.estimated, draft.usage.estimated) == ("no_usage", True, True)


@pytest.mark.parametrize("provider", ["google", "openai", "anthropic"])
async def test_vendor_that_tells_more_than_was_reserved_is_booked_the_reservation(
    tmp_path: Path, provider: str
) -> None:
    with FakeLlm([replace(strategy(), tokens=(10**8, 10**8))]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            await office.write()
            (call,) = await office.budget.calls("job")
    assert (call.outcome, call.estimated, call.tokens_in) == ("no_usage", True, None)
    assert call.cost_usd < 1


@pytest.mark.parametrize("provider", ["google", "openai", "ollama"])
async def test_writer_without_a_told_usage_books_the_reserved_maximum_and_marks_it(
    tmp_path: Path, provider: str
) -> None:
    with FakeLlm([replace(strategy(), usage=False)]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
            (call,) = await office.budget.calls("job")
    assert draft.usage.estimated
    assert (call.outcome, call.tokens_in, call.cost_usd) == ("no_usage", None, draft.usage.cost_usd)
