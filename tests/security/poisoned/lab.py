"""One generation from start to end on the real service: knowledge, prompt, wire, ledger, checks, sandbox. Only the model is played, by one that obeys.

What comes out is kept whole, so that a test can look for what must not be there.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from libs.common.bus import Service
from libs.common.commands import PromoteStrategy
from libs.common.events import CommandRefused, GenerationDone, GenerationFailed, StrategyProposed
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.app import build
from services.strategy_gen.llm.settings import LlmSettings
from services.strategy_gen.parts import chosen
from services.strategy_gen.settings import Settings
from services.strategy_gen.shelf import Shelf
from tests.security.poisoned.answers import CROSSING
from tests.support.build import START
from tests.support.fake_llm import TOKENS_IN, TOKENS_OUT, Answer, FakeLlm, strategy
from tests.support.generation import Desk, generate, running, stored

CANARY = "canary-7c1e-keep-me"
"""Begins every secret the test puts into the environment."""

IDEA = "Ride the Elliott waves of BTCUSDT"
"""A text that only a model reads."""

PRICE = "0.3,2.5"
COST = (Decimal("0.3") * TOKENS_IN + Decimal("2.5") * TOKENS_OUT) / 1_000_000
JOB_USD, DAY_USD = Decimal("0.25"), Decimal(1)

FACTS = (
    "strategies.generating",
    "strategies.attempted",
    "strategies.proposed",
    "strategies.generated",
    "strategies.ungenerated",
)
"""Subjects of everything a generation may publish, but for the answers to commands."""

_BLOCK = re.compile(
    r"^<<<(DATA-[0-9a-f]{12}) ([a-z]+(?: [a-z]+)?(?: \d+)?) \(([^\n]*?)\)\n(.*?)\n\1>>>$", re.MULTILINE | re.DOTALL
)


class Obedient(FakeLlm):
    """A model that does what `orders` say wherever it reads a word of them, and writes a plain strategy elsewhere."""

    def __init__(self, needle: str, obeyed: Answer, own: Answer | None = None):
        super().__init__([own or strategy(CROSSING, citations=[])])
        self.needle, self.obeyed = needle, obeyed
        self.tempted = 0

    def __enter__(self) -> "Obedient":
        super().__enter__()
        return self

    def next(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Answer:
        usual = super().next(path, headers, body)
        if self.needle not in json.dumps(body, ensure_ascii=False):
            return usual
        self.tempted += 1
        return self.obeyed


@dataclass(frozen=True)
class Quoted:
    """A block of data as a request had it."""

    mark: str
    name: str
    origin: str
    text: str


@dataclass(frozen=True)
class Request:
    """What one request to a model said: our words, and the blocks quoted in them."""

    system: str
    words: str
    blocks: tuple[Quoted, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Request":
        """Read a Gemini request; fails where its marks do not stand as they should."""
        task = body["contents"][0]["parts"][0]["text"]
        system = "".join(part["text"] for part in body["systemInstruction"]["parts"])
        blocks = tuple(Quoted(*found) for found in _BLOCK.findall(task))
        (mark,) = {block.mark for block in blocks}
        # One line of ours explains the mark; beside it each block has one beginning and one end.
        assert task.count("<<<") == task.count(f"<<<{mark}") == len(blocks) + 1, task
        assert task.count(">>>") == task.count(f"{mark}>>>") == len(blocks) + 1, task
        return cls(system, _BLOCK.sub("", task), blocks)

    def passages(self) -> tuple[Quoted, ...]:
        return tuple(block for block in self.blocks if block.name.startswith("passage"))


@dataclass
class Lab:
    """A service on a folder of its own with a model that can be told what to answer."""

    folder: Path
    desk: Desk
    base: Shelf
    model: FakeLlm
    settings: Settings
    llm: LlmSettings

    async def generated(self, text: str = IDEA, **changes: Any) -> GenerationDone | GenerationFailed | None:
        """Have a text worked off until it is proposed or given up; return how it ended, None where it waits for its verdict."""
        command = generate(text, **changes)
        await self.desk.deliver(command)
        await self.until(lambda: bool(self.desk.facts(GenerationFailed) or self.desk.facts(StrategyProposed)))
        ended: list[GenerationDone | GenerationFailed] = [
            *self.desk.facts(GenerationFailed),
            *self.desk.facts(GenerationDone),
        ]
        return ended[0] if ended else None

    async def until(self, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds), self.desk.news:
            await self.desk.news.wait_for(holds)

    def requests(self) -> list[Request]:
        return [Request.of(body) for body in self.model.bodies]

    def subjects(self) -> set[str]:
        return {".".join(subject.split(".")[:2]) for subject, _ in self.desk.published}

    def calls(self) -> list[tuple[int, bool, str]]:
        """Return cost in hundred-millionths of a dollar, whether estimated, and outcome of every call in the ledger."""
        with closing(sqlite3.connect(self.folder / "strategy_gen.db")) as connection:
            return connection.execute("SELECT cost_usd, estimated, outcome FROM calls").fetchall()

    async def gate_stays_shut(self) -> None:
        """Try to promote everything that was proposed; fails if anything may run."""
        for proposed in self.desk.facts(StrategyProposed):
            for stage in ("alert", "paper", "live"):
                wish = {"strategy_id": proposed.strategy_id, "stage": stage}
                await self.desk.deliver(PromoteStrategy.first(key=stage, at=START, **wish))
                refusal = self.desk.facts(CommandRefused)[-1]
                assert refusal.code == ("gate.live" if stage == "live" else "gate.unjudged"), refusal


@asynccontextmanager
async def lab(
    folder: Path, sandbox: Pool, model: FakeLlm, pages: Mapping[str, bytes] | None = None, **changes: Any
) -> AsyncIterator[Lab]:
    """Open a lab; pages: documents of this profile, by their place below the folder of added texts."""
    stored(folder)
    made, base, settings, llm = service(folder, sandbox, model, **changes)
    for place, body in (pages or {}).items():
        path = settings.own_knowledge_dir / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    base.index()
    async with running(made, folder) as desk:
        opened = Lab(folder, desk, base, model, settings, llm)
        yield opened


def service(
    folder: Path, sandbox: Pool, model: FakeLlm, **changes: Any
) -> tuple[Service, Shelf, Settings, LlmSettings]:
    """Return strategy_gen as it is built for a user, on `folder`, its model on loopback."""
    settings = Settings(
        data_dir=folder, knowledge_dir=folder / "shared", database_url=f"sqlite:///{folder / 'strategy_gen.db'}"
    )
    (folder / "shared").mkdir(exist_ok=True)
    llm = model.settings(**{"llm_price": PRICE, "llm_job_usd": JOB_USD, "llm_daily_usd": DAY_USD, **changes})
    base = Shelf([folder / "shared"], settings.own_knowledge_dir, settings.index_dir, vectors="sqlite")
    parts = replace(chosen(settings, llm), knowledge=lambda: base, sandbox=sandbox, close=base.close)
    return build(settings, parts), base, settings, llm


def leaks(
    folder: Path, published: Sequence[tuple[str, bytes]], bodies: Sequence[Mapping[str, Any]], logged: str
) -> Iterator[str]:
    """Yield where a secret of the environment, or the model's key, came to light."""
    for secret in (CANARY, "canary-google"):
        yield from (f"request: {secret}" for body in bodies if secret in json.dumps(body))
        yield from (f"{subject}: {secret}" for subject, body in published if secret.encode() in body)
        if secret in logged:
            yield f"log: {secret}"
        for path in folder.rglob("*"):
            if path.is_file() and secret.encode() in path.read_bytes():
                yield f"{path.name}: {secret}"
