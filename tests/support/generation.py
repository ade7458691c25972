"""Generations on the bench: strategy_gen with its real handlers, tasks and sandbox, and a judge that says what a test wants.

What is scripted is the outside world: a model (`Script`), the backtest service (`judged`).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from libs.common.bus import Service, Tx
from libs.common.errors import BadMessageError, StoreUnavailableError
from libs.common.events import Event, JobProgressed, StrategyJudged, StrategyProposed
from libs.common.generation import GenerateStrategy
from libs.common.messages import Message
from libs.market.catalog import CatalogWriter
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.app import build
from services.strategy_gen.llm.protocol import Ask, Draft, Usage
from services.strategy_gen.llm.settings import LlmSettings
from services.strategy_gen.parts import chosen
from services.strategy_gen.settings import Settings
from services.strategy_gen.shelf import Shelf
from tests.support.bench import Bench
from tests.support.build import START, hour, walk

M = TypeVar("M", bound=Message)
OVERSOLD = "Buy BTCUSDT when RSI is below 30, sell when RSI is above 70"


class Script:
    """A model that answers an attempt by what was tried before it: with its first answer at first, the second after one fault, ...

    An exception among the answers is raised. more: answers by variant, for those that have their own. gate: holds every answer back until it is set.
    """

    name = "test:script"

    def __init__(self, *answers: str | Exception, more: Mapping[int, Sequence[str | Exception]] | None = None):
        self.answers = answers
        self.more = more or {}
        self.asked: list[Ask] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = self.most_at_once = 0

    async def write(self, ask: Ask, job_id: str) -> Draft:
        self.asked.append(ask)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
        finally:
            self.at_once -= 1
        answers = self.more.get(ask.variant, self.answers)
        answer = answers[min(len(ask.earlier), len(answers) - 1)]
        if isinstance(answer, Exception):
            raise answer
        usage = Usage(10, 20, Decimal("0.001"))
        return Draft("scripted", "what it does", answer, {}, "because", (0,), self.name, "hash", usage)


class Desk:
    """The outlet of a service on the bench; keeps what is published and the progress that is told.

    last: so many commits of the service's own tasks happen, then it hangs, as a process does that is killed just there. sick: so many
    commits are refused.
    """

    def __init__(self, bench: Bench, last: int | None = None):
        self.bench = bench
        self.last = last
        self.commits = 0
        self.sick = 0
        self.killed = asyncio.Event()
        self.state = None
        self.told: list[Event] = []
        self.published: list[tuple[str, bytes]] = []
        self.news = asyncio.Condition()

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        if self.killed.is_set():
            await asyncio.Event().wait()
        if self.sick:
            self.sick -= 1
            raise StoreUnavailableError("the disk is full")
        self.commits += 1
        if self.commits == self.last:
            self.killed.set()
        await self.bench.transactor.commit(act)
        async with self.news:
            self.published += await self.bench.published()
            self.news.notify_all()
        if self.killed.is_set():
            await asyncio.Event().wait()

    async def tell(self, event: Event) -> None:
        self.told.append(event)

    def facts(self, kind: type[M]) -> list[M]:
        wanted = kind.wildcard().split(".")
        found = []
        for subject, body in self.published:
            parts = subject.split(".")
            if len(parts) == len(wanted) and all(a in (b, "*") for a, b in zip(wanted, parts, strict=True)):
                with suppress(BadMessageError):
                    found.append(kind.parse(body, subject))
        return found

    def steps(self) -> list[str]:
        return [event.phase for event in self.told if isinstance(event, JobProgressed)]

    async def deliver(self, *messages: Message) -> list[tuple[str, bytes]]:
        async with self.news:
            out = await self.bench.deliver(*messages)
            self.published += out
            self.news.notify_all()
        return out

    async def until(self, kind: type[M], count: int = 1, seconds: float = 20.0) -> list[M]:
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(lambda: len(self.facts(kind)) >= count)
        return self.facts(kind)


def service(folder: Path, sandbox: Pool, writer: Script | None = None) -> Service:
    """Return strategy_gen on `folder`, its sandbox shared with other tests and its models scripted."""
    settings = Settings(data_dir=folder, knowledge_dir=folder / "shared")
    base = Shelf([folder / "shared"], settings.own_knowledge_dir, settings.index_dir, vectors="sqlite")
    parts = chosen(settings, LlmSettings(llm=""))
    return build(settings, replace(parts, knowledge=lambda: base, sandbox=sandbox, writer=writer, close=base.close))


@asynccontextmanager
async def running(
    service: Service, folder: Path, last: int | None = None, task: int = 0, url: str | None = None
) -> AsyncIterator[Desk]:
    """Open the service on `folder` with one of its tasks: 0 works generations off, 1 reads the knowledge. Leaving it is a kill; last: see Desk; url: a database other than SQLite."""
    async with Bench.open(service, folder, url) as bench:
        desk = Desk(bench, last)
        working = asyncio.create_task(service.tasks[task](desk))  # type: ignore[arg-type]  # the part of an outlet that it uses
        try:
            yield desk
        finally:
            working.cancel()
            await asyncio.wait({working})
            if service.close:
                service.close()
            desk.published += await bench.published()
            if not working.cancelled() and working.exception():
                raise working.exception()  # type: ignore[misc]


def stored(folder: Path, symbols: Iterable[str] = ("BTCUSDT",), timeframe: str = "1h") -> None:
    """Store a walk of each symbol."""
    writer = CatalogWriter(folder / "catalog")
    for symbol in symbols:
        writer.append(symbol, timeframe, walk(50), "test", False)


def generate(text: str = OVERSOLD, key: str = "", **changes: Any) -> GenerateStrategy:
    return GenerateStrategy.first(key=f"{text}{key}{sorted(changes.items(), key=str)}", at=START, text=text, **changes)


def judged(proposed: StrategyProposed, verdict: str = "good", **changes: Any) -> StrategyJudged:
    fields: dict[str, Any] = {
        "backtest_id": "bt-1",
        "deciding_rule": "return 6 % >= 5 %",
        "metrics": {"sharpe": 1.5},
        "closed_trades": 40,
        "winning_trades": 25,
        "window_start": hour(0),
        "window_end": hour(100),
        "bars": 100,
        "gate": ("alert", "paper"),
        "data_hash": "x",
        "report_key": "y",
        **changes,
    }
    return StrategyJudged.after(proposed, strategy_id=proposed.strategy_id, verdict=verdict, **fields)
