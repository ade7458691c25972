"""Gives a new simulated profile something to do: submits the example strategies and promotes to paper what passes the gate.

Decides nothing about worth: the backtest service judges, the gate opens or not. Runs once per data directory; an interrupted
run sends the very same commands again, and their answers are the old ones.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError as NoMessageError
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.journal import Journal
from libs.common.bus.connection import Connection, connect
from libs.common.bus.outlet import BusOutlet
from libs.common.commands import Command, PromoteStrategy, SubmitStrategy
from libs.common.errors import BadMessageError, BusUnavailableError, StoreUnavailableError, TimedOutError
from libs.common.events import CommandDone, FeedChanged, StrategyJudged
from libs.common.values import Stage, UtcTime, derive_id

C = TypeVar("C", bound=Command)

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "strategies"
FIRST = ("ema_cross", "macd_cross", "rsi_dip", "rsi_ema")
"""Examples a newcomer sees at work; all of them on every symbol would make the first start long."""

ANSWER_WITHIN_S = 30.0
FEED_WITHIN_S = 120.0
JUDGED_WITHIN_S = 60.0


class _Marker(BaseModel):
    """When the first run began, and what it promoted once it is over."""

    model_config = ConfigDict(frozen=True)
    began: UtcTime | None = None
    promoted: dict[str, str] | None = None

    @classmethod
    def read(cls, path: Path) -> "_Marker":
        """Return what stands in a file; nothing where it is absent or a crash tore it. Raises StoreUnavailableError."""
        try:
            return cls.model_validate_json(path.read_bytes(), strict=True)
        except (FileNotFoundError, ValidationError):
            return cls()
        except OSError as error:
            raise StoreUnavailableError(f"{path.name} cannot be read: {error.strerror}") from error

    def write(self, path: Path) -> None:
        """Replace the file whole; raises StoreUnavailableError."""
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                file.write(self.model_dump_json(exclude_none=True).encode())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise StoreUnavailableError(f"{path.name} cannot be written: {error.strerror}") from error


class FirstRun:
    """One preparation of one data directory; `first_run.json` there says when it began and what came of it."""

    def __init__(self, data_dir: Path, journal: Journal, examples: Path = EXAMPLES):
        """Prepare; `run` does it."""
        self._marker = data_dir / "first_run.json"
        self._journal = journal
        self._examples = examples

    async def run(self, url: str) -> dict[str, str]:
        """Return the strategies promoted to paper, id -> name.

        Raises TimedOutError when a service does not answer, BusUnavailableError, StoreUnavailableError.
        """
        known = await asyncio.to_thread(_Marker.read, self._marker)
        if known.promoted is not None:
            return known.promoted
        began = known.began or datetime.now(UTC).replace(microsecond=0)
        await asyncio.to_thread(_Marker(began=began).write, self._marker)
        try:
            connection = await connect(url, "first_run")
            try:
                promoted = await self._prepare(connection, began)
            finally:
                await connection.close()
        except (NatsError, TimeoutError, OSError) as error:
            raise BusUnavailableError(f"the bus did not answer: {error or type(error).__name__}") from error
        await asyncio.to_thread(_Marker(began=began, promoted=promoted).write, self._marker)
        return promoted

    async def _prepare(self, connection: Connection, at: datetime) -> dict[str, str]:
        outlet = BusOutlet(None, connection)
        feed = await _started_feed(connection)
        names: dict[str, str] = {}
        async with _Judgements(connection) as judged:
            for command in self._submissions(feed, at):
                answer = await outlet.ask(command, ANSWER_WITHIN_S)
                if isinstance(answer, CommandDone) and answer.result_ids:
                    names[answer.result_ids[0]] = f"{command.name} on {command.symbols[0]}"
                else:
                    self._journal.note(
                        f"{command.name} was not accepted: {getattr(answer, 'detail', answer)}", "WARNING"
                    )
            verdicts = {}
            for strategy_id in sorted(names):
                try:
                    verdicts[strategy_id] = await judged.of(strategy_id)
                except TimedOutError as error:
                    self._journal.note(f"{names[strategy_id]}: {error.detail}", "WARNING")
        promoted: dict[str, str] = {}
        for strategy_id, verdict in verdicts.items():
            if Stage.PAPER not in verdict.gate:
                continue
            promotion = _command(PromoteStrategy, strategy_id, at, strategy_id=strategy_id, stage=Stage.PAPER)
            answer = await outlet.ask(promotion, ANSWER_WITHIN_S)
            if isinstance(answer, CommandDone):
                promoted[strategy_id] = names[strategy_id]
                self._journal.note(f"{names[strategy_id]} is judged {verdict.verdict.value} and trades on paper")
        self._journal.note(f"{len(names)} example strategies judged, {len(promoted)} passed the gate to paper")
        return promoted

    def _submissions(self, feed: FeedChanged, at: datetime) -> Iterator[SubmitStrategy]:
        for path in (self._examples / f"{name}.json" for name in FIRST):
            example: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            for symbol in feed.symbols:
                yield _command(
                    SubmitStrategy,
                    f"{path.stem}|{symbol}|{feed.timeframe.value}",
                    at,
                    name=example["name"],
                    rules=example["rules"],
                    symbols=[symbol],
                    timeframe=feed.timeframe.value,
                    origin="example",
                )


class _Judgements:
    """The verdicts that arrive while it is open, and those that came before."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._found: dict[str, StrategyJudged] = {}
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> "_Judgements":
        self._subscription = await self._connection.client.subscribe(StrategyJudged.wildcard(), cb=self._received)
        await self._connection.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._subscription.unsubscribe()

    async def of(self, strategy_id: str) -> StrategyJudged:
        """Return the verdict on a strategy; raises TimedOutError."""
        subject = f"strategies.judged.{strategy_id}"
        try:
            earlier = await self._connection.client.jetstream().get_last_msg("STRATEGIES", subject)
            return StrategyJudged.parse(earlier.data or b"", subject)
        except NoMessageError:
            pass
        try:
            async with asyncio.timeout(JUDGED_WITHIN_S), self._changed:
                await self._changed.wait_for(lambda: strategy_id in self._found)
        except TimeoutError:
            raise TimedOutError(f"no verdict on {strategy_id} within {JUDGED_WITHIN_S:g} s") from None
        return self._found[strategy_id]

    async def _received(self, message: Msg) -> None:
        judged = StrategyJudged.parse(message.data, message.subject)
        async with self._changed:
            self._found[judged.strategy_id] = judged
            self._changed.notify_all()


