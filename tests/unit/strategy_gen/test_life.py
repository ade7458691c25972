"""A strategy's life: proposed, judged, promoted through the gate, retired, deleted."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import DeleteStrategy, RetireStrategy
from libs.common.events import (
    BacktestFailed,
    CommandDone,
    CommandRefused,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
    StrategyRejected,
)
from libs.market.catalog import CatalogWriter
from services.strategy_gen.app import build
from services.strategy_gen.core import shrunk
from services.strategy_gen.settings import Settings
from tests.support.bench import Bench
from tests.support.build import START, hour, promote, submit, walk


def service(tmp_path: Path) -> Any:
    return build(Settings(data_dir=tmp_path))


def judged(
    strategy_id: str, verdict: str = "average", gate: tuple[str, ...] = ("alert", "paper"), **more: Any
) -> StrategyJudged:
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
        **more,
    )


def failed(proposed: StrategyProposed, key: str = "", **changes: Any) -> BacktestFailed:
    fields = {
        "backtest_id": "bt-1",
        "strategy_id": proposed.strategy_id,
        "code": "data.unknown_symbol",
        "detail": "no 1h bars of BTCUSDT are stored",
        "hint": "import them",
        **changes,
    }
    return BacktestFailed.after(proposed, key=key, **fields)


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
        await bench.deliver(judged(first.strategy_id))
        ((subject, body),) = await bench.deliver(submit(name="another name"))
        result = CommandDone.parse(body, subject).result
        assert (result["strategy_id"], result["status"], result["duplicate"]) == (first.strategy_id, "judged", True)


async def test_same_definition_again_without_a_verdict_is_proposed_again(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        first = await submitted(bench)
        (subject, body), (answer_subject, answer_body) = await bench.deliver(submit(name="another name"))
        again = StrategyProposed.parse(body, subject)
        result = CommandDone.parse(answer_body, answer_subject).result
    assert (again.strategy_id, again.proposal) == (first.strategy_id, 2)
    assert again.event_id != first.event_id
    assert (result["strategy_id"], result["status"], result["duplicate"]) == (first.strategy_id, "proposed", True)


async def test_promotion_of_a_strategy_whose_judging_failed_says_why(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        first = await submitted(bench)
        await bench.deliver(failed(first))
        refused = refusal(await bench.deliver(promote(first.strategy_id)))
        assert refused.code == "gate.unjudged"
        assert "no 1h bars of BTCUSDT are stored" in refused.detail
        assert "import them; then submit it again" in str(refused.hint)
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        again = await submitted(bench, name="again")
        refused = refusal(await bench.deliver(promote(first.strategy_id, account="b")))
        assert "bars" not in refused.detail
        await bench.deliver(failed(first, key="late"))
        refused = refusal(await bench.deliver(promote(first.strategy_id, account="c")))
        assert "bars" not in refused.detail
        await bench.deliver(judged(again.strategy_id))
        out = await bench.deliver(promote(first.strategy_id, account="d"))
        assert StrategyPromoted.parse(out[0][1], out[0][0]).account == "d"


async def test_failed_backtest_of_no_strategy_or_an_unknown_one_changes_nothing(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        first = await submitted(bench)
        for strategy_id in (None, "nobody"):
            assert await bench.deliver(failed(first, key=str(strategy_id), strategy_id=strategy_id)) == []
        assert not bench.failed


async def test_submission_for_a_symbol_without_bars_is_accepted_with_a_hint(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    async with Bench.open(build(settings), tmp_path) as bench:
        _, (subject, body) = await bench.deliver(submit())
        assert "no 1h bars of BTCUSDT" in CommandDone.parse(body, subject).result["hint"]
        CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", walk(5), "csv", False)
        _, (subject, body) = await bench.deliver(submit(name="again"))
        assert "hint" not in CommandDone.parse(body, subject).result


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


async def test_steps_of_a_life_are_counted_also_through_a_deletion(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        key = (await submitted(bench)).strategy_id
        told: list[int] = []
        for n in range(2):
            if n:
                await submitted(bench, name="again")
            for command in (
                promote(key, override_reason=f"r{n}"),
                RetireStrategy.first(key=f"r{n}", at=START, strategy_id=key),
                DeleteStrategy.first(key=f"d{n}", at=START, strategy_id=key),
            ):
                told.append(json.loads((await bench.deliver(command))[0][1])["step"])
    assert told == [1, 2, 3, 4, 5, 6]
