"""The documents' own sentences, compiled and asked of 423 real stocks with their company figures, against a calculation on columns."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from libs.common.commands import ImportBars, ImportFundamentals
from libs.common.studies import RunAlert, RunScreen, StudyCommand
from libs.common.values import to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.fundamentals import Fundamentals
from libs.strategy.sandbox.host.pool import Pool
from services.backtest.core.fingerprint import canonical
from services.strategy_gen.compiler.compile import compile_text
from tests.support.bench import Bench
from tests.support.ingest import service
from tests.support.jobs import merged
from tests.unit.ingest.csv_cases import NOW
from tests.unit.strategy_gen.sentences import reference as r

STOCKS = (Path(__file__).resolve().parents[2] / "../shared/data/stocks").resolve()
GAP = "Find stocks that gap up by more than 3% with high volume"
VALUE = "Identify value stocks with P/E ratio under 15 and strong balance sheets"
ARM = "Alert me when ARM gaps up by 5% or more"
OVERSOLD = "Find stocks with RSI below 30 and volume spike above 2x average"

Known = dict[str, Any]
Meaning = Callable[[pd.DataFrame, Known], bool]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prices of 423 stocks and the company figures of February 2018, which have no dates and no debt to equity."""
    if not STOCKS.is_dir():
        pytest.skip("real prices are absent")
    folder = tmp_path_factory.mktemp("stocks")
    bars, figures = STOCKS / "us_daily_sp500_2015-2018.csv.gz", STOCKS / "fundamentals_sp500_2018-02-08.csv"
    imports = [
        ImportBars.first(key="b", at=NOW, path=str(bars), timeframe="1d", universe="sp500"),
        ImportFundamentals.first(key="f", at=NOW, path=str(figures)),
    ]
    asyncio.run(_fill(folder, imports))
    return folder


