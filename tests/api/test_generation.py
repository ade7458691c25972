"""A sentence over HTTP: started, followed, its strategies, refused, cancelled, and the way back from a strategy to its sentence."""

import asyncio

import pytest

from libs.common.commands import CancelGeneration, Command, GenerateStrategy
from libs.common.errors import BusUnavailableError, TimedOutError
from libs.common.events import AttemptMade, Event, JobProgressed
from services.gateway import generations
from services.gateway.app import prune_once
from services.gateway.generations import of_job
from services.gateway.jobs import find_job
from services.gateway.pruning import KEEP_GENERATING
from tests.api import sentences as told
from tests.api.facts import proposed
from tests.api.world import World, done, refused
from tests.support.documented import example

GENERATE = "/api/v1/strategies/generate"


def answering(world: World, *facts: Event) -> None:
    """Let strategy_gen accept a command, and the facts come at once; the command's id is the job's."""
    later: set[asyncio.Task[None]] = set()

    def answer(command: Command) -> Event:
        mine = [fact.model_copy(update={"job_id": command.event_id}) for fact in facts]
        later.add(asyncio.get_running_loop().create_task(world.fold(*mine)))
        return done(command)

    world.outlet.answer = answer


async def test_sentence_is_accepted_with_the_place_of_its_job(world: World) -> None:
    answering(world, told.generating())
    body = {"text": told.TEXT, "symbols": ["btc/usdt"], "timeframe": "1h", "variants": 2, "engine": "offline"}
    reply = await world.client.post(GENERATE, json=body)
    (command,) = world.outlet.asked
    assert (reply.status_code, reply.headers["location"]) == (202, f"/api/v1/jobs/{command.event_id}"), reply.text
    assert isinstance(command, GenerateStrategy)
    assert (command.symbols, command.variants, command.engine) == (["BTCUSDT"], 2, "offline")
    job = reply.json()
    assert (job["mode"], job["state"], job["name"], job["text"]) == ("generate", "running", told.TEXT, told.TEXT)


async def test_running_generation_shows_step_and_attempts_and_is_listed(world: World) -> None:
    await world.fold(told.broken(number=1), told.generating(), told.attempt(number=2))
    world.outlet.heard = [told.progressed("g1", "run", 3)]
    await world.gateway.progress.watch(world.outlet.hear(JobProgressed))  # type: ignore[arg-type]
    job = await world.get("/api/v1/jobs/g1")
    assert job["progress"] == {"phase": "run", "done": 3, "total": 6, "rate": None}
    assert [(one["number"], one["step"], one["model"]) for one in job["attempts"]] == [
        (1, "check", "m-1"),
        (2, "judge", None),
    ]
    assert "code" not in job["attempts"][0]
    assert (job["engine"], job["variants"], job["timeframe"]) == ("auto", 2, "1h")
    listed = (await world.get("/api/v1/jobs", mode="generate"))["items"]
    assert [(one["id"], one["state"]) for one in listed] == [("g1", "running")]


async def test_generation_that_is_waited_for_comes_with_its_strategies_best_first(world: World) -> None:
    best, other = (
        told.made(attempts=1),
        told.made(variant=2, attempts=2, strategy_id="s2", verdict=None, detail="no bars"),
    )
    s1, s2 = told.strategy(), proposed("s2", generation_id="g1")
    tries = told.attempt(variant=2, number=2, strategy_id="s2"), told.broken(variant=2), told.attempt()
    answering(world, told.generating(), *tries, told.generated("g1", best, other))
    await world.fold(*s1, s2)
    reply = await world.client.post(GENERATE, json={"text": told.TEXT}, headers={"Prefer": "wait=5"})
    assert (reply.status_code, reply.headers["preference-applied"]) == (200, "wait=5"), reply.text
    found = reply.json()["result"]
    first, second = found["strategies"]
    assert (first["id"], first["verdict"], first["deciding_rule"]) == ("s1", "good", "return >= 15 %")
    assert (first["code"], first["in_words"], first["metrics"]["sharpe"]) == (told.CODE, "buys when RSI(14) < 30", 1.5)
    assert (second["id"], second["verdict"], second["detail"], second["metrics"]) == ("s2", None, "no bars", None)
    assert found["assumptions"] == [told.ASSUMED]
    assert found["citations"] == [told.CITATION]
    assert [(one["variant"], one["number"], one["step"]) for one in found["attempts"]] == [
        (1, 1, "judge"),
        (2, 1, "check"),
        (2, 2, "judge"),
    ]
    assert found["attempts"][1]["findings"][0]["code"] == "strategy.forbidden_import"
    assert (found["attempts"][1]["code"], found["attempts"][1]["tokens_in"]) == ("import os", 900)


