"""The course of a generation, folded from its attempts: which comes next, when it has ended, which strategy is best."""

from typing import Any

import pytest

from libs.common.events import AttemptMade
from libs.common.messages import MAX_BODY_BYTES
from services.strategy_gen.generation import core, told
from services.strategy_gen.generation.attempts import Written, attempt_of, fallen
from services.strategy_gen.generation.core import ROUNDS, Ended, Next
from services.strategy_gen.generation.values import NO_TRADE, Attempt, Job, Outcome, Plan, Problem
from tests.support.generation import generate

FAULT = {"code": "name.unknown", "message": "there is no x"}


def job(engine: Any = "llm", *attempts: Attempt, variants: int = 1, compiles: bool = True) -> Job:
    plan = Plan(engine, compiles, "python.signals", "1h", ("BTCUSDT",))
    return Job(generate(variants=variants), plan, attempts=attempts)


def attempt(variant: int = 1, number: int = 1, engine: str = "llm", **more: Any) -> Attempt:
    """One that was proposed as `s<variant><number>`, or fell at `check` where it has findings."""
    command = generate()
    findings = more.pop("findings", ())
    made = AttemptMade.after(
        command,
        key=f"{variant}{number}",
        job_id=command.event_id,
        variant=variant,
        number=number,
        engine=engine,
        step="check" if findings else "judge",
        strategy_id=None if findings else f"s{variant}{number}",
        findings=findings,
        cost_usd=more.pop("cost_usd", None),
    )
    return Attempt(made, **more)


def good(verdict: str = "good", sharpe: float = 1.0, trades: int = 40, **more: Any) -> Outcome:
    return Outcome(verdict, "bt", trades, sharpe, **more)


IDLE = Outcome("reject", "bt", 0, None, findings=({"code": NO_TRADE, "message": "it places no trade"},))


def due(found: Any) -> list[tuple[int, int, str]]:
    assert isinstance(found, tuple)
    return [(each.variant, each.number, each.engine) for each in found]


def test_job_without_attempts_begins_every_variant_of_a_model_side_by_side() -> None:
    assert due(core.moves(job(variants=3))) == [(1, 1, "llm"), (2, 1, "llm"), (3, 1, "llm")]


def test_compiler_writes_once_however_many_variants_were_asked_for() -> None:
    assert due(core.moves(job("compiler", variants=5))) == [(1, 1, "compiler")]
    assert core.moves(job("compiler", attempt(engine="compiler"), variants=5)) == ()
    ended = core.moves(job("compiler", attempt(engine="compiler", outcome=IDLE), variants=5))
    assert isinstance(ended, Ended)
    assert [best.made.strategy_id for best in ended.best] == ["s11"]


def test_fallen_attempt_is_followed_by_one_that_knows_all_before_it() -> None:
    first, second = attempt(findings=(FAULT,)), attempt(number=2, findings=(FAULT,))
    (found,) = core.moves(job("llm", first, second))  # type: ignore[misc]
    assert found == Next(1, 3, "llm", (first, second))


@pytest.mark.parametrize("outcome", [None, good(), Outcome(detail="no bars")])
def test_proposed_attempt_waits_for_its_verdict_and_ends_its_variant(outcome: Outcome | None) -> None:
    found = core.moves(job("llm", attempt(outcome=outcome)))
    assert found == () if outcome is None else isinstance(found, Ended) and found.problem is None


def test_model_mends_a_strategy_that_places_no_trade_for_six_rounds_at_most() -> None:
    made = [attempt(number=number, outcome=IDLE) for number in range(1, ROUNDS + 1)]
    for count in range(1, ROUNDS):
        assert due(core.moves(job("llm", *made[:count]))) == [(1, count + 1, "llm")]
    ended = core.moves(job("llm", *made))
    assert isinstance(ended, Ended)
    assert ended.best == (made[-1],)


def test_variant_that_waits_does_not_hold_back_another() -> None:
    assert due(core.moves(job("llm", attempt(1), attempt(2, findings=(FAULT,)), variants=2))) == [(2, 2, "llm")]


def test_compiler_is_the_last_resort_once_after_every_model_failed() -> None:
    lost = [attempt(1, findings=(FAULT,), problem=Problem("model.auth", "no key")), attempt(2, outcome=None)]
    assert core.moves(job("llm", *lost, variants=2)) == ()
    lost[1] = attempt(2, findings=(FAULT,), problem=Problem("model.budget", "the cap is reached"))
    assert due(core.moves(job("llm", *lost, variants=2))) == [(1, 2, "compiler")]
    failed = core.moves(job("llm", *lost, variants=2, compiles=False))
    assert failed == Ended((), Problem("model.budget", "the cap is reached"))
    rescued = job("llm", *lost, attempt(1, 2, "compiler", outcome=good()), variants=2)
    ended = core.moves(rescued)
    assert isinstance(ended, Ended)
    assert [best.made.engine for best in ended.best] == ["compiler"]
    assert "the cap is reached" in told.done(rescued, ended.best).warnings[0]