@pytest.fixture(scope="module")
def dated(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the dated figures of 2003 to 2013 besides, which have debt to equity and no sectors."""
    folder = tmp_path_factory.mktemp("dated") / "market"
    shutil.copytree(market, folder)
    history = STOCKS / "keystats_sp500_2003-2013.csv.gz"
    asyncio.run(_fill(folder, [ImportFundamentals.first(key="k", at=NOW, path=str(history))]))
    return folder


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


async def _fill(folder: Path, imports: list[Any]) -> None:
    async with Bench.open(service(folder), folder) as bench:
        for each in imports:
            await bench.deliver(each)


def asked(text: str, market: Path, sandbox: Pool, day: datetime, kind: type[StudyCommand] = RunScreen) -> Any:
    """Compile the sentence, ask its code of every stock, and return the result as it is published."""
    found = compile_text(text, timeframe="1d")
    assert found.kind == "python.classify"
    fields: dict[str, Any] = {
        "code": found.code,
        "kind": found.kind,
        "timeframe": "1d",
        "universe": "sp500",
        "end": day,
    }
    if kind is RunScreen:
        fields["limit"] = 1_000
    done = merged(kind.first(key="x", at=NOW, asked_by="test", name=found.name, **fields), market, sandbox)
    return orjson.loads(canonical(done.document))


def meant(market: Path, day: datetime, meaning: Meaning) -> set[str]:
    """Return the stocks of which the reference is true on the last bar that closed by `day`."""
    catalog, known = Catalog(market / "catalog"), Fundamentals(market / "fundamentals")
    moment = to_epoch_ms(day)
    found = set()
    for symbol in catalog.symbols("1d"):
        bars = catalog.read(symbol, "1d", None, moment).to_pandas()
        if len(bars) and int(bars.index[-1].timestamp() * 1_000) == moment - 86_400_000:
            found |= {symbol} if meaning(bars, known.as_of(symbol, moment)) else set()
    return found


def gaps(bars: pd.DataFrame, known: Known) -> bool:
    return bool(((r.gap(bars) > 0.03) & (bars["volume"] > 1.5 * r.usual_volume(bars))).iloc[-1])


def jumps(bars: pd.DataFrame, known: Known) -> bool:
    return bool((r.gap(bars) >= 0.05).iloc[-1])


def sold_out(bars: pd.DataFrame, known: Known) -> bool:
    return bool(((r.rsi(bars) < 30) & (bars["volume"] > 2 * r.usual_volume(bars))).iloc[-1])


def solid(bars: pd.DataFrame, known: Known) -> bool:
    ratio, debt = known.get("pe_ratio"), known.get("debt_to_equity")
    return ratio is not None and debt is not None and 0 < ratio < 15 and debt < 0.5


@pytest.mark.parametrize(
    ("text", "meaning", "day", "least"),
    [
        (GAP, gaps, datetime(2018, 2, 2, tzinfo=UTC), 3),
        (GAP, gaps, datetime(2016, 11, 10, tzinfo=UTC), 20),
        (OVERSOLD, sold_out, datetime(2018, 2, 6, tzinfo=UTC), 10),
        (OVERSOLD, sold_out, datetime(2016, 1, 21, tzinfo=UTC), 20),
    ],
)
def test_screen_of_a_documented_sentence_finds_the_stocks_of_the_calculation(
    market: Path, sandbox: Pool, text: str, meaning: Meaning, day: datetime, least: int
) -> None:
    told = asked(text, market, sandbox, day)
    expected = meant(market, day, meaning)
    assert len(expected) >= least
    assert {row["symbol"] for row in told["ranked_results"]} == expected
    assert (told["errors"], told["warnings"]) == ({}, [])
    assert told["symbols_screened"] + len(told["stale"]) == told["universe_size"]
    scores = [row["score"] for row in told["ranked_results"]]
    assert scores == sorted(scores, reverse=True)
    assert told["fundamentals"] is None


def test_alert_of_the_documented_sentence_watches_its_symbol_and_knows_five_percent(
    market: Path, sandbox: Pool
) -> None:
    assert compile_text(ARM, timeframe="1d").symbols == ("ARM",)
    day = datetime(2016, 11, 10, tzinfo=UTC)
    told = asked(ARM, market, sandbox, day, RunAlert)
    expected = meant(market, day, jumps)
    assert len(expected) >= 10
    assert {alert["symbol"] for alert in told["alerts"]} == expected


def test_value_screen_without_a_debt_figure_finds_nobody_and_says_which_figure_is_missing(
    market: Path, sandbox: Pool
) -> None:
    day = datetime(2018, 2, 7, tzinfo=UTC)
    assert meant(market, day, solid) == set()
    told = asked(VALUE, market, sandbox, day)
    assert told["hits"] == 0
    assert "debt_to_equity" in f"{told['printed']} {told['warnings']} {told['fundamentals']}"
    assert told["fundamentals"]["note"].startswith("not point in time")
    assert {"debt_to_equity < 0.5", "0.5"} & {
        word
        for each in compile_text(VALUE, timeframe="1d").assumptions
        for word in (each.meaning, *each.meaning.split())
    }


def by_file(symbols: set[str]) -> set[str]:
    """Return the companies with a P/E under 15 and little debt in their newest row, straight from the file; from 2010 on it gives percent."""
    rows = pd.read_csv(STOCKS / "keystats_sp500_2003-2013.csv.gz", na_values=["N/A"])
    newest = rows.sort_values("Unix").groupby("Ticker").tail(1)
    ratio, debt = newest["Trailing P/E"], newest["Total Debt/Equity"] / 100
    chosen = newest[(ratio > 0) & (ratio < 15) & (debt < 0.5) & (newest["Date"] >= "2010")]
    return {name.upper() for name in chosen["Ticker"]} & symbols


def test_value_screen_with_dated_figures_finds_the_companies_that_they_tell(dated: Path, sandbox: Pool) -> None:
    day = datetime(2018, 2, 7, tzinfo=UTC)
    expected = meant(dated, day, solid)
    assert expected == by_file(set(Catalog(dated / "catalog").symbols("1d")))
    assert len(expected) >= 30
    told = asked(VALUE, dated, sandbox, day)
    assert {row["symbol"] for row in told["ranked_results"]} == expected
