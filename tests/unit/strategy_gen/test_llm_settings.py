"""Which models are configured, where they are, and what may be given."""

from decimal import Decimal

import pytest
from pydantic import SecretStr, ValidationError

from services.strategy_gen.llm.addresses import checked
from services.strategy_gen.llm.prices import Tokens, price_of
from services.strategy_gen.llm.settings import LlmSettings

NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "SENTINEL_LLM_KEY", "SENTINEL_LLM")
CANARY = "canary-key-0123456789"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "SENTINEL_LLM_URL", "SENTINEL_LLM_PRICE"):
        monkeypatch.delenv(name, raising=False)


def named(**variables: str) -> list[str]:
    return [link.name for link in settings(**variables).links()]


def settings(**variables: str) -> LlmSettings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return LlmSettings()


@pytest.mark.parametrize(
    ("keys", "model"),
    [
        ((), []),
        (("GEMINI_API_KEY",), ["google:gemini-2.5-flash"]),
        (("GOOGLE_API_KEY",), ["google:gemini-2.5-flash"]),
        (("OPENAI_API_KEY",), ["openai:gpt-5-mini"]),
        (("ANTHROPIC_API_KEY",), ["anthropic:claude-haiku-4-5"]),
        (("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"), ["google:gemini-2.5-flash"]),
        (("SENTINEL_LLM_KEY",), []),
    ],
)
def test_default_model_is_that_of_the_first_key(keys: tuple[str, ...], model: list[str]) -> None:
    assert named(**dict.fromkeys(keys, CANARY)) == model


def test_empty_key_is_no_key() -> None:
    assert named(GEMINI_API_KEY="") == []


def test_models_are_asked_in_the_order_given() -> None:
    links = settings(SENTINEL_LLM="google:gemini-2.5-pro, ollama:qwen3:8b ,openai:gpt-5-mini").links()
    assert [(link.name, link.url, link.own) for link in links] == [
        ("google:gemini-2.5-pro", "https://generativelanguage.googleapis.com", False),
        ("ollama:qwen3:8b", "http://127.0.0.1:11434/v1", True),
        ("openai:gpt-5-mini", "https://api.openai.com/v1", False),
    ]


def test_address_belongs_to_the_local_server_where_there_is_one() -> None:
    links = settings(SENTINEL_LLM="google:g,vllm:v", SENTINEL_LLM_URL="http://10.0.0.7:8000/v1/").links()
    assert [(link.url, link.own) for link in links] == [
        ("https://generativelanguage.googleapis.com", False),
        ("http://10.0.0.7:8000/v1", True),
    ]


def test_address_without_a_local_server_is_a_proxy_for_every_vendor() -> None:
    links = settings(SENTINEL_LLM="google:g,openai:o", SENTINEL_LLM_URL="https://proxy.example/llm").links()
    assert {(link.url, link.own) for link in links} == {("https://proxy.example/llm", True)}


def test_key_goes_to_its_vendor_and_the_own_key_to_the_own_server() -> None:
    links = settings(
        SENTINEL_LLM="google:g,openai:o,ollama:l",
        GEMINI_API_KEY="gemini",
        SENTINEL_LLM_KEY="own",
        SENTINEL_LLM_URL="http://127.0.0.1:1/v1",
    ).links()
    assert [link.key.get_secret_value() for link in links] == ["gemini", "", "own"]


@pytest.mark.parametrize(
    "text", ["gemini-2.5-flash", "google:", "mystery:x", ":x", "google:a\x1b[31m", "google:" + "x" * 130]
)
def test_model_without_provider_and_name_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        LlmSettings(llm=text)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/v1",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:1/v1",
        "http://localhost:1",
        "http://192.168.1.9/v1",
        "http://10.2.3.4",
        "http://ollama:11434/v1",
        "http://gpu.lan/v1",
        "http://[fd00::1]/v1",
    ],
)
def test_address_of_the_own_network_or_https_is_taken(url: str) -> None:
    assert checked(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/v1",
        "http://8.8.8.8/v1",
        "http://0.0.0.0/v1",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1:80",
        "https://",
        "https://user:secret@api.example/v1",
        "https://api.example/v1?key=1",
        "https://api.example/v1#x",
        "http://127.0.0.1.evil.example/v1",
        "http://2130706433.example/v1",
    ],
)
def test_address_that_is_open_or_odd_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|https|URL"):
        checked(url)


def test_refused_address_is_not_repeated_with_its_password() -> None:
    with pytest.raises(ValidationError) as caught:
        LlmSettings(llm_url="https://u:canary@h")
    assert "canary" not in str(caught.value)


def test_keys_do_not_show() -> None:
    shown = settings(**dict.fromkeys(NAMES[:5], CANARY))
    for text in (repr(shown), str(shown), shown.model_dump_json(), repr(shown.model_dump()), repr(shown.links())):
        assert CANARY not in text


@pytest.mark.parametrize("text", ["1", "1,2,3", "a,b", "-1,2", "nan,1", "1,inf", "1;2"])
def test_price_that_is_not_two_amounts_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        LlmSettings(llm_price=text)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("google:gemini-2.5-flash", "0.0028"),
        ("openai:gpt-5-mini", "0.00225"),
        ("anthropic:claude-haiku-4-5", "0.006"),
        ("ollama:qwen3", "0"),
    ],
)
def test_price_is_the_vendors_published_one_and_nothing_on_an_own_server(model: str, dollars: str) -> None:
    (link,) = LlmSettings(llm=model).links()
    assert price_of(link, None).of(Tokens(1_000, 1_000)) == Decimal(dollars)


def test_price_of_the_operator_wins_and_is_rounded_up() -> None:
    (link,) = LlmSettings(llm="google:gemini-2.5-flash", google_key=SecretStr("x")).links()
    assert price_of(link, (Decimal("0.001"), Decimal(0))).of(Tokens(1, 1)) == Decimal("0.00000001")
