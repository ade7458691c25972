"""Which stream keeps which subjects, and how much; made once by `python -m libs.common.streams --url URL`.

Services check and wait for them, never declare them: a service with other ideas could purge history.
"""

import argparse
import asyncio
import logging
from dataclasses import dataclass

import nats
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError as StreamNotFoundError

from libs.common.errors import BadMessageError
from libs.common.settings import CommonSettings

LOG = logging.getLogger("sentinel.streams")
_DAY_S = 86_400
_MB = 1_000_000


@dataclass(frozen=True)
class Stream:
    """A stream's subjects and bounds. `keep_new`: a full stream refuses instead of forgetting its oldest."""

    name: str
    subjects: tuple[str, ...]
    days: float
    max_bytes: int
    per_subject: int = -1
    keep_new: bool = False
    money: bool = False
    work_queue: bool = False

    def config(self, replicas: int = 1) -> StreamConfig:
        """Return the server's form of it."""
        return StreamConfig(
            name=self.name,
            subjects=list(self.subjects),
            retention=RetentionPolicy.WORK_QUEUE if self.work_queue else RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW if self.keep_new else DiscardPolicy.OLD,
            max_age=self.days * _DAY_S,
            max_bytes=self.max_bytes,
            max_msgs_per_subject=self.per_subject,
            duplicate_window=120,
            deny_delete=self.money,
            deny_purge=self.money,
            num_replicas=replicas,
            allow_direct=True,
        )


STREAMS = (
    Stream("PRICES", ("prices.>", "gaps.>", "bars.>"), 7, 1_000 * _MB, per_subject=50_000),
    Stream("STRATEGIES", ("strategies.>", "backtests.>", "screens.>", "models.>", "knowledge.>"), 90, 1_000 * _MB),
    Stream("SIGNALS", ("signals.>", "alerts.>"), 30, 512 * _MB),
    Stream("STATE", ("portfolio.>", "control.>"), 90, 256 * _MB, per_subject=1),
    Stream("MONEY", ("decisions.>", "rounds.>", "orders.>", "fills.>"), 90, 1_000 * _MB, keep_new=True, money=True),
    Stream("COMMANDS", ("cmd.>", "answers.>"), 7, 512 * _MB, keep_new=True),
    Stream("JOBS", ("jobs.>",), 1, 128 * _MB, keep_new=True, work_queue=True),
    Stream("SHARDS", ("shards.>",), 7, 64 * _MB),
    Stream("DEAD", ("dead.>", "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>"), 30, 128 * _MB),
)
"""All streams; together they stay below the server's file limit."""


def stream_of(subject: str) -> str | None:
    """Return the stream that keeps `subject`, None for what is not stored (`health.`)."""
    head = subject.split(".", 1)[0] + ".>"
    return next((s.name for s in STREAMS if head in s.subjects), None)


def stored_in(subject: str) -> str:
    """Return the stream that keeps `subject`; raises BadMessageError when none does."""
    found = stream_of(subject)
    if found is None:
        raise BadMessageError(f"{subject} is on no stream")
    return found


async def ensure(js: JetStreamContext) -> None:
    """Create missing streams and bring the bounds of existing ones up to date; never drops a stream."""
    for stream in STREAMS:
        config = stream.config()
        try:
            await js.stream_info(stream.name)
        except StreamNotFoundError:
            await js.add_stream(config)
            LOG.info("created stream %s", stream.name)
        else:
            await js.update_stream(config)


async def exist(js: JetStreamContext) -> bool:
    """Tell whether every stream is there."""
    try:
        for stream in STREAMS:
            await js.stream_info(stream.name)
    except StreamNotFoundError:
        return False
    return True


async def _main() -> None:
    parser = argparse.ArgumentParser(description="Create Sentinel's streams on a NATS server.")
    parser.add_argument("--url", default=CommonSettings().nats_url)
    client = await nats.connect(parser.parse_args().url, connect_timeout=5)
    try:
        await ensure(client.jetstream(timeout=10))
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_main())