async def test_done_generation_still_shows_what_was_asked_for(world: World) -> None:
    await world.fold(told.generating(universe="all", symbols_total=1), told.attempt(), told.generated())
    job = await world.get("/api/v1/jobs/g1")
    assert (job["state"], job["engine"], job["universe"], job["symbols_total"]) == ("done", "auto", "all", 1)
    assert job["result"] == "/api/v1/jobs/g1/result"
    (listed,) = (await world.get("/api/v1/jobs", state="done"))["items"]
    assert (listed["name"], listed["symbols_total"]) == (told.TEXT, 1)


async def test_result_waits_for_facts_that_are_behind(world: World) -> None:
    await world.fold(told.generating(), told.generated())
    asked = asyncio.create_task(world.get("/api/v1/jobs/g1/result"))
    proposal, verdict = told.strategy()
    for fact in (told.attempt(), proposal, verdict):
        async with world.gateway.read() as connection:
            job = await find_job(connection, "g1")
            assert job is not None
            assert (await generations.result(connection, job))[1] is False
        await world.fold(fact)
    found = await asked
    assert (found["strategies"][0]["code"], found["strategies"][0]["deciding_rule"]) == (told.CODE, "return >= 15 %")
    assert len(found["attempts"]) == 1


async def test_result_that_stays_incomplete_is_given_as_far_as_it_is_known(world: World) -> None:
    await world.fold(told.generating(), told.generated(), told.attempt())
    found = await world.get("/api/v1/jobs/g1/result")
    assert (found["strategies"][0]["strategy_id"], found["strategies"][0]["code"]) == ("s1", None)


async def test_end_of_a_generation_counts_whether_it_comes_before_or_after_its_start(world: World) -> None:
    await world.fold(told.ungenerated(), told.generating())
    assert (await world.get("/api/v1/jobs/g1"))["state"] == "failed"


async def test_sentence_refused_at_once_is_422_and_quotes_the_phrase(world: World) -> None:
    words = {"detail": "not understood", "pointer": "/text", "diagnostics": (told.PHRASE,)}
    world.outlet.answer = lambda command: refused(command, "prompt.not_understood", **words)
    reply = await world.client.post(GENERATE, json={"text": told.TEXT})
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (422, "prompt.not_understood")
    assert problem["diagnostics"] == [told.PHRASE]
    assert problem["errors"][0]["pointer"] == "/text"


async def test_sentence_refused_while_one_waits_is_422_and_quotes_the_phrase(world: World) -> None:
    answering(world, told.generating(), told.ungenerated())
    reply = await world.client.post(GENERATE, json={"text": told.TEXT}, headers={"Prefer": "wait=5"})
    assert (reply.status_code, reply.json()["diagnostics"]) == (422, [told.PHRASE])
    job_id = world.outlet.asked[0].event_id
    later = await world.client.get(f"/api/v1/jobs/{job_id}/result")
    assert (later.status_code, later.json()["code"]) == (422, "prompt.not_understood")


async def test_failed_generation_shows_the_code_of_its_attempts(world: World) -> None:
    await world.fold(told.generating(), told.broken(), told.ungenerated(code="model.bad_answer"))
    job = await world.get("/api/v1/jobs/g1")
    assert (job["state"], job["attempts"][0]["code"], job["findings"]) == ("failed", "import os", [told.PHRASE])


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("model.budget", 409),
        ("model.auth", 409),
        ("model.payment", 409),
        ("model.unavailable", 503),
        ("model.rate_limited", 503),
        ("model.timeout", 504),
        ("model.bad_answer", 422),
        ("job.cancelled", 409),
    ],
)
async def test_reason_of_a_failure_has_its_status(world: World, code: str, status: int) -> None:
    await world.fold(told.generating(), told.ungenerated(code=code, findings=()))
    assert (await world.client.get("/api/v1/jobs/g1/result")).status_code == status


async def test_delete_cancels_the_generation(world: World) -> None:
    await world.fold(told.generating())
    world.outlet.answer = done
    cancelled = told.ungenerated(cancelled=True, code="job.cancelled", findings=())
    reply, _ = await asyncio.gather(world.client.delete("/api/v1/jobs/g1"), world.fold(cancelled))
    assert reply.status_code == 200, reply.text
    (command,) = world.outlet.asked
    assert isinstance(command, CancelGeneration)
    assert command.job_id == "g1"
    assert (await world.get("/api/v1/jobs/g1"))["state"] == "cancelled"


@pytest.mark.parametrize(
    ("trouble", "status"), [(TimedOutError("no answer"), 504), (BusUnavailableError("no bus"), 503)]
)
async def test_strategy_gen_away_is_a_problem(world: World, trouble: Exception, status: int) -> None:
    def away(command: Command) -> Event:
        raise trouble

    world.outlet.answer = away
    for path, body in ((GENERATE, {"text": "x"}), ("/api/v1/knowledge/search", {"query": "x"})):
        reply = await world.client.post(path, json=body)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")