async def _started_feed(connection: Connection) -> FeedChanged:
    """Return the newest simulated feed that has started, waiting for one; raises TimedOutError."""
    found: asyncio.Queue[FeedChanged] = asyncio.Queue()

    async def received(message: Msg) -> None:
        try:
            feed = FeedChanged.parse(message.data, message.subject)
        except BadMessageError:
            return
        if feed.simulated and feed.state == "started":
            found.put_nowait(feed)

    subscription = await connection.client.subscribe(FeedChanged.wildcard(), cb=received)
    try:
        await connection.settle()
        try:
            earlier = await connection.client.jetstream().get_last_msg("PRICES", FeedChanged.wildcard())
            feed = FeedChanged.parse(earlier.data or b"", earlier.subject or "")
            if feed.simulated and feed.state == "started":
                return feed
        except NoMessageError:
            pass
        return await asyncio.wait_for(found.get(), FEED_WITHIN_S)
    except TimeoutError:
        raise TimedOutError(f"no simulated feed started within {FEED_WITHIN_S:g} s") from None
    finally:
        await subscription.unsubscribe()


def _command(kind: type[C], key: str, at: datetime, **fields: Any) -> C:
    event_id = derive_id("first-run", kind.__name__, key)
    return kind(event_id=event_id, root_id=event_id, at=at, asked_by="first_run", **fields)
