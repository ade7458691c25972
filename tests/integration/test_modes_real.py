"""423 real stocks, 782 days, and their company figures: backtest, screener and alert of the documents' gap-up classifier, field by field."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from libs.common.commands import ImportBars, ImportFundamentals
from libs.common.studies import BacktestUniverse, RunAlert, RunScreen, StudyCommand
from libs.common.values import to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.fundamentals import Fundamentals
from libs.strategy.sandbox.host.pool import Pool
from services.backtest.core.fingerprint import canonical
from tests.support.bench import Bench
from tests.support.ingest import service
from tests.support.jobs import merged
from tests.unit.ingest.csv_cases import NOW

STOCKS = (Path(__file__).resolve().parents[2] / "../shared/data/stocks").resolve()
GUIDE = STOCKS.parents[1] / "documents" / "E_infrastructure_guide.md"
DAY = datetime(2018, 2, 2, tzinfo=UTC)
CHEAP = """
def classify_symbol(symbol):
    known = get_fundamental_data(symbol)
    bars = get_price_data(symbol, timeframe="1d", days=21)
    if not known or len(bars["close"]) < 21:
        return False
    ratio = known.get("pe_ratio")
    rise = bars["close"][-1] / bars["close"][0] - 1
    return {"classification": ratio is not None and 0 < ratio < 20 and rise > 0, "score": rise, "pe_ratio": ratio}
"""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not STOCKS.is_dir():
        pytest.skip("real prices are absent")
    folder = tmp_path_factory.mktemp("stocks")

    async def fill() -> None:
        async with Bench.open(service(folder), folder) as bench:
            bars = str(STOCKS / "us_daily_sp500_2015-2018.csv.gz")
            figures = str(STOCKS / "fundamentals_sp500_2018-02-08.csv")
            await bench.deliver(ImportBars.first(key="b", at=NOW, path=bars, timeframe="1d", universe="sp500"))
            await bench.deliver(ImportFundamentals.first(key="f", at=NOW, path=figures))

    asyncio.run(fill())
    return folder


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def guide_code() -> str:
    text = GUIDE.read_text(errors="replace")
    start = text.index("def classify_symbol")
    return text[start : text.index("```", start)]


def run(kind: type[StudyCommand], market: Path, sandbox: Pool, **fields: Any) -> Any:
    given = {"code": guide_code(), "timeframe": "1d", "universe": "sp500", "name": "gap up", **fields}
    found = merged(kind.first(key="x", at=NOW, asked_by="test", **given), market, sandbox)
    return orjson.loads(canonical(found.document))


def gaps(market: Path, end: datetime | None = None) -> dict[tuple[str, int], float]:
    """The documents' rule by hand on columns: gap above 3 %, and the last two volumes by four times the first (its own slip)."""
    found: dict[tuple[str, int], float] = {}
    catalog = Catalog(market / "catalog")
    for symbol in catalog.symbols("1d"):
        bars = catalog.read(symbol, "1d", None, None if end is None else to_epoch_ms(end))
        gap = (bars.open[1:] - bars.close[:-1]) / bars.close[:-1] * 100
        usual = bars.volume[:-1] / 4
        ratio = np.divide(bars.volume[1:], usual, out=np.zeros(len(usual)), where=usual > 0)
        for row in np.flatnonzero((gap > 3.0) & (ratio > 1.5)):
            found[symbol, int(bars.ts[row + 1])] = float(gap[row])
    return found


