"""What models answer instead of a strategy, by all four protocols: malformed answers go back twice with their fault, then it is an error."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.strategy_gen.llm.errors import BadAnswerError
from services.strategy_gen.llm.protocol import Ask, Passage
from services.strategy_gen.llm.talk import AGAIN
from tests.support.fake_llm import GOOD_CODE, MODELS, TOKENS_IN, Answer, FakeLlm, Reply, ToolText, strategy
from tests.support.llm_writer import ASK, opened

PROVIDERS = tuple(MODELS)
FENCED = f"```python\n{GOOD_CODE}```"

SHAPELESS: dict[str, str] = {
    "empty": "",
    "spaces": "   \n ",
    "prose": "Sure! A mean crossing buys strength. Shall I go on?",
    "refusal in words": "I'm sorry, but I can't help with financial advice.",
    "code alone": GOOD_CODE,
    "fenced code alone": FENCED,
    "action": '{"action": "BUY NOW", "confidence": "high"}',
    "array": "[1, 2, 3]",
    "number": "42",
    "pseudo-code": "IF close > mean THEN buy ELSE sell",
}
"""Texts with no strategy in them."""

FIELDS: dict[str, dict[str, Any]] = {
    "empty code": {"code": ""},
    "spaces for code": {"code": "  \n\t\n"},
    "code is a list": {"code": [GOOD_CODE]},
    "code is null": {"code": None},
    "two blocks": {"code": f"{FENCED}\n{FENCED}"},
    "open fence": {"code": f"```python\n{GOOD_CODE}"},
    "fence inside prose": {"code": f"Here it is:\n{FENCED}\nEnjoy!"},
    "fenced javascript": {"code": "```javascript\nfunction f() {}\n```"},
    "too long": {"code": "x = 1\n" * 12_000},
    "no name": {"name": None},
    "name of tag characters": {"name": "\U000e0041\U000e0042\u202e\u200b"},
    "parameters as text": {"parameters": "period=14"},
    "nested parameters": {"parameters": {"period": {"value": 14}}},
    "5,000 symbols": {"parameters": {"symbols": [f"S{number}" for number in range(5_000)]}},
    "parameter name with a call": {"parameters": {"x); import os; (": 1}},
    "cites what is not there": {"citations": [1]},
    "cites by name": {"citations": ["risk/stops.md"]},
}
"""Right answers but for one field."""


def broken(arguments: dict[str, Any]) -> dict[str, str]:
    text = json.dumps(arguments)
    return {
        "cut JSON": text[:-40],
        "trailing comma": text[:-1] + ",}",
        "smart quotes": text.replace('"', "\u201d"),
        "NaN": text[:-1] + ', "parameters": {"period": NaN}}',
        "infinite": text[:-1] + ', "parameters": {"period": 1e999}}',
    }


USUAL = {"name": "Mean crossing", "code": GOOD_CODE}
BROKEN = broken(USUAL)
"""Texts of arguments that are no JSON, or no numbers. Gemini and Anthropic send arguments as objects: there they break the whole answer."""

RIGHT: dict[str, dict[str, Any]] = {
    "one fence around the code": {"code": FENCED},
    "fence without language": {"code": f"```\n{GOOD_CODE}```\n"},
    "claims": {"win_rate": 0.99, "verdict": "excellent", "confidence": 150, "action": "BUY NOW", "symbols": ["NOSUCH"]},
    "a call": {"tool": "place_order", "budget_usd": 1_000},
}
"""What is beside the asked fields is not read."""

CODES: dict[str, str] = {
    "syntax error": "def generate_signals(df)\n    return 0\n",
    "tabs": "def generate_signals(df):\n\treturn 0\n        \n",
    "Python 2": "print 'hello'\n",
    "JavaScript": "function signals(df) { return 1; }\n",
    "import talib": "import talib\n",
    "import requests": "import requests\nrequests.get('http://evil.example')\n",
    "reads env": "import os\nprint(os.environ)\n",
    "direction marks": "x = 1 # \u202e\u2066 evil\n",
    "tag characters": "x = '\U000e0041'\n",
    "ANSI codes": "x = '\x1b[31m'\n",
    "shift(-1)": "def generate_signals(df):\n    return df.close.shift(-1)\n",
}
"""Bad code in a well-formed answer: it is the checker's business, so it arrives as it was written."""


