"""The whole live path on this machine: start-up, bars a second, latency from bar to decision and to fill, memory.

`python -m benchmarks.live [--bars 300] [--symbols 24] [--folder DIR]`. Prints tables; asserts nothing. Uses the real system: nats-server and
seven processes, every acknowledged message on the disk of `--folder`.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from libs.common.commands import PromoteStrategy, SubmitStrategy, WatchSymbols
from libs.common.events import BarClosed, DecisionMade, FeedChanged, OrderFilled, RoundDecided, StrategyJudged
from libs.common.messages import Message
from libs.common.streams import stored_in
from services.ingest.feeds.simulated import START_PRICES
from tests.support.live import PARITY, Live, live
from tests.support.parity import hours, prepare, write_walks

GOAL_MEMORY_MB = 1_200
QUIET_SYMBOLS = 6
PACE_S = 0.2
"""Seconds between two bar closes while latency is measured, so that rounds do not queue up behind each other."""


async def stored_times(system: Live, kind: type[Message]) -> list[tuple[Message, datetime]]:
    """Return every message of a class with the time the bus stored it."""
    js = system.link.client.jetstream(timeout=10)
    found = []
    subscription = await js.subscribe(kind.wildcard(), stream=stored_in(kind.subject), ordered_consumer=True)
    last = (await js.get_last_msg(stored_in(kind.subject), kind.wildcard())).seq
    while True:
        message = await subscription.next_msg(10)
        found.append((kind.parse(message.data, message.subject), message.metadata.timestamp))
        if message.metadata.sequence.stream >= last:
            await subscription.unsubscribe()
            return found


def processes() -> dict[str, psutil.Process]:
    """Return the processes of the system by name."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        found[next((part for part in child.cmdline() if part.startswith("services.")), "nats-server")] = child
    return found


def memory_mb() -> dict[str, float]:
    """Return the proportional set size of every process of the system."""
    return {name: process.memory_full_info().pss / 1e6 for name, process in processes().items()}


def cpu_s() -> dict[str, float]:
    """Return the processor seconds every process has used so far."""
    return {name: sum(process.cpu_times()[:2]) for name, process in processes().items()}


async def throughput(folder: Path, symbols: Sequence[str], bars: int) -> list[tuple[str, str]]:
    """Return bars a second through the whole path, at full speed, every symbol with its own strategy and account."""
    write_walks(folder / "walks.csv.gz", symbols, bars)
    window = hours(symbols, bars)
    began = time.monotonic()
    async with live(folder / "speed", PARITY) as system:
        ready = time.monotonic() - began
        await prepare(system, folder / "walks.csv.gz", window, folder / "speed")
        before = cpu_s()
        await system.ask(WatchSymbols, symbols=list(symbols), timeframe="1h", start=window.start, end=window.end)
        await system.wait_for(FeedChanged, state="finished", timeout_s=3_600)
        await system.system.drained(3_600)
        used = {name: seconds - before[name] for name, seconds in cpu_s().items()}
        prices = await stored_times(system, BarClosed)
        rounds = await stored_times(system, RoundDecided)
        fills = await stored_times(system, OrderFilled)
        sizes = memory_mb()
    seconds = (max(rounds[-1][1], fills[-1][1]) - prices[0][1]).total_seconds()
    return [
        ("start-up, all services ready", f"{ready:.1f} s"),
        (
            f"{len(prices):,} bars of {len(symbols)} symbols, {len(rounds)} rounds, {len(fills):,} fills",
            f"{seconds:.1f} s",
        ),
        ("bars/s through the whole live path", f"{len(prices) / seconds:,.0f}"),
        ("rounds/s (bar close to bar close, 24 accounts each)", f"{len(rounds) / seconds:,.1f}"),
        *((f"processor time of {name}", f"{spent:.1f} s") for name, spent in sorted(used.items())),
        *((f"memory of {name}", f"{size:.0f} MB") for name, size in sorted(sizes.items())),
        (f"memory of the whole system (goal {GOAL_MEMORY_MB} MB)", f"{sum(sizes.values()):.0f} MB"),
    ]


async def latency(folder: Path, symbols: Sequence[str], bars: int) -> list[tuple[str, str]]:
    """Return how long a bar takes to its decision and to the fills at its open, from stored time to stored time."""
    env = PARITY | {
        "SENTINEL_FEED": "simulated",
        "SENTINEL_SYMBOLS": ",".join(symbols),
        "SENTINEL_SIMULATION_SPEED": f"{60 / PACE_S:g}",
    }
    rules = {"indicators": {"rsi": {"period": 2, "buy_below": 40, "sell_above": 60}}}
    async with live(folder / "latency", env) as system:
        submitted = []
        for symbol in symbols:
            done = await system.ask(SubmitStrategy, rules={"symbol": symbol, **rules}, name=symbol, timeframe="1m")
            submitted.append(done.result["strategy_id"])
        await system.wait_for(StrategyJudged, len(submitted))
        for key in submitted:
            await system.ask(PromoteStrategy, strategy_id=key, account=f"own-{key}", override_reason="benchmark")
        settled = datetime.now().astimezone()
        await asyncio.sleep(bars * PACE_S)
        prices = {bar.event_id: at for bar, at in await stored_times(system, BarClosed)}
        decisions = await stored_times(system, DecisionMade)
        fills = await stored_times(system, OrderFilled)
    told = [(d, at) for d, at in decisions if at > settled and d.root_id in prices]
    to_decision = [(at - prices[d.root_id]).total_seconds() * 1e3 for d, at in told]
    to_fill = []
    for fill, at in fills:
        bar = BarClosed.id_of(fill.symbol, fill.timeframe, fill.at)
        if bar in prices and at > settled:
            to_fill.append((at - prices[bar]).total_seconds() * 1e3)
    return [
        *_percentiles(f"bar stored -> decision stored ({len(to_decision)})", to_decision),
        *_percentiles(f"bar stored -> fill at its open stored ({len(to_fill)})", to_fill),
    ]


def _percentiles(what: str, values: Sequence[float]) -> list[tuple[str, str]]:
    ordered = sorted(values)
    if not ordered:
        return [(what, "nothing happened")]
    return [(f"{what}, p{p}", f"{ordered[min(len(ordered) - 1, len(ordered) * p // 100)]:.1f} ms") for p in (50, 99)]


def show(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print a table."""
    table = Table(title=title)
    table.add_column("what")
    table.add_column("measured", justify="right")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=300)
    parser.add_argument("--symbols", type=int, default=24)
    parser.add_argument("--only", choices=("throughput", "latency"))
    parser.add_argument("--folder", type=Path, help="where data goes; default a temporary folder")
    asked = parser.parse_args()
    symbols = sorted(START_PRICES)[: asked.symbols]
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        if asked.only != "latency":
            show("throughput", await throughput(Path(folder), symbols, asked.bars))
        if asked.only != "throughput":
            title = f"latency, {QUIET_SYMBOLS} symbols, one bar close every {PACE_S * 1e3:.0f} ms"
            show(title, await latency(Path(folder), symbols[:QUIET_SYMBOLS], asked.bars))


if __name__ == "__main__":
    asyncio.run(main())
