"""Models of four providers on loopback: right answers, and everything a provider does wrong, each as one of our errors with its cost."""

import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.strategy_gen.llm.errors import (
    BadAnswerError,
    BudgetError,
    ModelAuthError,
    ModelError,
    ModelPaymentError,
    ModelRateLimitedError,
    ModelTimeoutError,
    ModelUnavailableError,
    ModelUnknownError,
)
from services.strategy_gen.llm.prompt import prompt_hash
from services.strategy_gen.llm.protocol import Usage
from tests.support.fake_llm import (
    GOOD_CODE,
    MODELS,
    TOKENS_IN,
    TOKENS_OUT,
    Answer,
    FakeLlm,
    Raw,
    Reply,
    Silence,
    Status,
    strategy,
)
from tests.support.llm_writer import NOON, Office, opened

PROVIDERS = tuple(MODELS)
VENDORS = PROVIDERS[:3]
KNOWN = {"google": "0.00185", "openai": "0.0015", "anthropic": "0.0045", "ollama": "0"}
"""Dollars of 2,000 tokens in and 500 out, worked by hand: 0.30/2.50, 0.25/2.00, 1.00/5.00 per million, and nothing."""

LONGEST = {"google": "0.02", "openai": "0.016", "anthropic": "0.04"}
"""Dollars of the 8,000 tokens an answer may have at most."""


async def failing(
    answers: list[Answer], folder: Path, provider: str, kind: type[ModelError], **settings: Any
) -> tuple[ModelError, Office, FakeLlm]:
    with FakeLlm(answers) as fake:
        async with opened(fake, folder, provider, **settings) as office:
            with pytest.raises(kind) as caught:
                await office.write()
            spent = await office.budget.spent("job")
            assert spent == caught.value.usage.cost_usd
    return caught.value, office, fake


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_with_a_right_answer_gives_the_draft_with_its_exact_cost(tmp_path: Path, provider: str) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
            calls = await office.budget.calls("job")
    assert (draft.name, draft.code, draft.parameters, draft.citations) == ("Mean crossing", GOOD_CODE, {}, ())
    assert draft.model == f"{provider}:{MODELS[provider]}"
    assert draft.prompt_hash == prompt_hash()
    assert draft.usage == Usage(TOKENS_IN, TOKENS_OUT, Decimal(KNOWN[provider]), False)
    assert [(call.outcome, call.cost_usd, call.at) for call in calls] == [("answered", Decimal(KNOWN[provider]), NOON)]
    assert fake.calls == 1


@pytest.mark.parametrize(
    ("provider", "limit"),
    [
        ("google", '"maxOutputTokens": 8000'),
        ("openai", '"max_completion_tokens": 8000'),
        ("anthropic", '"max_tokens": 8000'),
        ("ollama", '"max_tokens": 8000'),
    ],
)
async def test_request_bounds_its_answer_and_asks_for_no_stream_or_packing(
    tmp_path: Path, provider: str, limit: str
) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            await office.write()
    assert limit in fake.last
    assert fake.bodies[0].get("stream") in (None, False)
    assert fake.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize(("provider", "told"), [("ollama", True), ("vllm", True), ("lmstudio", False)])
async def test_local_server_is_told_to_answer_in_json_only_where_it_can(
    tmp_path: Path, provider: str, told: bool
) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, "ollama", llm=f"{provider}:qwen3") as office:
            draft = await office.write()
    assert draft.model == f"{provider}:qwen3"
    assert ("response_format" in fake.bodies[0]) == told


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_told_to_wait_waits_as_long_and_asks_again(tmp_path: Path, provider: str) -> None:
    with FakeLlm([Status(429, "7"), Status(503), strategy()]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
            calls = await office.budget.calls("job")
    assert office.naps == [7.0, 2.0]
    assert [(call.outcome, call.estimated) for call in calls] == [
        ("http_429", False),
        ("http_503", False),
        ("answered", False),
    ]
    assert draft.usage.cost_usd == Decimal(KNOWN[provider])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_told_to_wait_too_long_does_not_ask_again(tmp_path: Path, provider: str) -> None:
    error, office, fake = await failing([Status(429, "3600")], tmp_path, provider, ModelRateLimitedError)
    assert isinstance(error, ModelRateLimitedError)
    assert (error.retry_after, fake.calls, office.naps) == (3600.0, 1, [])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_of_a_broken_provider_asks_three_times_and_books_each_try(tmp_path: Path, provider: str) -> None:
    error, office, fake = await failing([Status(500)], tmp_path, provider, ModelUnavailableError)
    assert (fake.calls, office.naps, error.code) == (3, [1.0, 2.0], "model.unavailable")
    assert error.usage.estimated
    if provider in VENDORS:
        assert error.usage.cost_usd > 3 * Decimal(KNOWN[provider])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ModelAuthError),
        (402, ModelPaymentError),
        (404, ModelUnknownError),
        (400, ModelUnknownError),
        (302, ModelUnavailableError),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_that_is_refused_says_why_at_no_cost(
    tmp_path: Path, provider: str, status: int, kind: type[ModelError]
) -> None:
    answer = Raw(b"", status=302, headers={"location": "/elsewhere"}) if status == 302 else Status(status)
    error, _, fake = await failing([answer], tmp_path, provider, kind)
    assert (fake.calls, error.usage) == (1, Usage())
    assert error.hint


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Silence(), ModelTimeoutError, id="silence"),
        pytest.param(Silence(after=b'{"a": '), ModelTimeoutError, id="slow"),
        pytest.param(Silence(after=b"{", dripping=True), ModelTimeoutError, id="dripping"),
        pytest.param(Raw(b'{"candidates": [', length=5_000), ModelUnavailableError, id="cut"),
        pytest.param(Raw(b""), BadAnswerError, id="empty"),
        pytest.param(Raw(b"<html>busy</html>"), BadAnswerError, id="html"),
        pytest.param(Raw(b'{"a": "\xff\xfe"}'), BadAnswerError, id="not utf-8"),
        pytest.param(Raw(b'{"a": "' + b"x" * 1_000_000 + b'"}'), BadAnswerError, id="1 MB"),
        pytest.param(Raw(b"[" * 20_000), BadAnswerError, id="deep"),
        pytest.param(Raw(b"null"), BadAnswerError, id="null"),
        pytest.param(Raw(b"[]"), BadAnswerError, id="list"),
        pytest.param(Raw(b"{}"), BadAnswerError, id="nothing in it"),
        pytest.param(replace(strategy(), tokens=(-5, 10)), BadAnswerError, id="negative usage"),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_of_a_useless_answer_books_the_reserved_maximum(
    tmp_path: Path, provider: str, answer: Answer, kind: type[ModelError]
) -> None:
    error, _, _ = await failing(
        [answer], tmp_path, provider, kind, llm_timeout_s=0.2 if "Sil" in repr(answer) else 10.0
    )
    assert error.usage.estimated
    if provider in VENDORS:
        assert error.usage.cost_usd > Decimal(LONGEST[provider])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_of_a_right_answer_above_1_mb_does_not_read_it(tmp_path: Path, provider: str) -> None:
    endless = strategy(claims="x" * 1_000_000)
    error, _, fake = await failing([endless], tmp_path, provider, BadAnswerError)
    assert "more than 1,000,000 bytes" in error.detail
    assert fake.calls == 1


