"""Poisoned requests: to a model that obeys them, and to the compiler, which refuses what it does not understand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.common.errors import BadInputError
from libs.common.events import AttemptMade, GenerationDone, GenerationStarted, StrategyJudged, StrategyProposed
from libs.strategy.sandbox.host.pool import Pool
from tests.security.poisoned.answers import OBEYED
from tests.security.poisoned.harm import unharmed
from tests.security.poisoned.lab import CANARY, IDEA, Obedient, lab
from tests.security.poisoned.prompts import NEEDLE, OFFLINE, PROMPTS, UNSEEN, Asked
from tests.support.generation import generate


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def test_there_are_as_many_prompts_as_promised() -> None:
    assert len(PROMPTS) + len(OFFLINE) >= 30
    assert len({asked.title for asked in PROMPTS}) == len(PROMPTS)


@pytest.mark.parametrize("asked", PROMPTS, ids=lambda asked: asked.title)
async def test_prompt_that_is_obeyed_changes_no_permission_spend_order_or_gate(
    asked: Asked,
    tmp_path: Path,
    sandbox: Pool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{CANARY}-aws")
    caplog.set_level("DEBUG", logger="sentinel")
    obeyed = OBEYED[asked.obeys]
    with Obedient(NEEDLE, obeyed.answer) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            await opened.generated(asked.text, **asked.more)
            await opened.gate_stays_shut()
        unharmed(opened, caplog.text)
    for request in opened.requests():
        (said,) = [block for block in request.blocks if block.name == "request"]
        assert (said.origin, NEEDLE in said.text) == ("a person's words, untrusted", True)
        assert NEEDLE not in request.words + request.system
    made = opened.desk.facts(AttemptMade)
    assert {attempt.step for attempt in made} == {obeyed.step}
    assert bool(opened.desk.facts(StrategyProposed)) == (obeyed.step == "judge")
    (started,) = opened.desk.facts(GenerationStarted)
    assert started.symbols_total == 1


@pytest.mark.parametrize("words", UNSEEN.values(), ids=UNSEEN.keys())
@pytest.mark.parametrize("engine", ["auto", "llm"])
async def test_prompt_with_unseen_characters_reaches_no_model(
    words: str, engine: str, tmp_path: Path, sandbox: Pool
) -> None:
    with Obedient(NEEDLE, OBEYED["claims"].answer) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            with pytest.raises(BadInputError) as refused:
                await opened.desk.deliver(generate(f"{IDEA} {words}", engine=engine))
    assert (refused.value.pointer, refused.value.code, model.calls) == ("/text", "prompt.control", 0)
    assert not opened.desk.published


@pytest.mark.parametrize("text", OFFLINE.values(), ids=OFFLINE.keys())
async def test_compiler_refuses_a_poisoned_sentence_and_quotes_it(text: str, tmp_path: Path, sandbox: Pool) -> None:
    with Obedient(NEEDLE, OBEYED["claims"].answer) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            with pytest.raises(BadInputError) as refused:
                await opened.desk.deliver(generate(text, engine="offline"))
    error = refused.value
    assert (error.pointer, error.code.split(".")[0]) == ("/text", "prompt")
    for found in getattr(error, "diagnostics", ()):
        assert text[found["start"] : found["end"]] == found["phrase"]
    assert model.calls == 0
    assert opened.subjects() <= {"strategies.ungenerated"}
    assert not opened.desk.facts(StrategyJudged) + opened.desk.facts(GenerationDone)
