"""The backtest service on the bench: real SQLite, inbox and outbox, real bars where they are present."""

import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from libs.common.commands import RunBacktest
from libs.common.events import BacktestCompleted, BacktestFailed, Definition, StrategyJudged, StrategyProposed
from libs.common.messages import Message
from libs.market.catalog import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate
from libs.strategy.spec import code_hash, parse, strategy_id
from services.backtest import store
from services.backtest.app import App, warm
from services.backtest.core.job import Failed
from services.backtest.reports import Reports
from services.backtest.roles import build
from services.backtest.runner import Runner
from services.backtest.settings import Settings
from services.backtest.trials_store import TRIALS
from tests.support.bench import Bench
from tests.support.build import START, promoted
from tests.unit.backtest.builders import walk
from tests.unit.backtest.reference import Bar, expected

AT = datetime(2024, 1, 1, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[2] / "../shared/data/crypto/BTCUSDT_binance-spot_1h_2017-2022.csv.gz"
RSI = {"symbol": "BTCUSDT", "indicators": {"rsi": {"period": 5, "buy_below": 40, "sell_above": 60}}}
DOCUMENTED = {
    "symbol": "BTCUSDT",
    "combine": "any",
    "indicators": {
        "rsi": {"period": 14, "buy_below": 30, "sell_above": 70},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    },
}


@pytest.fixture
async def bench(tmp_path):
    settings = Settings(data_dir=tmp_path)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", walk(400, 1), "test", False)
    async with Bench.open(build(settings), tmp_path) as opened:
        yield opened


def proposed(rules=RSI, key="p", **fields):
    strategy = parse(rules=rules)
    given = {"symbols": strategy.symbols, "timeframe": strategy.timeframe, "rules": strategy.rules, **fields}
    identity = strategy_id(strategy)
    return StrategyProposed.first(
        key=key,
        at=AT,
        strategy_id=identity,
        lineage_id=identity,
        family_id="fam-1",
        kind="rules.json",
        name="dip",
        code_hash=code_hash(strategy),
        **given,
    )


def command(key="c", **fields):
    return RunBacktest.first(key=key, at=AT, **fields)


async def count(bench, table):
    async with bench.transactor.database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(table))


def parts(published, kind):
    return [
        kind.model_validate_json(body) for subject, body in published if subject.startswith(kind.subject.split("{")[0])
    ]


def answer(published):
    [(_, body)] = [item for item in published if item[0].startswith("answers.backtest.")]
    return json.loads(body)


async def test_proposal_is_judged_with_the_backtest_behind_it(bench):
    published = await bench.deliver(proposed())
    [completed], [judged] = parts(published, BacktestCompleted), parts(published, StrategyJudged)
    assert completed.strategy_id == judged.strategy_id == proposed().strategy_id
    assert completed.backtest_id == judged.backtest_id
    assert completed.report_key == judged.report_key
    assert completed.at == judged.at == AT
    assert judged.bars == 400
    assert judged.closed_trades == judged.metrics["closed_trades"] > 5
    assert judged.gate[0] == "alert"
    assert judged.caused_by == proposed().event_id
    assert await count(bench, TRIALS) == 1


async def test_proposal_delivered_twice_is_judged_once(bench):
    await bench.deliver(proposed())
    assert await bench.deliver(proposed()) == []
    assert await count(bench, TRIALS) == 1


async def test_proposal_without_bars_fails_with_its_reason_and_is_kept(bench):
    rules = {**RSI, "symbol": "NOPEUSDT"}
    [failed] = parts(await bench.deliver(proposed(rules)), BacktestFailed)
    assert failed.code == "data.unknown_symbol"
    assert failed.strategy_id == proposed(rules).strategy_id
    assert await count(bench, store.PROPOSALS) == 1
    assert await count(bench, store.BACKTESTS) == await count(bench, TRIALS) == 0


async def test_proposal_that_may_go_short_is_judged_with_shorts_and_opens_alert_at_most(bench, tmp_path):
    published = await bench.deliver(proposed(allow_short=True))
    [judged] = parts(published, StrategyJudged)
    report = json.loads(Reports(tmp_path / "reports").read(judged.report_key))
    assert {trade["side"] for trade in report["trades"]} == {"long", "short"}
    assert judged.gate == ("alert",)
    assert "paper: agents do not go short in this version" in [reason.words for reason in judged.reasons]


async def test_command_is_answered_with_metrics_verdict_and_report(bench, tmp_path):
    published = await bench.deliver(command(rules=RSI, name="mine"))
    [completed], done = parts(published, BacktestCompleted), answer(published)
    result = done["result"]
    assert done["result_ids"] == [completed.backtest_id]
    assert (result["status"], result["duplicate"]) == ("success", False)
    assert len(result["preview"]) == 10
    assert result["metrics"]["closed_trades"] == completed.metrics["closed_trades"]
    assert result["verdict"] == completed.verdict
    told = json.loads(Reports(tmp_path / "reports").read(result["report_key"]))
    assert told["metadata"]["name"] == "mine"
    assert told["verdict"]["deciding_rule"] == completed.deciding_rule


async def test_same_backtest_again_is_answered_as_duplicate_from_the_store(bench):
    first = answer(await bench.deliver(command("a", rules=RSI, name="first")))
    published = await bench.deliver(command("b", rules=RSI, name="second"))
    again = answer(published)
    assert parts(published, BacktestCompleted) == []
    assert (again["result"]["status"], again["result"]["duplicate"]) == ("duplicate", True)
    assert again["result"]["name"] == "first"
    assert again["result"]["metrics"] == first["result"]["metrics"]
    assert await count(bench, TRIALS) == 1