async def test_writer_of_anthropic_without_a_told_usage_loses_the_answer_and_books_the_maximum(tmp_path: Path) -> None:
    error, _, _ = await failing([replace(strategy(), usage=False)], tmp_path, "anthropic", BadAnswerError)
    assert error.usage.estimated


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_writer_that_is_declined_says_so(tmp_path: Path, provider: str) -> None:
    error, _, fake = await failing([Reply("no", refused=True)], tmp_path, provider, BadAnswerError)
    assert "refused to answer" in error.detail
    assert fake.calls == 1


async def test_writer_of_an_unreachable_server_says_so_at_no_cost(tmp_path: Path) -> None:
    with FakeLlm([strategy()]) as gone:
        pass
    async with opened(gone, tmp_path) as office:
        with pytest.raises(ModelUnavailableError) as caught:
            await office.write()
    assert caught.value.usage == Usage()


async def test_writer_of_an_unpriced_model_at_the_vendor_makes_no_call(tmp_path: Path) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, llm="google:gemini-of-tomorrow", llm_url=None) as office:
            with pytest.raises(ModelUnknownError, match="price"):
                await office.write()
    assert fake.calls == 0


@pytest.mark.parametrize(("price", "dollars"), [("", "0"), ("10,100", "0.07")])
async def test_writer_of_an_unpriced_model_on_an_own_server_costs_what_the_operator_says(
    tmp_path: Path, price: str, dollars: str
) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, llm="google:gemini-of-tomorrow", llm_price=price) as office:
            draft = await office.write()
    assert draft.usage.cost_usd == Decimal(dollars)


@pytest.mark.parametrize("provider", VENDORS)
async def test_writer_without_a_key_makes_no_call(tmp_path: Path, provider: str) -> None:
    without: dict[str, Any] = {f"{provider}_key": None}
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, provider, **without) as office:
            with pytest.raises(ModelAuthError, match="no key"):
                await office.write()
    assert fake.calls == 0


async def test_call_is_one_line_in_the_log_with_its_numbers_and_no_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeLlm([Status(503), strategy()]) as fake, caplog.at_level(logging.INFO, "sentinel"):
        async with opened(fake, tmp_path) as office:
            await office.write()
    lines = [record for record in caplog.records if record.name == "sentinel.strategy_gen.llm"]
    assert [line.getMessage() for line in lines] == ["model call", "model call"]
    told = {
        name: getattr(lines[1], name)
        for name in ("job_id", "model", "tokens_in", "tokens_out", "cost_usd", "outcome", "ms")
    }
    assert told == {
        "job_id": "job",
        "model": "google:gemini-2.5-flash",
        "tokens_in": TOKENS_IN,
        "tokens_out": TOKENS_OUT,
        "cost_usd": 0.00185,
        "outcome": "answered",
        "ms": 0,
    }
    assert lines[1].prompt_hash == prompt_hash()  # type: ignore[attr-defined]
    assert "mean" not in repr([vars(line) for line in lines])


async def test_writer_whose_retry_would_pass_the_cap_stops_there(tmp_path: Path) -> None:
    with FakeLlm([Status(500), strategy()]) as fake:
        async with opened(fake, tmp_path, llm_price="0,1") as office:
            office.budget._caps = replace(office.budget._caps, job=Decimal("0.015"))
            with pytest.raises(BudgetError) as caught:
                await office.write()
    assert fake.calls == 1
    assert caught.value.pointer == "SENTINEL_LLM_JOB_USD"
    assert caught.value.usage.cost_usd == Decimal("0.008")
