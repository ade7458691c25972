"""The fork servers of one pool: started when needed, again with back-off when they die, replaced before they wear out.

Decides how many there are and when one goes. Belongs to the thread of the dispatcher. Knows no job.
"""

import logging
import selectors
import time
from dataclasses import dataclass

from libs.common.errors import SentinelError, TransientError
from libs.strategy.sandbox.host.availability import unavailable, unavailable_text
from libs.strategy.sandbox.host.process import Command, Zygote, zygote_command
from libs.strategy.sandbox.wire import Hello, Switches

LOG = logging.getLogger("sentinel.sandbox")

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
GIVE_UP_AFTER = 3
"""Failures in a row after which runs are refused until a fork server starts again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a pool keeps its fork servers.

    size: how many at most. recycle_jobs, recycle_s: one that is past either is replaced. hello_s: time to start. command: what to
    start; another one only in tests. keep, idle_s: how many stay when there is nothing to do; another one goes after so long without a job.
    """

    size: int
    switches: Switches
    recycle_jobs: int = 1_000
    recycle_s: float = 3_600.0
    hello_s: float = 30.0
    command: Command = zygote_command
    keep: int = 1
    idle_s: float = 60.0


@dataclass(eq=False)
class Member:
    """One fork server of the fleet. ready: greeted. busy: has a job. used: when it last was. replaces: the worn one that goes when this one is ready."""

    zygote: Zygote
    used: float
    ready: bool = False
    busy: bool = False
    retiring: bool = False
    replaces: "Member | None" = None


class Fleet:
    """Keeps the members; registers their sockets with the selector, the member as data."""

    def __init__(self, plan: Plan, selector: selectors.BaseSelector):
        """Start nothing yet."""
        self.members: list[Member] = []
        self.hello: Hello | None = None
        self.missing = ""
        self._plan = plan
        self._selector = selector
        self._dying: list[Zygote] = []
        self._failures = 0
        self._retry_at = 0.0
        self._reason = ""

    def idle(self) -> Member | None:
        """Return the member that waits longest for a job, whose spare is the likeliest to be ready; None if all are busy."""
        return next((each for each in self.members if each.ready and not each.busy and not each.retiring), None)

    def problem(self) -> SentinelError | None:
        """Return why no run can be served now, None if one can or soon may."""
        if self.missing:
            return unavailable(self.missing)
        if self._failures >= GIVE_UP_AFTER and not any(each.ready for each in self.members):
            return TransientError(
                unavailable_text(self._reason), code="sandbox.unavailable", hint="it is tried again every 10 s"
            )
        return None

    def grow(self, now: float) -> None:
        """Start one more if there is room, none is starting and the back-off is over."""
        staying = [each for each in self.members if not each.retiring]
        if len(staying) < self._plan.size and all(each.ready for each in staying):
            self._start(now)

    @property
    def is_wanted(self) -> bool:
        """Tell whether one should be there without any job: to know what the machine can do, and so that the next job need not wait."""
        return not self.members and (self._plan.keep > 0 or self.hello is None)

    def rest(self, now: float) -> None:
        """Let those go that have had nothing to do for a while, but for the few that are kept."""
        staying = [each for each in self.members if not each.retiring]
        if not all(each.ready for each in staying):
            return
        for member in staying[: max(0, len(staying) - self._plan.keep)]:
            if not member.busy and now - member.used >= self._plan.idle_s:
                self.retire(member)

    def recycle(self, now: float) -> None:
        """Start the replacement of one worn member, if none is starting."""
        if not all(each.ready for each in self.members):
            return
        worn = next((each for each in self.members if not each.retiring and self._is_worn(each.zygote, now)), None)
        if worn is not None:
            self._start(now, worn)

    def greet(self, member: Member, hello: Hello) -> None:
        """Take a member into service, or give up for good if the machine lacks what it needs."""
        if not hello.ready:
            self.missing = hello.missing[:200] or "the fork server gave no reason"
            LOG.error("%s", unavailable_text(self.missing))
            self.drop(member)
            return
        self.hello = hello
        member.ready = True
        if member.replaces is not None:
            self.retire(member.replaces)

    def retire(self, member: Member) -> None:
        """Let a member go, once it has no job."""
        member.retiring = True
        if not member.busy and member in self.members:
            LOG.info("fork server %d retires after %d jobs", member.zygote.pid, member.zygote.jobs)
            self.drop(member)

    def served(self, member: Member) -> None:
        """Take note that a member finished a job: it works."""
        member.busy = False
        member.used = time.monotonic()
        self._failures = 0
        self.members.remove(member)
        self.members.append(member)
        if member.retiring:
            self.retire(member)

    def lose(self, member: Member, reason: str, now: float) -> None:
        """Take out a member that died or went wrong by itself; the next start waits longer each time."""
        LOG.warning("fork server %d is lost: %s", member.zygote.pid, reason)
        self.drop(member)
        self._blame(reason, now)

    def drop(self, member: Member) -> None:
        """Kill a member, and with it every child it has."""
        self.members.remove(member)
        for other in self.members:
            if other.replaces is member:
                other.replaces = None
        self._selector.unregister(member.zygote)
        member.zygote.kill()
        self._dying.append(member.zygote)

    def watch(self, now: float) -> float | None:
        """Take out members that do not greet in time, reap the dead; return seconds until this is needed again."""
        for member in [each for each in self.members if not each.ready]:
            if now - member.zygote.started > self._plan.hello_s:
                self.lose(member, f"the fork server said nothing for {self._plan.hello_s:g} s", now)
        self._dying = [each for each in self._dying if not each.reaped()]
        waits = [each.zygote.started + self._plan.hello_s - now for each in self.members if not each.ready]
        waits += [left for each in self.members if (left := each.zygote.started + self._plan.recycle_s - now) > 0]
        if len(self.members) > self._plan.keep:
            waits += [
                left for each in self.members if (left := each.used + self._plan.idle_s - now) > 0 and not each.busy
            ]
        waits += [0.05] if self._dying else []
        waits += [self._retry_at - now] if self._retry_at > now else []
        return max(0.01, min(waits)) if waits else None

    def close(self) -> None:
        """Kill every member and wait until all are gone."""
        for member in list(self.members):
            self.drop(member)
        for zygote in self._dying:
            zygote.reaped(timeout_s=10.0)

    def _start(self, now: float, replaces: Member | None = None) -> None:
        if self.missing or now < self._retry_at:
            return
        try:
            zygote = Zygote(self._plan.switches, self._plan.command)
        except OSError as error:
            self._blame(f"the fork server cannot be started: {error.strerror}", now)
            return
        member = Member(zygote, now, replaces=replaces)
        self.members.append(member)
        self._selector.register(zygote, selectors.EVENT_READ, member)

    def _blame(self, reason: str, now: float) -> None:
        self._failures += 1
        self._reason = reason
        self._retry_at = now + min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (self._failures - 1))

    def _is_worn(self, zygote: Zygote, now: float) -> bool:
        return zygote.jobs >= self._plan.recycle_jobs or now - zygote.started >= self._plan.recycle_s
