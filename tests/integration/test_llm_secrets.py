"""Keys appear in requests to their provider and nowhere else, whatever goes wrong; prompts hold no key, symbol or date of ours."""

import json
import logging
import re
import traceback
from pathlib import Path
from typing import Any

import pytest

from libs.common.errors import SentinelError
from libs.common.logs import JsonFormatter
from services.strategy_gen.llm.errors import BadAnswerError
from services.strategy_gen.llm.protocol import Ask, Tried
from tests.support.fake_llm import KEYS, MODELS, Answer, FakeLlm, Raw, Reply, Silence, Status, ToolText, strategy
from tests.support.llm_writer import opened

CANARY = re.compile("|".join(KEYS.values()))


def echoing(key: str) -> dict[str, Answer | dict[str, Any] | str]:
    """Return the ways a server can say a key back."""
    return {
        "401": Status(401, message=f"bad key {key}"),
        "402": Status(402, message=f"bad key {key}"),
        "404": Status(404, message=f"no model for {key}"),
        "429": Status(429, "9999", f"slow down {key}"),
        "500": Status(500, message=f"crash at {key}"),
        "html": Raw(f"<b>{key}</b>".encode()),
        "cut": Raw(f'{{"{key}'.encode(), length=9_000),
        "null": Raw(b"null", headers={"x-key": key}),
        "error in a success": Raw(json.dumps({"error": {"message": key, "code": 400}}).encode()),
        "silence": Silence(after=key.encode()),
        "refused": Reply(key, refused=True),
        "prose": Reply(f"your key is {key}"),
        "wrong field": strategy(parameters={key: {key: key}}),
        "broken arguments": ToolText(f'{{"name": "{key}", '),
        "name": strategy(name=key),
        "code": strategy(f"x = '{key}'\n"),
        "rationale": strategy(rationale=f"because {key}"),
        "parameter": strategy(parameters={"x": key}),
    }


@pytest.mark.parametrize("way", echoing(""))
@pytest.mark.parametrize("provider", MODELS)
async def test_key_said_back_by_a_server_reaches_no_error_log_or_ledger(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, provider: str, way: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeLlm([echoing(KEYS[provider])[way]]) as fake:
        async with opened(fake, tmp_path, provider, llm_timeout_s=0.3 if way == "silence" else 10.0) as office:
            with pytest.raises(SentinelError) as caught:
                await office.write()
            ledger = repr(await office.budget.calls("job"))
            shown = repr(office.writer)
    ours = [record for record in caplog.records if record.name.startswith("sentinel")]
    assert ours
    told = "\n".join(map(JsonFormatter().format, ours))
    error = caught.value
    said = repr((error, error.detail, error.hint, error.pointer, getattr(error, "diagnostics", ())))
    trace = "".join(traceback.format_exception(error))
    for text in (ledger, shown, told, said, trace):
        assert not CANARY.search(text)


@pytest.mark.parametrize("provider", MODELS)
async def test_key_is_in_no_log_of_a_library_and_in_no_prompt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, provider: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeLlm([Status(503), strategy()]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
    assert KEYS[provider] in " ".join(fake.headers[0].values())
    for text in (repr(draft), caplog.text, json.dumps(fake.bodies), " ".join(fake.paths)):
        assert not CANARY.search(text)


async def test_local_server_never_gets_the_key_of_a_vendor(tmp_path: Path) -> None:
    vendors: dict[str, Any] = {f"{name}_key": KEYS[name] for name in ("google", "openai", "anthropic")}
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path, "ollama", llm_key=None, **vendors) as office:
            await office.write()
    assert not CANARY.search(repr(fake.headers))


async def test_answer_that_holds_a_key_is_refused_with_the_reason(tmp_path: Path) -> None:
    with FakeLlm([strategy(rationale=KEYS["google"])]) as fake:
        async with opened(fake, tmp_path) as office:
            with pytest.raises(BadAnswerError, match="one of our keys"):
                await office.write()


async def test_prompt_passes_on_no_more_of_a_finding_than_words_and_places(tmp_path: Path) -> None:
    finding = {
        "code": "run.error",
        "message": "division by zero",
        "line": 3,
        "symbol": "SECRETUSDT",
        "bars": [1.25, 1.5],
        "at": "2026-02-28T10:00:00Z",
    }
    ask = Ask("buy the dip", "python.signals", "1h", symbols_total=423, earlier=(Tried("x = 1\n", (finding,)),))
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path) as office:
            await office.write(ask)
    assert "division by zero" in fake.last
    assert "423 symbols" in fake.last
    for hidden in ("SECRETUSDT", "1.25", "2026-02-28", "2026"):
        assert hidden not in fake.last
