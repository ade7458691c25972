"""A replay through the real bus, and what is compared of it."""

import csv
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from libs.client.parity import Certificate, Filled, compare
from libs.common.commands import ImportBars, PromoteStrategy, RunBacktest, SubmitStrategy, WatchSymbols
from libs.common.db import Database
from libs.common.events import (
    DecisionMade,
    FeedChanged,
    OrderChanged,
    OrderFilled,
    PortfolioChanged,
    SignalRaised,
    StrategyJudged,
)
from libs.common.settings import CommonSettings
from libs.common.values import to_epoch_ms
from libs.market.catalog import Catalog
from libs.strategy.runtime import evaluate
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import parse
from services.backtest.reports import Reports
from services.executor.audit import audit
from tests.support.build import START, hour
from tests.support.live import PARITY, Live, live

RULES = {
    "indicators": {
        "rsi": {"period": 14, "buy_below": 30, "sell_above": 70},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    }
}


Define = Callable[[str], dict[str, Any]]
"""The definition fields of the strategy that runs on a symbol."""


@dataclass(frozen=True)
class Window:
    """Bars with start <= open time < end of these symbols."""

    symbols: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Line:
    """One symbol with its strategy, account and backtest report."""

    symbol: str
    strategy_id: str
    account: str
    report: Mapping[str, Any]


@dataclass(frozen=True)
class Replayed:
    """Everything a replay left behind."""

    lines: Sequence[Line]
    signals: Sequence[SignalRaised]
    fills: Sequence[OrderFilled]
    raw: Mapping[str, list[tuple[str, bytes]]]

    def digest(self, wildcard: str) -> str:
        """A fingerprint of every byte published on a subject filter, subject by subject in order."""
        by_subject: dict[str, list[bytes]] = {}
        for subject, body in self.raw[wildcard]:
            by_subject.setdefault(subject, []).append(body)
        told = hashlib.sha256()
        for subject in sorted(by_subject):
            for body in by_subject[subject]:
                told.update(subject.encode() + b"\0" + body + b"\n")
        return told.hexdigest()


WALKS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
SUITE_BARS = 160
"""Bars of each walk in the suite; long enough for some forty fills."""

WATCHED = (DecisionMade.wildcard(), OrderChanged.wildcard(), OrderFilled.wildcard(), PortfolioChanged.wildcard())