async def test_same_key_asks_once_and_other_words_under_it_are_refused(world: World) -> None:
    answering(world, told.generating())
    headers = {"Idempotency-Key": "k1"}
    first = await world.client.post(GENERATE, json={"text": "a"}, headers=headers)
    again = await world.client.post(GENERATE, json={"text": "a"}, headers=headers)
    other = await world.client.post(GENERATE, json={"text": "b"}, headers=headers)
    assert (first.headers["location"], again.headers["idempotency-replayed"]) == (again.headers["location"], "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.other_body")


async def test_strategy_shows_what_it_does_in_words_and_where_it_came_from(world: World) -> None:
    await world.fold(*told.strategy())
    found = await world.get("/api/v1/strategies/s1")
    assert (found["in_words"], found["generation_id"]) == ("buys when RSI(14) < 30", "g1")


async def test_lineage_of_a_strategy_reaches_its_sentence(world: World) -> None:
    await world.fold(*told.strategy(), told.broken(), told.attempt(number=2), told.generating())
    steps = (await world.get("/api/v1/lineage/strategy/s1"))["steps"]
    assert [step["kind"] for step in steps] == ["strategy", "verdict", "attempt", "generation"]
    by_kind = {step["kind"]: step for step in steps}
    assert by_kind["attempt"]["of"] == "s1"
    assert by_kind["generation"]["of"] == by_kind["attempt"]["id"]
    assert by_kind["generation"]["fact"]["text"] == told.TEXT
    assert by_kind["strategy"]["fact"]["code"] == told.CODE


async def test_lineage_of_a_generation_tells_what_became_of_it(world: World) -> None:
    await world.fold(told.generating(), told.broken(), told.attempt(number=2), *told.strategy())
    steps = (await world.get("/api/v1/lineage/generation/g1"))["steps"]
    assert [step["kind"] for step in steps] == ["generation", "attempt", "attempt", "strategy", "verdict"]
    assert [step["of"] for step in steps] == [None, "g1", "g1", steps[2]["id"], "s1"]
    one = (await world.get(f"/api/v1/lineage/attempt/{steps[1]['id']}"))["steps"]
    assert [step["kind"] for step in one] == ["attempt", "generation"]


async def test_lineage_of_a_strategy_names_a_sentence_that_is_not_stored(world: World) -> None:
    await world.fold(*told.strategy())
    steps = (await world.get("/api/v1/lineage/strategy/s1"))["steps"]
    assert [(step["kind"], step["missing"]) for step in steps] == [
        ("strategy", False),
        ("verdict", False),
        ("generation", True),
    ]


@pytest.mark.parametrize("job_id", ["nope", "g2"])
async def test_job_that_is_not_there_is_not_found(world: World, job_id: str) -> None:
    await world.fold(told.generating())
    assert (await world.client.get(f"/api/v1/jobs/{job_id}")).status_code == 404


async def test_pruning_keeps_what_became_a_strategy_and_its_sentence(world: World) -> None:
    await world.fold(told.generating("old"), told.broken("old"), told.attempt("old", number=2), told.generating("dead"))
    await world.fold(told.broken("dead"), *told.strategy("old"))
    more = (told.generating(f"g{n}") for n in range(KEEP_GENERATING))
    tries = (told.broken(f"g{n}") for n in range(KEEP_GENERATING))
    await world.bench.deliver(*more)
    await world.bench.deliver(*tries)
    await prune_once(world.outlet)
    steps = (await world.get("/api/v1/lineage/strategy/s1"))["steps"]
    assert [step["kind"] for step in steps if not step["missing"]] == ["strategy", "verdict", "attempt", "generation"]
    async with world.gateway.read() as connection:
        assert await of_job(connection, "dead", AttemptMade.__name__) == []
        assert len(await of_job(connection, "old", AttemptMade.__name__)) == 1
    gone = await world.client.get("/api/v1/lineage/generation/dead")
    assert gone.status_code == 404


async def test_examples_of_the_page_have_the_fields_of_real_answers_in_their_order(world: World) -> None:
    await world.fold(told.generating(), told.attempt(), *told.strategy(), told.generated())
    shown, real = example("generation"), await world.get("/api/v1/jobs/g1/result")
    assert list(shown) == list(real)
    for part in ("strategies", "attempts", "assumptions", "citations"):
        assert list(shown[part][0]) == list(real[part][0]), part
    await world.fold(told.generating("g2"), told.ungenerated("g2", hint="leave it out"))
    problem = (await world.client.get("/api/v1/jobs/g2/result")).json()
    assert list(example("refused")) == list(problem)
    assert list(example("refused")["diagnostics"][0]) == list(told.PHRASE)