def test_backtest_of_the_universe_has_the_documented_shape_and_every_gap(market: Path, sandbox: Pool) -> None:
    told = run(BacktestUniverse, market, sandbox, start=datetime(2015, 1, 1, tzinfo=UTC))
    assert (told["success"], told["strategy_id"], told["execution_mode"]) == (True, None, "backtest")
    expected = gaps(market)
    assert {(each["ticker"], each["timestamp"]) for each in told["instances"]} == set(expected)
    first = told["instances"][0]
    assert {"ticker", "timestamp", "classification", "entry_price", "future_return", "data"} <= first.keys()
    bars = Catalog(market / "catalog").read(first["ticker"], "1d")
    row = int(np.flatnonzero(bars.ts == first["timestamp"])[0])
    assert first["entry_price"] == bars.open[row + 1]
    assert first["price_change"] == pytest.approx(bars.open[row + 6] / bars.open[row + 1] - 1)
    counts = told["summary"]
    assert (counts["total_instances"], counts["symbols_processed"]) == (len(expected), 423)
    assert counts["date_range"] == ["2015-01-01", "2018-02-09"]
    assert sum(counts["by_symbol"].values()) == len(expected)
    figures = told["performance_metrics"]
    known = [each["future_return"] for each in told["instances"] if each["future_return"] is not None]
    assert figures["average_return"] == pytest.approx(np.mean(known))
    assert figures["max_return"] == max(known)
    assert figures["positive_return_rate"] == pytest.approx(np.mean(np.array(known) > 0))
    assert figures["sharpe_ratio"] == told["metrics"]["sharpe"]
    assert told["verdict"]["deciding_rule"]
    assert max(told["curve"]["exposure"]) <= 1.0
    assert told["fundamentals"] is None


def test_screen_has_the_documented_shape_and_the_sectors_of_the_figures(market: Path, sandbox: Pool) -> None:
    told = run(RunScreen, market, sandbox, end=DAY, limit=5)
    assert (told["success"], told["execution_mode"], told["universe_size"]) == (True, "screening", 423)
    day = to_epoch_ms(DAY) - 86_400_000
    expected = sorted(symbol for symbol, opened in gaps(market, DAY) if opened == day)
    assert [row["symbol"] for row in told["ranked_results"]] == expected[:5]
    assert told["hits"] == len(expected)
    assert told["scores"] == dict.fromkeys(expected[:5])
    catalog = Catalog(market / "catalog")
    for row in told["ranked_results"]:
        assert {"symbol", "score", "current_price", "sector", "data"} <= row.keys()
        assert row["current_price"] == catalog.read(row["symbol"], "1d", day, day + 1).close[0]
        assert row["sector"] == Fundamentals(market / "fundamentals").as_of(row["symbol"], day).get("sector")
    assert told["as_of"] == "2018-02-02T00:00:00Z"


def test_alert_has_the_documented_shape(market: Path, sandbox: Pool) -> None:
    told = run(RunAlert, market, sandbox, end=DAY)
    day = to_epoch_ms(DAY) - 86_400_000
    expected = sorted(symbol for symbol, opened in gaps(market, DAY) if opened == day)
    assert (told["success"], told["execution_mode"], told["symbols_monitored"]) == (True, "alert", 423)
    assert [alert["symbol"] for alert in told["alerts"]] == expected == sorted(told["signals"])
    for alert in told["alerts"]:
        assert (alert["type"], alert["timestamp"]) == ("strategy_signal", "2018-02-02T00:00:00Z")
        assert alert["message"] == f"{alert['symbol']} triggered gap up alert: buy"
        change = alert["data"]["daily_change"]
        assert alert["priority"] == ("high" if abs(change) >= 5 else "normal")
        signal = told["signals"][alert["symbol"]]
        assert (signal["signal"], signal["current_price"]) == (True, alert["data"]["current_price"])


def test_classifier_sees_company_figures_and_the_result_says_they_have_no_dates(market: Path, sandbox: Pool) -> None:
    told = run(RunScreen, market, sandbox, code=CHEAP, limit=1_000)
    known = Fundamentals(market / "fundamentals")
    ratios = {row["symbol"]: row["data"]["pe_ratio"] for row in told["ranked_results"]}
    assert len(ratios) > 5
    assert all(0 < ratio < 20 for ratio in ratios.values())
    assert ratios == {symbol: known.as_of(symbol, 2**53)["pe_ratio"] for symbol in ratios}
    scores = [row["score"] for row in told["ranked_results"]]
    assert scores == sorted(scores, reverse=True)
    assert told["fundamentals"]["version"] == known.hash
    assert told["fundamentals"]["point_in_time"] is False
    assert told["fundamentals"]["note"].startswith("not point in time")
