"""What opens the gate and what a person may open: the refusals in words, shorts, and verdicts set by hand."""

from pathlib import Path
from typing import Any

import pytest

from libs.common.events import StrategyPromoted, VerdictSet
from tests.support.bench import Bench
from tests.support.build import START, promote
from tests.unit.strategy_gen.test_life import judged, refusal, service, submitted


def reason(stage: str, check: str, words: str) -> dict[str, Any]:
    return {"stage": stage, "check": check, "met": False, "words": words}


def verdict_set(strategy_id: str, verdict: str, **changes: Any) -> VerdictSet:
    fields = {"backtest_id": "bt-1", "code_hash": "h", "computed": "poor", "reason": "I saw it", "set_by": "ann"}
    return VerdictSet.first(
        key=f"{verdict}{changes}", at=START, strategy_id=strategy_id, verdict=verdict, **{**fields, **changes}
    )


@pytest.mark.parametrize(
    ("reasons", "gate", "code", "words"),
    [
        (
            [reason("alert", "look_ahead", "alert: BTCUSDT knew"), reason("paper", "verdict", "paper: poor")],
            (),
            "gate.look_ahead",
            "alert: BTCUSDT knew",
        ),
        (
            [reason("paper", "verdict", "paper: verdict poor is below average"), reason("live", "dsr", "live: DSR")],
            ("alert",),
            "gate.verdict",
            "paper: verdict poor is below average",
        ),
    ],
)
async def test_promotion_past_the_gate_is_refused_with_the_first_reason_of_its_way(
    tmp_path: Path, reasons: list[dict[str, Any]], gate: tuple[str, ...], code: str, words: str
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        key = (await submitted(bench)).strategy_id
        await bench.deliver(judged(key, "poor", gate, reasons=reasons))
        refused = refusal(await bench.deliver(promote(key)))
        assert (refused.code, refused.detail) == (code, words)


async def test_promotion_of_a_strategy_that_may_go_short_stops_at_alert_also_with_a_reason(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = await submitted(bench, allow_short=True)
        assert strategy.allow_short
        await bench.deliver(judged(strategy.strategy_id))
        refused = refusal(await bench.deliver(promote(strategy.strategy_id, override_reason="please")))
        assert (refused.code, refused.pointer) == ("gate.short", "/stage")
        out = await bench.deliver(promote(strategy.strategy_id, stage="alert"))
        assert out[0][0].startswith("strategies.promoted.")


POOR = [reason("paper", "verdict", "paper: verdict poor is below average")]


async def test_verdict_set_by_a_person_opens_paper_and_is_kept_as_the_reason(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        key = (await submitted(bench)).strategy_id
        await bench.deliver(judged(key, "poor", ("alert",), reasons=POOR))
        await bench.deliver(verdict_set(key, "good"))
        out = await bench.deliver(promote(key))
        told = StrategyPromoted.parse(out[0][1], out[0][0])
        assert (told.verdict, told.override_reason) == ("poor", "verdict set to good by ann: I saw it")
        assert refusal(await bench.deliver(promote(key, stage="live"))).code == "gate.live"


@pytest.mark.parametrize(
    ("told", "gate", "reasons"),
    [
        ({"verdict": "reject"}, ("alert",), POOR),
        ({"verdict": "good", "backtest_id": "bt-of-another-window"}, ("alert",), POOR),
        ({"verdict": "good"}, (), [reason("alert", "look_ahead", "alert: it knew"), *POOR]),
        ({"verdict": "good"}, ("alert",), [*POOR, reason("paper", "obstacle", "paper: stops")]),
    ],
)
async def test_verdict_set_by_a_person_opens_nothing_else(
    tmp_path: Path, told: dict[str, Any], gate: tuple[str, ...], reasons: list[dict[str, Any]]
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        key = (await submitted(bench)).strategy_id
        await bench.deliver(judged(key, "poor", gate, reasons=reasons))
        await bench.deliver(verdict_set(key, **told))
        assert refusal(await bench.deliver(promote(key))).code.startswith("gate.")


async def test_verdict_set_on_an_unknown_strategy_or_none_changes_nothing(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        for strategy_id in (None, "nobody"):
            assert await bench.deliver(verdict_set(strategy_id, "good", code_hash=str(strategy_id))) == []  # type: ignore[arg-type]
        assert not bench.failed
