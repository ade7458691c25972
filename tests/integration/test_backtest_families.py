"""Tries, holdouts and promotion checks of research families, on the bench: real SQLite, inbox and outbox."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from libs.common.bus import Service, Tx
from libs.common.commands import RunBacktest, SetVerdict
from libs.common.events import StrategyJudged
from libs.common.values import from_epoch_ms
from libs.market.catalog import CatalogWriter
from services.backtest import trials_store
from services.backtest.app import App, table
from services.backtest.core.evidence.trials import times_in
from services.backtest.reports import Reports
from services.backtest.roles import build
from services.backtest.runner import Runner
from services.backtest.settings import Settings
from services.backtest.store import MIGRATIONS
from tests.support.bench import Bench
from tests.support.research import AT, BARS, answered, judged, proposed, research, rows, rules
from tests.unit.backtest.builders import HOUR_MS, START_MS, walk

BOUNDARY = from_epoch_ms(START_MS + (BARS - 432) * HOUR_MS)
"""A fifth of the newest 90 days, 432 hours, is kept back."""


@pytest.fixture
async def bench(tmp_path):
    async with research(tmp_path) as opened:
        yield opened


async def test_first_proposal_fixes_the_boundary_and_is_judged_on_ninety_days_before_it(bench):
    told = await judged(bench)
    assert told.window_end == BOUNDARY
    assert told.bars == 2_160
    assert told.evidence.holdout.boundary == BOUNDARY
    assert not told.evidence.holdout.seen
    [kept] = await rows(bench, trials_store.HOLDOUTS)
    assert (kept.family_id, from_epoch_ms(kept.boundary_ms)) == ("fam-1", BOUNDARY)


async def test_boundary_stays_when_bars_are_added_and_after_a_restart(bench, tmp_path):
    await judged(bench)
    longer = walk(BARS + 500, 3).between(START_MS + BARS * HOUR_MS, None)
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", longer, "test", False)
    assert (await judged(bench, 35)).window_end == BOUNDARY
    async with Bench.open(build(Settings(data_dir=tmp_path)), tmp_path) as again:
        assert (await judged(again, 30)).window_end == BOUNDARY
    assert len(await rows(bench, trials_store.HOLDOUTS)) == 1


async def test_boundary_moves_on_with_the_first_proposal_after_ninety_days(bench, tmp_path):
    await judged(bench)
    longer = walk(BARS + 500, 3).between(START_MS + BARS * HOUR_MS, None)
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", longer, "test", False)
    assert (await judged(bench, 35, at=AT + timedelta(days=90))).window_end == BOUNDARY
    late = await judged(bench, 30, at=AT + timedelta(days=91))
    assert late.window_end == BOUNDARY + timedelta(hours=500)
    assert late.evidence.tries == 2


async def test_too_few_bars_fix_no_boundary(tmp_path):
    settings = Settings(data_dir=tmp_path)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", walk(1_079, 3), "test", False)
    async with Bench.open(build(settings), tmp_path) as bench:
        told = await judged(bench)
        assert (told.bars, told.evidence.holdout) == (1_079, None)
        assert await rows(bench, trials_store.HOLDOUTS) == []


async def test_every_evaluation_counts_and_the_same_signals_count_once(bench):
    tries = [(await judged(bench, below)).evidence.tries for below in (40, 35, 30)]
    assert tries == [1, 2, 3]
    again = await judged(bench, 40, proposal=2)
    assert again.evidence.tries == 3
    found = await rows(bench, trials_store.TRIALS)
    assert [row.purpose for row in found] == ["judge"] * 4
    async with bench.transactor.database.read() as connection:
        trials = await trials_store.list_trials(connection, "fam-1")
        assert await trials_store.list_trials(connection, "fam-1", since=AT + timedelta(seconds=1)) == ()
    assert len(trials) == 3
    assert from_epoch_ms(int(times_in(trials[0])[-1])) == BOUNDARY - timedelta(hours=1)
    assert len(trials[0].returns) == 4 * 2_160


async def test_tries_of_ten_in_one_batch_count_each_other(bench):
    published = await bench.deliver(*(proposed(below) for below in range(25, 35)))
    told = [json.loads(body) for subject, body in published if subject.startswith("strategies.judged.")]
    assert sorted(each["evidence"]["tries"] for each in told) == list(range(1, 11))
    assert told[-1]["evidence"]["pbo"] is not None


async def test_tries_beyond_the_thousandth_count_without_their_returns(bench, monkeypatch):
    monkeypatch.setattr(trials_store, "WITH_RETURNS", 2)
    for below in (40, 35, 30):
        await judged(bench, below)
    async with bench.transactor.database.read() as connection:
        trials = await trials_store.list_trials(connection, "fam-1")
    assert [trial.bars for trial in trials] == [1, 2_160, 2_160]
    assert (await judged(bench, 25)).evidence.tries == 4


async def test_look_past_the_boundary_is_remembered_and_one_before_it_is_not(bench):
    told = await judged(bench)
    before = await answered(bench, strategy_id=told.strategy_id, end=BOUNDARY, fee=0.002)
    assert not before["evidence"]["holdout"]["seen"]
    assert not (await judged(bench, 35)).evidence.holdout.seen
    across = await answered(bench, strategy_id=told.strategy_id)
    assert across["evidence"]["holdout"]["seen"]
    assert across["window_end"] > BOUNDARY.isoformat()
    after = await judged(bench, 30)
    assert after.evidence.holdout.seen
    assert "live: holdout was seen before; 0 closed paper trades < 30" in [reason.words for reason in after.reasons]


async def test_look_before_the_first_proposal_counts_as_seen(bench):
    family = await _family_of_nameless(bench)
    assert (await judged(bench, family=family)).evidence.holdout.seen


async def test_judging_asked_for_before_there_is_a_boundary_counts_as_seen(bench):
    family = await _family_of_nameless(bench, purpose="judge")
    assert (await judged(bench, family=family)).evidence.holdout.seen


async def _family_of_nameless(bench, **fields):
    await answered(bench, rules=rules(20), **fields)
    [trial] = await rows(bench, trials_store.TRIALS)
    return trial.family_id


async def test_command_may_ask_to_be_judged_and_then_sees_nothing_beyond(bench):
    told = await judged(bench)
    own = await answered(bench, strategy_id=told.strategy_id, purpose="judge", force=True)
    assert own["window_end"] == BOUNDARY.isoformat()
    assert not own["evidence"]["holdout"]["seen"]
    refused = await answered(bench, strategy_id=told.strategy_id, purpose="judge", start=BOUNDARY)
    assert (refused["code"], refused["pointer"]) == ("backtest.holdout", "/start")


async def test_promotion_check_repeats_the_judging_with_all_tries_and_looks_beyond(bench, tmp_path):
    first = await judged(bench)
    for below in range(25, 35):
        await judged(bench, below)
    published = await bench.deliver(
        RunBacktest.first(key="p", at=AT, strategy_id=first.strategy_id, purpose="promotion")
    )
    [again] = [
        StrategyJudged.model_validate_json(body) for subject, body in published if subject.startswith("strategies.")
    ]
    assert again.purpose == "promotion"
    assert again.backtest_id != first.backtest_id
    assert (again.metrics, again.window_start, again.window_end) == (
        first.metrics,
        first.window_start,
        first.window_end,
    )
    assert (first.evidence.tries, again.evidence.tries) == (1, 11)
    assert (first.evidence.pbo, again.evidence.pbo is None) == (None, False)
    assert again.evidence.dsr < first.evidence.dsr
    held = again.evidence.holdout
    assert not held.seen
    assert held.return_before == pytest.approx(first.metrics["total_return"], abs=1e-12)
    assert held.closed_after > 0
    assert any(reason.words.startswith("live: holdout return ") for reason in again.reasons)
    report = json.loads(Reports(tmp_path / "reports").read(again.report_key))
    assert report["evidence"]["holdout"]["bars_after"] == 432
    repeated = await answered(bench, key="2", strategy_id=first.strategy_id, purpose="promotion")
    assert not repeated["evidence"]["holdout"]["seen"]
    assert (await judged(bench, 20)).evidence.holdout.seen


async def test_crash_between_the_run_and_its_commit_counts_the_try_once(tmp_path):
    settings = Settings(data_dir=tmp_path)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", walk(BARS, 3), "test", False)
    app = App(Runner(settings.catalog_dir, settings.reports_dir))
    async with Bench.open(Service("backtest", table(app), MIGRATIONS, load=app.load), tmp_path) as bench:
        proposal = proposed()
        done = await app.judge(proposal)

        async def handled(*, crashes):
            async with bench.transactor.database.begin() as connection:
                await app.on_proposed(proposal, Tx(connection), done)
                if crashes:
                    raise RuntimeError("killed")

        with pytest.raises(RuntimeError, match="killed"):
            await handled(crashes=True)
        assert await rows(bench, trials_store.TRIALS) == await rows(bench, trials_store.HOLDOUTS) == []
        assert (await judged(bench)).evidence.tries == 1
        await handled(crashes=False)
        assert len(await rows(bench, trials_store.TRIALS)) == 1


@pytest.mark.parametrize("name", ["TRIALS", "HOLDOUTS", "VERDICTS"])
@pytest.mark.parametrize("act", [delete, update])
async def test_database_refuses_to_change_or_delete_what_is_kept_for_ever(bench, name, act):
    told = await judged(bench)
    await answered(bench, SetVerdict, backtest_id=told.backtest_id, verdict="good", reason="I like it")
    what = getattr(trials_store, name)
    first = next(iter(what.columns))
    statement = delete(what) if act is delete else update(what).values({first: first})
    with pytest.raises(DBAPIError, match="append-only"):
        async with bench.transactor.database.begin() as connection:
            await connection.execute(statement)
    async with bench.transactor.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(what)) == 1


async def test_second_proposal_is_judged_where_the_first_came_between_two_milliseconds(tmp_path):
    at = AT + timedelta(microseconds=1_234_567)
    async with research(tmp_path) as bench:
        for below, later in ((40, timedelta()), (35, timedelta(hours=1)), (30, timedelta(hours=2))):
            await judged(bench, below, at=at + later)
            assert bench.failed == []
        assert len(await rows(bench, trials_store.HOLDOUTS)) == 1
