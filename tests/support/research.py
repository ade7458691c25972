"""Proposals and commands of a research family on the bench of the backtest service, and what came of them."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import select

from libs.common.commands import RunBacktest
from libs.common.events import StrategyJudged, StrategyProposed
from libs.market.catalog import CatalogWriter
from libs.strategy.spec import code_hash, parse, strategy_id
from services.backtest.roles import build
from services.backtest.settings import Settings
from tests.support.bench import Bench
from tests.unit.backtest.builders import walk

AT = datetime(2024, 6, 1, tzinfo=UTC)
BARS = 2_700


def rules(below=40):
    return {"symbol": "BTCUSDT", "indicators": {"rsi": {"period": 5, "buy_below": below, "sell_above": 60}}}


@asynccontextmanager
async def research(folder, url=None):
    """Open the service on hourly bars of BTCUSDT; url: a database other than SQLite below `folder`."""
    settings = Settings(data_dir=folder)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", walk(BARS, 3), "test", False)
    async with Bench.open(build(settings), folder, url) as opened:
        yield opened
        opened.service.close()


def proposed(below=40, at=AT, family="fam-1", **fields):
    strategy = parse(rules=rules(below))
    identity = strategy_id(strategy)
    return StrategyProposed.first(
        key=f"{below}{at}{fields}",
        at=at,
        strategy_id=identity,
        lineage_id=identity,
        family_id=family,
        kind="rules.json",
        name="dip",
        code_hash=code_hash(strategy),
        symbols=strategy.symbols,
        timeframe=strategy.timeframe,
        rules=strategy.rules,
        **fields,
    )


async def judged(bench, *args, **fields):
    published = await bench.deliver(proposed(*args, **fields))
    [body] = [body for subject, body in published if subject.startswith("strategies.judged.")]
    return StrategyJudged.model_validate_json(body)


async def answered(bench, kind=RunBacktest, key="", at=AT, **fields):
    published = await bench.deliver(kind.first(key=f"{key}{fields}{at}", at=at, **fields))
    [body] = [body for subject, body in published if subject.startswith("answers.")]
    told = json.loads(body)
    return told.get("result", told)


async def rows(bench, what):
    async with bench.transactor.database.read() as connection:
        return (await connection.execute(select(what))).all()
