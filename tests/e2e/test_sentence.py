"""From a sentence to an alert, offline, on real stocks: compiled, judged, promoted, and heard of on the bus by processes that know nothing of each other."""

import csv
import gzip
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from libs.common.commands import GenerateStrategy, ImportBars, PromoteStrategy, WatchSymbols
from libs.common.events import AlertRaised, GenerationDone, StrategyJudged, StrategyProposed
from libs.common.values import Stage, Timeframe
from tests.support.live import PARITY, live

STOCKS = "stocks/us_daily_sp500_2015-2018.csv.gz"
SENTENCE = "Alert me when AMD gaps up by 5% or more"
SINCE = datetime(2017, 1, 1, tzinfo=UTC)
UNTIL = datetime(2018, 2, 1, tzinfo=UTC)


@pytest.mark.timeout(300)
async def test_sentence_becomes_code_a_verdict_and_the_alerts_that_the_prices_say(
    tmp_path: Path, real_data: Path
) -> None:
    async with live(tmp_path / "data", PARITY) as system:
        await system.ask(ImportBars, path=str(real_data / STOCKS), timeframe="1d", universe="sp500")
        began = time.monotonic()
        job = (await system.ask(GenerateStrategy, text=SENTENCE, engine="offline")).result["job_id"]
        [done] = await system.wait_for(GenerationDone, job_id=job)
        [made] = done.strategies
        await system.ask(PromoteStrategy, strategy_id=made.strategy_id, stage=Stage.ALERT)
        await system.ask(WatchSymbols, symbols=["AMD"], timeframe="1d", start=SINCE, end=UNTIL)
        [first, *_] = await system.wait_for(AlertRaised)
        print(f"sentence to alert: {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure of the transcript
        await system.system.drained()
        alerts = await system.read(AlertRaised)
        [proposed] = await system.read(StrategyProposed)
        [judged] = await system.read(StrategyJudged)
    assert (proposed.generation_id, proposed.origin, proposed.symbols) == (job, "compiler", ("AMD",))
    assert "classify_symbol" in (proposed.code or "")
    assert (made.verdict, made.backtest_id) == (judged.verdict, judged.backtest_id)
    assert done.in_words
    gaps = gap_days(real_data / STOCKS, "AMD", 0.05)
    told = [(alert.at - Timeframe.D1.length).date().isoformat() for alert in alerts]
    assert first.symbol == "AMD"
    assert {alert.strategy_id for alert in alerts} == {made.strategy_id}
    assert told == gaps
    assert len(gaps) == 5


def gap_days(path: Path, symbol: str, least: float) -> list[str]:
    """Trading dates of the played window that opened at least `least` above the close before."""
    with gzip.open(path, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["symbol"] == symbol]
    days = pairwise(rows)
    found = [now["date"] for before, now in days if float(now["open"]) / float(before["close"]) - 1 >= least]
    return [day for day in found if SINCE.date().isoformat() <= day < UNTIL.date().isoformat()]
