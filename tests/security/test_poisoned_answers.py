"""Answers of a model that wants more than it may: what it claims is not read, and what it writes is judged like anyone's."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.common.commands import PromoteStrategy
from libs.common.events import (
    AttemptMade,
    CommandRefused,
    GenerationDone,
    GenerationFailed,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
)
from libs.strategy.sandbox.host.pool import Pool
from tests.security.poisoned.answers import ALWAYS, BOMBS, CLAIMS, CROSSING, DATES, EVASIVE
from tests.security.poisoned.harm import unharmed
from tests.security.poisoned.lab import COST, IDEA, Lab, lab
from tests.security.poisoned.words import HOSTILE, IN_JSON, UNSEEN
from tests.support.bench import Bench
from tests.support.build import START
from tests.support.fake_llm import Answer, FakeLlm, strategy
from tests.support.generation import generate
from tests.support.research import research


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


async def judged(opened: Lab, bench: Bench, place: int = -1) -> StrategyJudged:
    """Have the real backtest judge a proposal, and tell strategy_gen."""
    proposed = opened.desk.facts(StrategyProposed)[place]
    found = [part for part in await bench.deliver(proposed) if part[0].startswith("strategies.judged.")]
    fact = StrategyJudged.parse(found[0][1], found[0][0])
    await opened.desk.deliver(fact)
    return fact


async def promoted(opened: Lab, stage: str) -> str:
    """Return "" where a promotion goes through, else the code of its refusal."""
    (proposed, *_) = opened.desk.facts(StrategyProposed)
    wish = {"strategy_id": proposed.strategy_id, "stage": stage}
    await opened.desk.deliver(PromoteStrategy.first(key=f"promote-{stage}", at=START, **wish))
    return "" if opened.desk.facts(StrategyPromoted) else opened.desk.facts(CommandRefused)[-1].code


def folders(folder: Path) -> tuple[Path, Path]:
    for name in ("generation", "backtest"):
        (folder / name).mkdir()
    return folder / "generation", folder / "backtest"


async def test_code_that_evades_the_trial_and_knows_the_future_opens_no_gate(tmp_path: Path, sandbox: Pool) -> None:
    place, data = folders(tmp_path)
    with FakeLlm([strategy(EVASIVE, **CLAIMS)]) as model:
        async with lab(place, sandbox, model) as opened, research(data) as bench:
            await opened.generated()
            fact = await judged(opened, bench)
            assert fact.evidence is not None
            assert (fact.verdict, fact.evidence.look_ahead_passed, fact.gate) == ("excellent", False, ())
            # The same code again is no new strategy, so every round ends with the same finding.
            (done,) = await opened.desk.until(GenerationDone)
            assert [await promoted(opened, stage) for stage in ("alert", "paper", "live")] == [
                "gate.look_ahead",
                "gate.look_ahead",
                "gate.live",
            ]
    assert "knows the future" in done.strategies[0].detail
    assert not opened.desk.facts(StrategyPromoted)
    assert len(opened.desk.facts(StrategyProposed)) == 1


@pytest.mark.parametrize("code", [ALWAYS, DATES], ids=["constant", "dates"])
async def test_code_without_a_rule_opens_no_gate_to_paper(code: str, tmp_path: Path, sandbox: Pool) -> None:
    place, data = folders(tmp_path)
    with FakeLlm([strategy(code, **CLAIMS)]) as model:
        async with lab(place, sandbox, model) as opened, research(data) as bench:
            await opened.generated()
            fact = await judged(opened, bench)
            assert (fact.verdict, "paper" in fact.gate) == ("reject", False)
            assert await promoted(opened, "paper") == "gate.verdict"


async def test_claimed_win_rate_verdict_and_stage_are_not_in_any_fact(tmp_path: Path, sandbox: Pool) -> None:
    place, data = folders(tmp_path)
    with FakeLlm([strategy(CROSSING, **CLAIMS)]) as model:
        async with lab(place, sandbox, model) as opened, research(data) as bench:
            await opened.generated()
            fact = await judged(opened, bench)
            (done,) = await opened.desk.until(GenerationDone)
            assert await promoted(opened, "live") == "gate.live"
            assert not await promoted(opened, "alert")
    (proposed,) = opened.desk.facts(StrategyProposed)
    (running,) = opened.desk.facts(StrategyPromoted)
    assert (proposed.symbols, proposed.allow_short, proposed.strategy_id) == (("BTCUSDT",), False, fact.strategy_id)
    assert running.win_rate == pytest.approx(fact.winning_trades / fact.closed_trades)
    assert (running.win_rate, running.verdict, running.override_reason) != (
        0.99,
        "excellent",
        CLAIMS["override_reason"],
    )
    assert done.strategies[0].verdict == fact.verdict
    assert done.cost_usd == pytest.approx(float(COST))
    said = b"".join(body for subject, body in opened.desk.published if "promoted" not in subject)
    assert not any(word in said for word in (b"9.9", b"0.99", b"ETHUSDT", b"the system says so", b'"orders"'))


async def test_same_code_from_every_variant_is_one_strategy(tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([strategy(CROSSING)]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            await opened.generated(variants=3)
            await opened.until(lambda: len(opened.desk.facts(AttemptMade)) == 13)
    assert len(opened.desk.facts(StrategyProposed)) == 1
    doubles = [made.findings[0]["code"] for made in opened.desk.facts(AttemptMade) if made.findings]
    assert doubles == ["variant.duplicate"] * 12


async def test_same_signals_under_other_code_are_told_as_a_duplicate(tmp_path: Path, sandbox: Pool) -> None:
    place, data = folders(tmp_path)
    other = CROSSING.replace("    signal = pd.Series", "    # quite another idea\n    signal = pd.Series")
    with FakeLlm([strategy(CROSSING), strategy(other + "\nUNUSED = 1\n")]) as model:
        async with lab(place, sandbox, model) as opened, research(data) as bench:
            await opened.generated()
            first = await judged(opened, bench)
            await opened.generated(key="again")
            await opened.until(lambda: len(opened.desk.facts(StrategyProposed)) == 2)
            found = await bench.deliver(opened.desk.facts(StrategyProposed)[-1])
    (told,) = [json.loads(body) for subject, body in found if subject.startswith("backtests.completed.")]
    assert (told["duplicate"], told["duplicate_of"]) == (True, first.backtest_id)


@pytest.mark.parametrize("hostile", IN_JSON.values(), ids=IN_JSON.keys())
async def test_hostile_words_of_a_model_are_plain_in_facts(hostile: str, tmp_path: Path, sandbox: Pool) -> None:
    answer = strategy(CROSSING, name=f"n {hostile}", description=f"d {hostile}", rationale=f"r {hostile}")
    with FakeLlm([answer]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            await opened.generated()
    (made,) = opened.desk.facts(AttemptMade)
    (proposed,) = opened.desk.facts(StrategyProposed)
    for text in (proposed.name, proposed.in_words, made.rationale):
        assert not UNSEEN.search(text), ascii(text)
    assert len(proposed.name.splitlines()) == 1
    unharmed(opened, "")


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_words_raised_by_code_are_plain_in_facts(hostile: str, tmp_path: Path, sandbox: Pool) -> None:
    raises = f"def generate_signals(df):\n    raise ValueError({hostile!a})\n"
    with FakeLlm([strategy(raises)]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            failed = await opened.generated()
    assert failed is not None
    unharmed(opened, "")
    for _, body in opened.desk.published:
        assert not UNSEEN.search(json.dumps(json.loads(body), ensure_ascii=False)), body
        texts = [text for text in _texts(json.loads(body)) if UNSEEN.search(text)]
        assert not texts, ascii(texts)


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
async def test_answer_made_to_break_its_carrier_is_a_failed_attempt(
    bomb: Answer, tmp_path: Path, sandbox: Pool
) -> None:
    with FakeLlm([bomb]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            failed = await opened.generated()
            assert isinstance(failed, GenerationFailed)
            assert failed.code in ("generation.failed", "model.budget")
            unharmed(opened, "")
            model.answers = [strategy(CROSSING)]
            await opened.desk.deliver(generate(IDEA, key="next"))
            await opened.until(lambda: bool(opened.desk.facts(StrategyProposed)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