def write_walks(path: Path, symbols: Sequence[str], bars: int, seed: int = 11) -> None:
    """Write hourly random walks of several symbols as one gzip-compressed CSV."""
    chance = np.random.default_rng(seed)
    with gzip.open(path, "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(["symbol", "ts", "open", "high", "low", "close", "volume"])
        for symbol in sorted(symbols):
            closes = np.round(100 * np.exp(np.cumsum(chance.normal(0, 0.012, bars))), 4)
            opens = np.concatenate(([100.0], closes[:-1]))
            for i, (o, c) in enumerate(zip(opens.tolist(), closes.tolist(), strict=True)):
                ts = to_epoch_ms(START) + i * 3_600_000
                out.writerow([symbol, ts, o, round(max(o, c) * 1.002, 4), round(min(o, c) * 0.998, 4), c, 10 + i % 7])


def documented(symbol: str) -> dict[str, Any]:
    """The documented strategy on one symbol."""
    return {"rules": {"symbol": symbol, **RULES}, "name": f"rsi ema {symbol}"}


async def prepare(
    system: Live, path: Path, window: Window, data_dir: Path, define: Define = documented, **import_fields: Any
) -> list[Line]:
    """Import a file, and submit, backtest and promote one strategy a symbol, each in its own account."""
    await system.ask(ImportBars, path=str(path), timeframe="1h", **import_fields)
    submitted = {}
    for symbol in window.symbols:
        done = await system.ask(SubmitStrategy, **define(symbol), timeframe="1h")
        submitted[symbol] = done.result["strategy_id"]
    await system.wait_for(StrategyJudged, len(submitted))
    lines = []
    for symbol, strategy_id in submitted.items():
        done = await system.ask(RunBacktest, strategy_id=strategy_id, start=window.start, end=window.end)
        report = orjson.loads(Reports(data_dir / "reports").read(done.result["report_key"]))
        lines.append(Line(symbol, strategy_id, f"own-{strategy_id}", report))
    await system.system.drained()
    for line in lines:
        await system.ask(
            PromoteStrategy,
            strategy_id=line.strategy_id,
            account=line.account,
            fraction=1.0,
            anchor=window.start,
            override_reason="parity",
        )
    await system.system.drained()
    return lines


async def replay(
    system: Live, window: Window, lines: Sequence[Line], meanwhile: Callable[[], Awaitable[None]] | None = None
) -> Replayed:
    """Play the window onto the bus as fast as it goes, wait until everything is handled, and read what came of it."""
    await system.ask(WatchSymbols, symbols=list(window.symbols), timeframe="1h", start=window.start, end=window.end)
    if meanwhile:
        await meanwhile()
    await system.wait_for(FeedChanged, state="finished", timeout_s=1_200)
    await system.system.drained(1_200)
    return Replayed(
        lines,
        await system.read(SignalRaised),
        await system.read(OrderFilled),
        {wildcard: await system.raw(wildcard) for wildcard in WATCHED},
    )


def certify(replayed: Replayed, window: Window, data_dir: Path, define: Define = documented) -> dict[str, Certificate]:
    """Compare every line with `evaluate` and with its backtest."""
    with closing(Pool(1)) as sandbox:
        return _certified(replayed, window, Catalog(data_dir / "catalog"), define, sandbox)


def _certified(
    replayed: Replayed, window: Window, catalog: Catalog, define: Define, sandbox: Pool
) -> dict[str, Certificate]:
    found = {}
    for line in replayed.lines:
        bars = catalog.read(line.symbol, "1h", to_epoch_ms(window.start), to_epoch_ms(window.end))
        strategy = parse(**define(line.symbol), timeframe="1h")
        expected = evaluate(strategy, bars, sandbox, symbol=line.symbol)
        said = {to_epoch_ms(s.open_time): s.action.value for s in replayed.signals if s.strategy_id == line.strategy_id}
        fills = [
            Filled(to_epoch_ms(f.at), f.side.value, f.price, f.quantity, f.fee)
            for f in replayed.fills
            if f.account == line.account
        ]
        found[line.symbol] = compare(strategy, expected, said, fills, line.report["trades"])
    return found


async def imbalances(data_dir: Path) -> list[Any]:
    """Audit the executor's books."""
    database = await Database.open(CommonSettings(data_dir=data_dir).database_for("executor"))
    try:
        async with database.read() as connection:
            return list(await audit(connection))
    finally:
        await database.close()


async def run(
    folder: Path,
    path: Path,
    window: Window,
    harm: Callable[[Live], Awaitable[None]] | None = None,
    define: Define = documented,
    **import_fields: str,
) -> Replayed:
    """Replay a window on a fresh system, and demand that it equals `evaluate` and the backtests and that the books balance."""
    async with live(folder, PARITY) as system:
        lines = await prepare(system, path, window, folder, define, **import_fields)
        replayed = await replay(system, window, lines, (lambda: harm(system)) if harm else None)
        assert await system.raw("dead.>") == []
    certificates = certify(replayed, window, folder, define)
    for symbol, certificate in certificates.items():
        assert certificate.differences == (), (symbol, certificate.differences[:3])
    assert sum(c.signals for c in certificates.values()) == sum(c.bars for c in certificates.values()) > 0
    assert await imbalances(folder) == []
    return replayed


def run_walks(folder: Path, bars: int, harm: Callable[[Live], Awaitable[None]] | None = None) -> Awaitable[Replayed]:
    """Replay `bars` bars of four generated walks, the same ones every time."""
    folder.mkdir(parents=True)
    write_walks(folder / "walks.csv.gz", WALKS, bars)
    return run(folder / "data", folder / "walks.csv.gz", hours(WALKS, bars), harm)


def hours(symbols: Sequence[str], bars: int) -> Window:
    """The window of `bars` generated hourly bars."""
    return Window(tuple(symbols), START, hour(bars))
