"""From a sentence to a judged strategy: the compiler's way, a model's way with its faults, and what a person may do meanwhile."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.common.events import (
    AttemptMade,
    BacktestFailed,
    CommandDone,
    CommandRefused,
    GenerationDone,
    GenerationFailed,
    GenerationStarted,
    StrategyProposed,
)
from libs.common.generation import CancelGeneration
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.compiler.compile import compile_text
from services.strategy_gen.llm.errors import BadAnswerError, ModelAuthError
from tests.support.build import START
from tests.support.generation import OVERSOLD, Desk, Script, generate, judged, running, service, stored

ODD = "Ride the Elliott waves of BTCUSDT"
"""A text that no compiler reads."""

WRITTEN = """
import pandas as pd

def generate_signals(df, fast=10, slow=30):
    quick, calm = df["close"].rolling(fast).mean(), df["close"].rolling(slow).mean()
    signal = pd.Series(0, index=df.index)
    signal[quick > calm] = 1
    signal[quick < calm] = -1
    return signal
"""
FORBIDDEN = "import os\n" + WRITTEN
BROKEN = "def generate_signals(df:\n    return 1\n"
RAISES = 'def generate_signals(df):\n    return df["colour"]\n'
SILENT = "def generate_signals(df):\n    return [0] * len(df)\n"
PROPHET = WRITTEN.replace('df["close"].rolling(fast)', 'df["close"].shift(-1).rolling(fast)')
GREEDY = "def generate_signals(df):\n    wall = [0.5] * 10**9\n    return [0] * len(df)\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def answer(desk: Desk) -> CommandDone:
    return desk.facts(CommandDone)[-1]


def codes(attempts: list[AttemptMade]) -> list[tuple[str, str]]:
    return [(made.step, made.findings[0]["code"] if made.findings else "") for made in attempts]


async def test_sentence_becomes_a_judged_strategy_without_any_model(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    command = generate(asked_by="ann")
    async with running(service(tmp_path, sandbox), tmp_path) as desk:
        await desk.deliver(command)
        told = answer(desk).result
        assert (told["job_id"], told["engine"], told["timeframe"]) == (command.event_id, "compiler", "1h")
        (proposed,) = await desk.until(StrategyProposed)
        await desk.deliver(judged(proposed))
        (done,) = await desk.until(GenerationDone)
        steps = desk.steps()
    (started,) = desk.facts(GenerationStarted)
    assert (started.symbols_total, started.variants, started.asked_by) == (1, 1, "ann")
    assert steps == ["retrieve", "write", "check", "run", "meaning", "judge"]
    assert (proposed.origin, proposed.generation_id, proposed.submitted_by) == ("compiler", command.event_id, "ann")
    assert proposed.lineage_id.startswith("gen-")
    assert proposed.in_words == done.in_words != ""
    (found,) = done.strategies
    assert (found.strategy_id, found.verdict, found.backtest_id) == (proposed.strategy_id, "good", "bt-1")
    assert {event.root_id for event in (started, proposed, done)} == {command.root_id}


async def test_text_nobody_can_read_is_refused_at_once_and_changes_nothing(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    async with running(service(tmp_path, sandbox), tmp_path) as desk:
        await desk.bench.transactor.load()
        command = generate(ODD)
        with pytest.raises(Exception, match=r"Elliott|waves|Ride") as refused:
            await desk.bench.row(command).work(command)  # type: ignore[misc]
        assert refused.value.pointer == "/text"  # type: ignore[attr-defined]
        assert refused.value.diagnostics  # type: ignore[attr-defined]
        assert desk.published == []


async def test_lineage_and_family_outlive_a_rephrasing(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    texts = (OVERSOLD, "  buy btcusdt when rsi is below 30, SELL when RSI is above 70 ", OVERSOLD.replace("30", "25"))
    async with running(service(tmp_path, sandbox, Script(WRITTEN)), tmp_path) as desk:
        for text in texts[::2]:
            await desk.deliver(generate(text, asked_by="ann"))
        await desk.deliver(generate(ODD, asked_by="ann"))
        proposed = await desk.until(StrategyProposed, 3)
    assert len({each.family_id for each in proposed}) == 1
    assert len({each.lineage_id for each in proposed}) == 3


async def test_model_reaches_a_good_strategy_through_every_kind_of_fault(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script(BadAnswerError("prose"), FORBIDDEN, BROKEN, RAISES, PROPHET, WRITTEN)
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD))
        (proposed,) = await desk.until(StrategyProposed)
        await desk.deliver(judged(proposed))
        (done,) = await desk.until(GenerationDone)
    made = desk.facts(AttemptMade)
    assert codes(made) == [
        ("write", "model.bad_answer"),
        ("check", "import.unknown_module"),
        ("check", "syntax.invalid"),
        ("run", "strategy.raised"),
        ("meaning", "meaning.look_ahead"),
        ("judge", ""),
    ]
    assert made[3].findings[0]["line"] == 2
    assert [len(ask.earlier) for ask in script.asked] == [0, 1, 2, 3, 4, 5]
    assert script.asked[2].earlier[1].findings[0]["line"] == 1
    assert (proposed.origin, proposed.in_words, done.in_words) == ("llm", "what it does", "what it does")
    assert done.cost_usd == 0.005
    assert done.strategies[0].attempts == 6


async def test_model_that_means_something_else_than_the_sentence_is_told_where(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script(WRITTEN, SILENT)
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(engine="llm"))
        await desk.until(StrategyProposed)
    made = desk.facts(AttemptMade)
    assert codes(made[:6]) == [("meaning", "meaning.differs")] * 6
    assert made[0].findings[0]["bars"][0].keys() == {"market", "bar", "at", "expected", "got"}
    assert script.asked[0].in_words
    assert (made[6].engine, made[6].step, made[6].number) == ("compiler", "judge", 7)


async def test_strategy_without_a_trade_or_with_a_leak_is_mended_after_its_verdict(
    tmp_path: Path, sandbox: Pool
) -> None:
    stored(tmp_path)
    script = Script(WRITTEN, WRITTEN.replace("10", "11"), WRITTEN.replace("10", "12"))
    leak = {"level": "full", "look_ahead_passed": False, "first_bad_bar": "bar 3"}
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD))
        (first,) = await desk.until(StrategyProposed)
        await desk.deliver(judged(first, "reject", closed_trades=0))
        _, second = await desk.until(StrategyProposed, 2)
        await desk.deliver(judged(second, "excellent", evidence=leak))
        third = (await desk.until(StrategyProposed, 3))[2]
        await desk.deliver(judged(third, "poor"))
        (done,) = await desk.until(GenerationDone)
    assert [finding["code"] for ask in script.asked[1:] for finding in ask.earlier[-1].findings] == [
        "judge.no_trade",
        "judge.look_ahead",
    ]
    assert len({each.lineage_id for each in (first, second, third)}) == 1
    assert (done.strategies[0].strategy_id, done.strategies[0].verdict) == (third.strategy_id, "poor")


async def test_model_that_never_gets_it_right_fails_with_all_findings(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    async with running(service(tmp_path, sandbox, Script(FORBIDDEN, RAISES, SILENT, GREEDY)), tmp_path) as desk:
        await desk.deliver(generate(ODD))
        (failed,) = await desk.until(GenerationFailed)
    assert (failed.code, failed.cancelled) == ("generation.failed", False)
    assert {finding["attempt"] for finding in failed.findings} == {1, 2, 3, 4, 5, 6}
    found = {finding["code"] for finding in failed.findings}
    assert {"import.unknown_module", "strategy.raised", "meaning.no_signal", "strategy.memory"} <= found
    assert desk.facts(StrategyProposed) == []


async def test_model_without_a_key_leaves_the_sentence_to_the_compiler_or_fails(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script(ModelAuthError("the key is refused", hint="set another"))
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(engine="llm", variants=3))
        (proposed,) = await desk.until(StrategyProposed)
        await desk.deliver(judged(proposed))
        (done,) = await desk.until(GenerationDone)
        await desk.deliver(generate(ODD))
        (failed,) = await desk.until(GenerationFailed)
    assert proposed.origin == "compiler"
    assert "the key is refused" in done.warnings[0]
    assert (failed.code, failed.hint) == ("model.auth", "set another")
    assert len(script.asked) == 4


async def test_cancelled_job_ends_at_once_and_the_model_s_answer_comes_to_nothing(
    tmp_path: Path, sandbox: Pool
) -> None:
    stored(tmp_path)
    script, command = Script(WRITTEN), generate(ODD)
    script.gate.clear()
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(command)
        while not script.asked:
            await asyncio.sleep(0.01)
        await desk.deliver(CancelGeneration.first(key="c", at=START, job_id=command.event_id))
        (failed,) = desk.facts(GenerationFailed)
        assert (failed.cancelled, failed.code) == (True, "job.cancelled")
        while script.at_once:
            await asyncio.sleep(0.01)
        script.gate.set()
        await desk.deliver(CancelGeneration.first(key="again", at=START, job_id=command.event_id))
        refused = CommandRefused.parse(desk.published[-1][1], desk.published[-1][0])
        assert (refused.code, refused.pointer) == ("job.ended", "/job_id")
    assert desk.facts(AttemptMade) == []


async def test_known_strategy_is_done_with_its_verdict_and_not_judged_again(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    async with running(service(tmp_path, sandbox), tmp_path) as desk:
        await desk.deliver(generate())
        (proposed,) = await desk.until(StrategyProposed)
        await desk.deliver(judged(proposed, "average"))
        await desk.until(GenerationDone)
        await desk.deliver(generate(key="again"))
        _, done = await desk.until(GenerationDone, 2)
    (found,) = done.strategies
    assert (found.strategy_id, found.duplicate, found.verdict) == (proposed.strategy_id, True, "average")
    assert len(desk.facts(StrategyProposed)) == 1


async def test_strategy_that_cannot_be_judged_ends_its_job_with_the_reason(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    async with running(service(tmp_path, sandbox), tmp_path) as desk:
        await desk.deliver(generate())
        (proposed,) = await desk.until(StrategyProposed)
        words: dict[str, Any] = {"code": "data.unknown_symbol", "detail": "no bars", "hint": "import them"}
        await desk.deliver(BacktestFailed.after(proposed, backtest_id="b", strategy_id=proposed.strategy_id, **words))
        (done,) = await desk.until(GenerationDone)
    assert done.strategies[0].verdict is None
    assert "no bars (import them)" in done.strategies[0].detail


async def test_ten_variants_are_written_four_at_a_time_and_doubles_are_mended(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    own = {variant: [WRITTEN.replace("30", str(30 + variant))] for variant in range(1, 11)}
    own[7] = [*own[3], WRITTEN.replace("30", "77")]
    script = Script(more=own)
    script.gate.clear()
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD, variants=10))
        while script.at_once < 4:
            await asyncio.sleep(0.01)
        script.gate.set()
        proposed = await desk.until(StrategyProposed, 10)
        for place, each in enumerate(proposed):
            await desk.deliver(judged(each, metrics={"sharpe": float(place)}))
        (done,) = await desk.until(GenerationDone)
    assert script.most_at_once == 4
    doubles = [made for made in desk.facts(AttemptMade) if made.findings]
    assert [made.findings[0]["code"] for made in doubles] == ["variant.duplicate"]
    assert [each.strategy_id for each in done.strategies] == [each.strategy_id for each in reversed(proposed)]
    assert sorted(each.variant for each in done.strategies) == list(range(1, 11))


async def test_further_variant_may_leave_otherwise_and_the_first_may_not(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    meant = compile_text(OVERSOLD, timeframe="1h").code
    sooner = meant.replace("70", "55")
    assert sooner != meant
    script = Script(more={1: [sooner, meant], 2: [sooner]})
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(engine="llm", variants=2))
        for proposed in await desk.until(StrategyProposed, 2):
            await desk.deliver(judged(proposed))
        (done,) = await desk.until(GenerationDone)
    fallen = [made for made in desk.facts(AttemptMade) if made.findings]
    assert [(made.variant, made.findings[0]["code"]) for made in fallen] == [(1, "meaning.differs")]
    assert sorted((each.variant, each.attempts) for each in done.strategies) == [(1, 2), (2, 1)]


async def test_sentence_for_the_compiler_does_not_wait_for_slow_models(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script(WRITTEN)
    script.gate.clear()
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD, variants=10))
        while script.at_once < 4:
            await asyncio.sleep(0.01)
        await desk.deliver(generate(engine="offline"))
        (proposed,) = await desk.until(StrategyProposed, seconds=10.0)
        assert (proposed.origin, script.at_once) == ("compiler", 4)