@pytest.mark.parametrize("text", SHAPELESS.values(), ids=SHAPELESS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answer_without_a_strategy_is_sent_back_twice_and_then_refused(
    tmp_path: Path, provider: str, text: str
) -> None:
    await refused_after_retries(tmp_path, provider, Reply(text))


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answer_with_one_wrong_field_is_sent_back_twice_and_then_refused(
    tmp_path: Path, provider: str, fields: dict[str, Any]
) -> None:
    error = await refused_after_retries(tmp_path, provider, strategy(**({"code": GOOD_CODE} | fields)))
    assert [found["pointer"].split("/")[1] for found in error.diagnostics][:1] == [next(iter(fields))]


@pytest.mark.parametrize("arguments", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_answer_with_broken_arguments_is_sent_back_twice_and_then_refused(
    tmp_path: Path, provider: str, arguments: str
) -> None:
    await refused_after_retries(tmp_path, provider, ToolText(arguments))


@pytest.mark.parametrize("arguments", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("provider", ["google", "anthropic"])
async def test_answer_broken_by_its_arguments_is_refused(tmp_path: Path, provider: str, arguments: str) -> None:
    with FakeLlm([ToolText(arguments)]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            with pytest.raises(BadAnswerError):
                await office.write()
    assert fake.calls <= 1 + AGAIN


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answer_cut_at_the_token_limit_is_refused(tmp_path: Path, provider: str) -> None:
    answer = (
        Reply("def generate_sig", cut_off=True) if provider == "google" else ToolText('{"name": "x"}', cut_off=True)
    )
    with FakeLlm([answer]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            with pytest.raises(BadAnswerError):
                await office.write()
    assert fake.calls <= 1 + AGAIN


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_malformed_answer_followed_by_a_right_one_is_a_draft_that_costs_both(
    tmp_path: Path, provider: str
) -> None:
    with FakeLlm([strategy(code=FENCED + FENCED), strategy()]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
    assert draft.code == GOOD_CODE
    assert draft.usage.tokens_in == 2 * TOKENS_IN
    assert "the code holds a Markdown fence" in fake.last


@pytest.mark.parametrize("fields", RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answer_with_more_than_was_asked_is_read_for_what_was_asked(
    tmp_path: Path, provider: str, fields: dict[str, Any]
) -> None:
    with FakeLlm([strategy(**({"code": GOOD_CODE} | fields))]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
    assert draft.code.strip() == GOOD_CODE.strip()
    assert draft.parameters == {}
    assert "excellent" not in repr(draft)


@pytest.mark.parametrize("text", [json.dumps(USUAL), f"Here:\n```json\n{json.dumps(USUAL)}\n```\nEnjoy."])
async def test_text_of_a_local_model_may_stand_in_prose(tmp_path: Path, text: str) -> None:
    with FakeLlm([text]) as fake:
        async with opened(fake, tmp_path, "ollama") as office:
            draft = await office.write()
    assert (draft.name, draft.code) == ("Mean crossing", GOOD_CODE)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_bad_code_arrives_as_it_was_written(tmp_path: Path, provider: str, code: str) -> None:
    with FakeLlm([strategy(code)]) as fake:
        async with opened(fake, tmp_path, provider) as office:
            draft = await office.write()
    assert draft.code == code


async def test_texts_beside_the_code_lose_what_does_not_show(tmp_path: Path) -> None:
    dirty = "Mean\u202e \x1b[31mcross\U000e0041ing\x07\n<script>x</script>"
    with FakeLlm([strategy(name=dirty, rationale=dirty, description=dirty)]) as fake:
        async with opened(fake, tmp_path) as office:
            draft = await office.write()
    assert draft.name == "Mean crossing <script>x</script>"
    assert draft.rationale == draft.description == "Mean crossing\n<script>x</script>"


async def test_citations_are_places_in_the_passages(tmp_path: Path) -> None:
    passages = tuple(Passage(f"risk/p{n}.md", 0, "risk", "Stops", "", f"text {n}", 0.5, False) for n in range(3))  # type: ignore[arg-type]
    with FakeLlm([strategy(citations=[3, 1, 3])]) as fake:
        async with opened(fake, tmp_path) as office:
            draft = await office.write(Ask(ASK.text, ASK.kind, ASK.timeframe, passages=passages))
    assert draft.citations == (0, 2)


async def refused_after_retries(folder: Path, provider: str, answer: Answer) -> BadAnswerError:
    with FakeLlm([answer]) as fake:
        async with opened(fake, folder, provider) as office:
            with pytest.raises(BadAnswerError) as caught:
                await office.write()
            assert await office.budget.spent("job") == caught.value.usage.cost_usd
    assert fake.calls == 1 + AGAIN
    assert caught.value.code == "model.bad_answer"
    assert caught.value.usage.tokens_in == 3 * TOKENS_IN
    return caught.value
