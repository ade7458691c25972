"""What every feed promises, run over each of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from libs.common.errors import NotFoundError
from libs.common.values import Timeframe
from libs.market.catalog import Catalog, CatalogWriter
from libs.market.frame import COLUMNS, Frame
from services.ingest.core.facts import groups
from services.ingest.feeds.files import FilesFeed
from services.ingest.feeds.protocol import Batch, Feed
from services.ingest.feeds.simulated import SimulatedFeed

TF = Timeframe.H1
STEP = TF.seconds * 1_000


@pytest.fixture(params=["simulated", "files"])
def feed(request: pytest.FixtureRequest, tmp_path: Path) -> Feed:
    if request.param == "simulated":
        return SimulatedFeed(seed=7, speed=0)
    writer = CatalogWriter(tmp_path)
    made = SimulatedFeed(seed=3, speed=0).take(["BTCUSDT", "ETHUSDT", "XRPUSDT"], TF, 0, None, 900).frames
    for symbol, frame in made.items():
        kept = np.ones(len(frame), bool)
        kept[len(symbol) * 10 : len(symbol) * 10 + (5 if symbol != "XRPUSDT" else 40)] = False
        kept[: 20 if symbol == "ETHUSDT" else 0] = False
        columns = (getattr(frame, name)[kept] for name in ("ts", *COLUMNS))
        writer.append(symbol, TF, Frame.of(*columns), "csv", False)
    return FilesFeed(Catalog(tmp_path))


def symbols_of(feed: Feed) -> list[str]:
    return [symbol for symbol in feed.symbols(TF) if symbol in ("BTCUSDT", "ETHUSDT", "XRPUSDT")]


def told(batch: Batch) -> list[tuple[object, ...]]:
    """Every bar of a batch, group by group."""
    at = {symbol: {int(ms): row for row, ms in enumerate(frame.ts)} for symbol, frame in batch.frames.items()}
    return [
        (ms, symbol, *(float(getattr(batch.frames[symbol], name)[at[symbol][ms]]) for name in COLUMNS))
        for ms, group in groups(batch.frames)
        for symbol in group
    ]


def play(feed: Feed, symbols: Sequence[str], start: int, end: int, limit: int) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    while start < end:
        batch = feed.take(symbols, TF, start, end, limit)
        assert batch.next_ms > start
        found += told(batch)
        start = batch.next_ms
        if batch.ended:
            break
    return found


def window(feed: Feed) -> tuple[int, int]:
    first = feed.first_ms(symbols_of(feed), TF)
    return first, first + 200 * STEP


def test_feed_has_sorted_symbols_a_name_and_an_identity(feed: Feed) -> None:
    assert list(feed.symbols(TF)) == sorted(feed.symbols(TF))
    assert feed.name
    assert feed.identity
    assert feed.pace_s(TF) == 0.0


def test_bars_come_in_time_order_on_the_grid_and_inside_the_bounds(feed: Feed) -> None:
    start, end = window(feed)
    times = [int(str(bar[0])) for bar in play(feed, symbols_of(feed), start, end, 50)]
    assert times == sorted(times)
    assert all(start <= ms < end and ms % STEP == 0 for ms in times)


def test_asking_again_gives_the_same_bars(feed: Feed) -> None:
    start, end = window(feed)
    assert play(feed, symbols_of(feed), start, end, 64) == play(feed, symbols_of(feed), start, end, 64)


@pytest.mark.parametrize("limit", [1, 7, 100, 100_000])
def test_portions_do_not_change_the_bars(feed: Feed, limit: int) -> None:
    start, end = window(feed)
    assert play(feed, symbols_of(feed), start, end, limit) == play(feed, symbols_of(feed), start, end, 600)


def test_feed_resumes_from_any_open_time(feed: Feed) -> None:
    start, end = window(feed)
    whole = play(feed, symbols_of(feed), start, end, 64)
    for bars in (1, 59, 61, 130):
        middle = start + bars * STEP
        assert play(feed, symbols_of(feed), middle, end, 64) == [bar for bar in whole if int(str(bar[0])) >= middle]


def test_a_bar_does_not_depend_on_later_ones_or_on_other_symbols(feed: Feed) -> None:
    start, end = window(feed)
    whole = play(feed, symbols_of(feed), start, end, 64)
    early = play(feed, symbols_of(feed), start, start + 70 * STEP, 64)
    assert whole[: len(early)] == early
    assert play(feed, ["ETHUSDT"], start, end, 64) == [bar for bar in whole if bar[1] == "ETHUSDT"]


@pytest.mark.parametrize("limit", [1, 4, 10])
def test_a_batch_has_whole_groups_and_no_more_than_fit(feed: Feed, limit: int) -> None:
    symbols = symbols_of(feed)
    start, _ = window(feed)
    start += 18 * STEP
    for _ in range(60):
        batch = feed.take(symbols, TF, start, None, limit)
        whole = feed.take(symbols, TF, start, batch.next_ms, 10_000)
        assert told(batch) == told(whole)
        found = list(groups(batch.frames))
        assert len(found) >= 1
        assert len(found) == 1 or sum(len(group) for _, group in found) <= limit
        start = batch.next_ms


def test_a_bound_before_the_next_bar_gives_nothing_and_is_not_the_end(feed: Feed) -> None:
    start, _ = window(feed)
    batch = feed.take(symbols_of(feed), TF, start + 1, start + 2, 100)
    assert told(batch) == []
    assert batch.next_ms >= start + 2
    assert not batch.ended


def test_a_symbol_the_feed_does_not_have_is_refused(feed: Feed) -> None:
    with pytest.raises(NotFoundError):
        feed.take(["NOSUCH"], TF, 0, None, 10)


def test_stored_bars_end_where_the_catalog_ends(tmp_path: Path) -> None:
    made = SimulatedFeed(seed=3, speed=0).take(["BTCUSDT"], TF, 0, None, 30).frames["BTCUSDT"]
    CatalogWriter(tmp_path).append("BTCUSDT", TF, made, "csv", False)
    feed = FilesFeed(Catalog(tmp_path))
    first = feed.take(["BTCUSDT"], TF, 0, None, 20)
    rest = feed.take(["BTCUSDT"], TF, first.next_ms, None, 20)
    assert (len(first.frames["BTCUSDT"]), first.ended) == (20, False)
    assert (len(rest.frames["BTCUSDT"]), rest.ended) == (10, True)


def test_simulated_feed_keeps_its_speed() -> None:
    assert SimulatedFeed(7, 60).pace_s(Timeframe.M1) == 1.0
    assert SimulatedFeed(7, 60).pace_s(Timeframe.H1) == 60.0
