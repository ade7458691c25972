"""A strategy's life: proposed, judged, promoted through the gate, retired, deleted."""

from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import DeleteStrategy, RetireStrategy
from libs.common.events import (
    CommandDone,
    CommandRefused,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
    StrategyRejected,
)
from services.strategy_gen.app import build
from services.strategy_gen.core import shrunk
from services.strategy_gen.settings import Settings
from tests.support.bench import Bench
from tests.support.build import START, hour, promote, submit


def service(tmp_path: Path) -> Any:
    return build(Settings(data_dir=tmp_path))


def judged(strategy_id: str, verdict: str = "average", gate: tuple[str, ...] = ("alert", "paper")) -> StrategyJudged:
    return StrategyJudged.first(
        key=strategy_id + verdict,
        at=START,
        strategy_id=strategy_id,
        backtest_id="bt-1",
        verdict=verdict,
        deciding_rule="return 6 % >= 5 %",
        metrics={},
        closed_trades=40,
        winning_trades=25,
        window_start=hour(0),
        window_end=hour(100),
        bars=100,
        gate=gate,
        data_hash="x",
        report_key="y",
    )


async def submitted(bench: Bench, **changes: Any) -> StrategyProposed:
    out = await bench.deliver(submit(**changes))
    return StrategyProposed.parse(out[0][1], out[0][0])


def refusal(out: list[tuple[str, bytes]]) -> CommandRefused:
    return CommandRefused.parse(out[-1][1], out[-1][0])


async def test_submission_is_proposed_and_answered(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        (subject, body), (answer_subject, answer_body) = await bench.deliver(submit())
        proposed = StrategyProposed.parse(body, subject)
        answer = CommandDone.parse(answer_body, answer_subject)
    assert answer.result_ids == (proposed.strategy_id,)
    assert proposed.symbols == ("BTCUSDT",)
    assert len(proposed.strategy_id) == 12


async def test_same_definition_again_is_the_same_strategy(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        first = await submitted(bench)
        ((subject, body),) = await bench.deliver(submit(name="another name"))
        assert CommandDone.parse(body, subject).result == {
            "strategy_id": first.strategy_id,
            "status": "proposed",
            "duplicate": True,
        }


async def test_bad_submission_is_refused_with_its_place_and_told_to_all(tmp_path: Path) -> None:
    bad = {"symbol": "BTCUSDT", "indicators": {"rsi": {"perid": 14}}}
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        out = await bench.deliver(submit(rules=bad))
        rejected = StrategyRejected.parse(out[0][1], out[0][0])
        assert refusal(out).pointer == rejected.pointer == "/rules/indicators/rsi/perid"


async def test_promotion_passes_the_gate_of_the_verdict_with_its_prior(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = await submitted(bench)
        await bench.deliver(judged(strategy.strategy_id))
        out = await bench.deliver(promote(strategy.strategy_id))
        promoted = StrategyPromoted.parse(out[0][1], out[0][0])
    assert (promoted.stage, promoted.account, promoted.anchor) == ("paper", "paper", hour(0))
    assert (promoted.win_rate, promoted.confidence) == (25 / 40, 30 / 50)
    assert promoted.rules == strategy.rules


@pytest.mark.parametrize(
    ("verdict", "gate", "changes", "code"),
    [
        (None, (), {}, "gate.unjudged"),
        ("reject", ("alert",), {}, "gate.verdict"),
        ("excellent", ("alert", "paper"), {"stage": "live"}, "gate.live"),
        ("excellent", ("alert", "paper"), {"stage": "live", "override_reason": "please"}, "gate.live"),
    ],
)
async def test_promotion_past_the_gate_is_refused(
    tmp_path: Path, verdict: str | None, gate: tuple[str, ...], changes: dict[str, Any], code: str
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = await submitted(bench)
        if verdict:
            await bench.deliver(judged(strategy.strategy_id, verdict, gate))
        out = await bench.deliver(promote(strategy.strategy_id, **changes))
        assert (len(out), refusal(out).code) == (1, code)


async def test_promotion_to_paper_with_a_reason_overrides_the_gate_and_keeps_it(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = await submitted(bench)
        out = await bench.deliver(promote(strategy.strategy_id, override_reason="to watch it"))
        assert StrategyPromoted.parse(out[0][1], out[0][0]).override_reason == "to watch it"


async def test_running_strategy_is_retired_before_it_is_deleted_and_may_come_back(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = await submitted(bench)
        key = strategy.strategy_id
        await bench.deliver(promote(key, override_reason="r"))
        delete = [DeleteStrategy.first(key=str(n), at=START, strategy_id=key) for n in range(3)]
        assert refusal(await bench.deliver(delete[0])).code == "conflict"
        retired = await bench.deliver(RetireStrategy.first(key="r", at=START, strategy_id=key))
        assert retired[0][0] == f"strategies.retired.{key}"
        assert (await bench.deliver(delete[1]))[0][0] == f"strategies.deleted.{key}"
        assert refusal(await bench.deliver(delete[2])).code == "conflict"
        again = await submitted(bench, name="back")
        assert (again.strategy_id, again.proposal) == (key, 2)
        assert again.event_id != strategy.event_id


async def test_unknown_strategy_is_not_found(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        assert refusal(await bench.deliver(promote("nobody"))).code == "not_found"


def test_confidence_is_pulled_toward_one_half() -> None:
    assert shrunk(0, 0) is None
    assert shrunk(1, 1) == 6 / 11
    assert shrunk(600, 1000) == pytest.approx(0.6, abs=0.001)
