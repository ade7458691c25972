"""A generation followed while it goes on: the step it is at and each attempt, on standard error, for a person at a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from libs.client import render
from libs.client.client import Client
from libs.client.work import RUNNING

if TYPE_CHECKING:
    from rich.console import Console

STEPS = ("retrieve", "write", "check", "run", "meaning", "judge")
_WORDS = {
    "retrieve": "looking for passages",
    "write": "writing",
    "check": "checking the code",
    "run": "trying it in the sandbox",
    "meaning": "comparing it with the sentence",
    "judge": "judging it on history",
}
LOOK_S = 0.15
JUDGED_WITHIN_S = 15.0
"""How long a verdict is waited for, once code was proposed, by someone who did not ask for it."""


class Steps:
    """Tells of a running job: each attempt once, and the step that goes on."""

    def __init__(self, console: "Console | None"):
        """Draw on `console`, None draws nothing."""
        self._console = console
        self._status: Any = None
        self._told: set[tuple[int, int]] = set()
        self._since = time.monotonic()

    @contextmanager
    def shown(self) -> Iterator["Steps"]:
        """Draw until the block ends."""
        if self._console is None:
            yield self
            return
        with self._console.status("asking") as self._status:
            yield self

    def see(self, job: dict[str, Any]) -> None:
        """Take in the job as it is now."""
        if self._console is None:
            return
        for attempt in job.get("attempts", []):
            which = attempt["variant"], attempt["number"]
            if which not in self._told:
                self._told.add(which)
                self._console.print(line_of(attempt, job.get("variants") or 1), markup=False, highlight=False)
        if job["state"] == RUNNING:
            self._status.update(f"{doing(job)}, {time.monotonic() - self._since:.0f} s")


def follow(client: Client, job: dict[str, Any], *, to_the_end: bool) -> dict[str, Any]:
    """Return the job once it has ended; or, not `to_the_end`, while code it proposed has been judged for 15 s."""
    with Steps(_console()).shown() as steps:
        since, known = time.monotonic(), -1
        while job["state"] == RUNNING:
            tried = job.get("attempts", [])
            if len(tried) != known:
                since, known = time.monotonic(), len(tried)
            if not to_the_end and is_judging(job) and time.monotonic() - since > JUDGED_WITHIN_S:
                break
            time.sleep(LOOK_S)
            job = client.get(f"/jobs/{job['id']}")
            steps.see(job)
    return job


def is_judging(job: dict[str, Any]) -> bool:
    """Tell whether all that is left to do is judging."""
    said = job.get("progress")
    proposed = any(attempt["strategy_id"] for attempt in job.get("attempts", []))
    return proposed and (said is None or str(said["phase"]).startswith("judge"))


def doing(job: dict[str, Any]) -> str:
    """Return the step that goes on, in words."""
    said = job.get("progress")
    if not said:
        return "waiting for strategy_gen"
    step, _, more = str(said["phase"]).partition(", ")
    many = job.get("symbols_total") or 0
    whose = f" of {many:,} symbols" if step == "judge" and many > 1 else ""
    count = f", {said['done']} of {said['total']} variants ready" if (said["total"] or 0) > 1 else ""
    return _WORDS.get(step, render.cell(step)) + whose + (f" ({render.cell(more)})" if more else "") + count


def line_of(attempt: dict[str, Any], variants: int) -> str:
    """Return an attempt as one line: whose, how far it came, and what stopped it."""
    who = attempt["model"] or attempt["engine"]
    which = f"variant {attempt['variant']}, " if variants > 1 else ""
    told = f"{which}attempt {attempt['number']} by {render.cell(who)}"
    if attempt["strategy_id"]:
        return f"✓ {told}: proposed as {attempt['strategy_id']}"
    found = attempt["findings"]
    why = render.cell(found[0].get("message") or found[0].get("code")) if found else "no reason given"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"✗ {told}: stopped at {attempt['step']}: {why[:200]}{more}"


def _console() -> "Console | None":
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it

    return Console(stderr=True)
