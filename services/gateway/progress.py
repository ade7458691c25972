"""How far the jobs have come: the last word heard of each, in memory only, because progress is not stored."""

from collections.abc import AsyncIterator
from typing import Any

from libs.common.events import JobProgressed

KEPT = 1_000
"""Jobs remembered at most; the one heard of longest ago goes first."""


class Progress:
    """The last progress heard of each job."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._heard: dict[str, JobProgressed] = {}

    async def watch(self, events: AsyncIterator[JobProgressed]) -> None:
        """Take in progress until `events` ends."""
        async for event in events:
            self._heard.pop(event.job_id, None)
            self._heard[event.job_id] = event
            if len(self._heard) > KEPT:
                del self._heard[next(iter(self._heard))]

    def of(self, job_id: str) -> dict[str, Any] | None:
        """Return phase, done, total and rate of a job, None if nothing was heard of it."""
        heard = self._heard.get(job_id)
        return None if heard is None else heard.model_dump(mode="json", include={"phase", "done", "total", "rate"})