async def test_same_backtest_with_force_runs_and_counts_again(bench):
    await bench.deliver(command("a", rules=RSI))
    published = await bench.deliver(command("b", rules=RSI, force=True))
    assert len(parts(published, BacktestCompleted)) == 1
    assert answer(published)["result"]["duplicate"] is False
    assert await count(bench, TRIALS) == 2
    assert await count(bench, store.BACKTESTS) == 1


async def test_same_signals_from_other_code_are_told_as_a_duplicate_of_the_first(bench):
    first = answer(await bench.deliver(command("a", rules=RSI)))
    same = {"symbol": "BTCUSDT", "combine": "all", "indicators": RSI["indicators"]}
    published = await bench.deliver(command("b", rules=same))
    [completed] = parts(published, BacktestCompleted)
    assert completed.duplicate
    assert completed.duplicate_of == first["result_ids"][0]
    assert answer(published)["result"]["duplicate_of"] == first["result_ids"][0]
    [original] = parts(await bench.deliver(command("c", rules=RSI, force=True)), BacktestCompleted)
    assert not original.duplicate


async def test_command_by_strategy_id_uses_the_stored_definition_also_after_a_restart(bench, tmp_path):
    await bench.deliver(proposed())
    by_id = {"strategy_id": proposed().strategy_id, "fee": 0.002}
    done = answer(await bench.deliver(command("a", **by_id)))
    assert done["result"]["strategy_id"] == proposed().strategy_id
    async with Bench.open(build(Settings(data_dir=tmp_path)), tmp_path) as restarted:
        assert answer(await restarted.deliver(command("b", **by_id)))["result"]["duplicate"] is True


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"strategy_id": "nope"}, "backtest.unknown_strategy"),
        ({"rules": {}}, "strategy.invalid"),
        ({"rules": {**RSI, "symbol": "NOPEUSDT"}}, "data.unknown_symbol"),
        ({"rules": RSI, "start": AT, "end": AT}, "backtest.window_empty"),
        ({"rules": RSI, "start": datetime(1900, 1, 1, tzinfo=UTC), "timeframe": "1h"}, None),
        ({"rules": RSI, "start": datetime(2100, 1, 1, tzinfo=UTC)}, "backtest.no_bars"),
        ({"kind": "magic"}, "strategy.unsupported_kind"),
        ({"code": "import os", "symbol": "BTCUSDT"}, "strategy.rejected"),
        ({"code": "def generate_signals(df): return None", "symbol": "BTCUSDT"}, "strategy.result"),
    ],
)
async def test_command_that_cannot_run_is_refused_and_changes_nothing(bench, fields, code):
    done = answer(await bench.deliver(command(**fields)))
    assert done.get("code") == code
    if code:
        assert await count(bench, store.BACKTESTS) == await count(bench, TRIALS) == 0


async def test_warming_needs_no_bus():
    await warm(None)


async def test_documented_strategy_on_90_days_of_real_prices(tmp_path):
    if not REAL.exists():
        pytest.skip(f"{REAL.name} absent")
    with gzip.open(REAL, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", skiprows=1)
    settings = Settings(data_dir=tmp_path)
    frame = Frame.of(rows[:, 0].astype(np.int64), *rows[:, 1:].T)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", frame, "csv", False)
    async with Bench.open(build(settings), tmp_path) as bench:
        done = answer(await bench.deliver(command(rules=DOCUMENTED)))["result"]
    assert (done["bars"], done["window_start"], done["window_end"]) == (
        2_160,
        "2022-10-03T00:00:00+00:00",
        "2023-01-01T00:00:00+00:00",
    )
    window = frame.tail(2_160)
    actions = evaluate(parse(rules=DOCUMENTED), window).actions.tolist()
    terms = {"initial_capital": 10_000.0, "fraction": 1.0, "fee": 0.001, "slippage": 0.0002}
    columns = zip(window.open, window.high, window.low, window.close, window.volume, strict=True)
    want = expected(actions, [Bar(*map(float, row)) for row in columns], terms, position_mode=False)
    assert done["final_equity"] == pytest.approx(float(want.equity[-1]), rel=1e-9)
    assert done["metrics"]["closed_trades"] == sum(trade.reason != "open" for trade in want.trades) == 159
    assert done["metrics"]["winning_trades"] == 23
    assert done["final_equity"] == pytest.approx(5_400.60454183, abs=1e-6)
    assert done["deciding_rule"] == "poor: total return -45.99 % < 0 %, max drawdown 46.02 % > 30 %"


async def test_backtest_of_a_strategy_whose_proposal_is_on_its_way_waits_for_it(tmp_path: Path) -> None:
    app = App(Runner(tmp_path / "catalog", tmp_path / "reports"))
    proposal = StrategyProposed.first(key="p", at=START, **definition_fields())
    command = RunBacktest.first(key="c", at=START, strategy_id=proposal.strategy_id)
    waiting = asyncio.create_task(app.backtest(command))
    await asyncio.sleep(0)
    await app.judge(proposal)
    outcome = await waiting
    assert isinstance(outcome, Failed)
    assert outcome.error.code != "backtest.unknown_strategy"


def definition_fields() -> dict[str, object]:
    kept = promoted(rules={"indicators": {"rsi": {"period": 14}}}).model_dump()
    return {name: kept[name] for name in Definition.model_fields if name not in Message.model_fields}