def test_job_without_a_strategy_fails_with_every_finding_of_every_attempt() -> None:
    made = [attempt(variant, n, findings=(FAULT,)) for n in range(1, ROUNDS + 1) for variant in (1, 2)]
    whole = job("llm", *made, variants=2, compiles=False)
    ended = core.moves(whole)
    assert isinstance(ended, Ended)
    assert ended.problem is not None
    assert ended.problem.code == "generation.failed"
    assert "12 attempts" in ended.problem.detail
    assert "there is no x" in ended.problem.detail
    found = told.failed(whole, ended.problem).findings
    assert [(each["attempt"], each["variant"]) for each in found] == [(n, v) for n in range(1, 7) for v in (1, 2)]


def test_best_strategy_is_first_by_verdict_then_sharpe_then_trades_and_leaks_come_last() -> None:
    leak = {"code": "judge.look_ahead", "message": "it knows the future"}
    outcomes = {
        1: good("poor", 3.0),
        2: good("good", 1.0, 30),
        3: good("good", 2.0, 10),
        4: good("good", 1.0, 50),
        5: good("excellent", 9.0, findings=(leak,)),
        6: Outcome(detail="no bars"),
    }
    whole = job("llm", *(attempt(variant, 6, outcome=outcome) for variant, outcome in outcomes.items()), variants=6)
    assert [best.variant for best in core.ranked(whole)] == [3, 4, 2, 1, 5, 6]


def test_best_attempt_of_a_variant_counts_not_its_last() -> None:
    whole = job("llm", attempt(1, 1, outcome=good("good")), attempt(1, 2, outcome=IDLE))
    assert [best.number for best in core.ranked(whole)] == [1]
    done = told.done(whole, core.ranked(whole))
    assert (done.strategies[0].attempts, done.strategies[0].verdict) == (2, "good")


@pytest.mark.parametrize("code", ["strategy.cpu_timeout", "strategy.wall_timeout"])
def test_variant_that_ran_out_of_time_twice_has_no_third_try(code: str) -> None:
    late = {"code": code, "message": "it used more than 5 s of processor time"}
    once = (attempt(findings=(late,)), attempt(number=2, findings=(FAULT,)))
    assert due(core.moves(job("llm", *once, compiles=False))) == [(1, 3, "llm")]
    twice = (*once, attempt(number=3, findings=(late,)))
    found = core.moves(job("llm", *twice, compiles=False))
    assert isinstance(found, Ended)
    assert found.problem is not None
    assert "5 s of processor" in found.problem.detail
    assert due(core.moves(job("llm", *twice))) == [(1, 4, "compiler")]


def test_cost_of_a_job_is_that_of_all_its_attempts() -> None:
    whole = job("llm", attempt(findings=(FAULT,), cost_usd=0.01), attempt(number=2, outcome=good(), cost_usd=0.02))
    assert told.done(whole, core.ranked(whole)).cost_usd == 0.03


def test_facts_of_the_wordiest_job_fit_on_the_bus() -> None:
    loud = "\U00020000" * 1_000
    faults = tuple({"code": "name.unknown", "message": loud, "line": line} for line in range(20))
    command, plan = (
        generate(text="\U00020000" * 3_999 + "x"),
        Plan("llm", True, "python.signals", "1h", ("X" * 32,) * 1_000),
    )
    written = Written("'\\" * 32_000, rationale="\U00020000" * 4_000)
    fallen_ones = [
        fallen(attempt_of(Job(command, plan), Next(variant, number, "llm"), written), "check", faults)
        for variant in range(1, 11)
        for number in range(1, 7)
    ]
    lost = Job(command, plan, attempts=fallen_ones)
    assert len(fallen_ones[0].made.body()) < MAX_BODY_BYTES
    assert len(fallen_ones[0].findings) >= 5
    assert len(told.failed(lost, Problem("generation.failed", "\U00020000" * 4_000)).body()) < MAX_BODY_BYTES
    assert core.findings_of(lost)[-1] == {"variant": 10, "attempt": 6, **fallen_ones[-1].findings[-1]}
    unjudged = [attempt(variant, outcome=Outcome(detail=loud * 4)) for variant in range(1, 11)]
    found = told.done(Job(command, plan, attempts=unjudged), tuple(unjudged))
    assert len(found.body()) < MAX_BODY_BYTES
