"""Who is next: one line of jobs per caller, taken in turn, bounded, with room kept for callers whose jobs are quick.

Taking turns alone would not help a live agent: two jobs that compute for 30 s hold both fork servers. So while quick callers are
about, the others leave one fork server free. Pure; times are seconds of any one clock.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from libs.common.errors import TransientError

QUICK_S = 0.5
"""A caller is quick while the running average of its jobs stays below this."""
REMEMBERED_S = 60.0
"""Room is kept for a quick caller this long after its last job."""

_SMOOTHING = 0.3
_MOST_CALLERS = 4_096


class Called(Protocol):
    """What a queue holds: something with a caller."""

    @property
    def caller(self) -> str:
        """Who waits for it."""


_Item = TypeVar("_Item", bound=Called)


class FairQueue(Generic[_Item]):
    """Jobs that wait, at most `limit` of them, at most half of it by one caller."""

    def __init__(self, limit: int):
        """Start empty; limit >= 1."""
        self.limit = limit
        self.share = max(1, limit // 2)
        self._lines: OrderedDict[str, deque[_Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def put(self, item: _Item) -> None:
        """Add a job at the end of its caller's line; raises TransientError `sandbox.busy` at either bound."""
        waiting = len(self._lines.get(item.caller, ()))
        if self._count >= self.limit:
            raise _busy(f"{self._count} strategy runs wait, the bound is {self.limit}")
        if waiting >= self.share:
            raise _busy(f"{waiting} strategy runs of one caller wait, its bound is {self.share} of {self.limit}")
        self._lines.setdefault(item.caller, deque()).append(item)
        self._count += 1

    def put_back(self, item: _Item) -> None:
        """Return a job that was taken to the front of all lines, whatever the bounds."""
        self._lines.setdefault(item.caller, deque()).appendleft(item)
        self._lines.move_to_end(item.caller, last=False)
        self._count += 1

    def take(self, allowed: Callable[[str], bool]) -> _Item | None:
        """Return the next job, of the callers that are `allowed` the one longest not served; None if there is none."""
        caller = next((name for name in self._lines if allowed(name)), None)
        if caller is None:
            return None
        line = self._lines[caller]
        item = line.popleft()
        self._count -= 1
        self._lines.move_to_end(caller)
        if not line:
            del self._lines[caller]
        return item

    def has(self, allowed: Callable[[str], bool]) -> bool:
        """Tell whether `take` would return a job."""
        return any(allowed(name) for name in self._lines)

    def remove(self, item: _Item) -> bool:
        """Take a job out of its line; false if it does not wait."""
        line = self._lines.get(item.caller)
        if line is None or item not in line:
            return False
        line.remove(item)
        self._count -= 1
        if not line:
            del self._lines[item.caller]
        return True


class Paces:
    """How long the jobs of each caller take: a running average in which the last one weighs 0.3."""

    def __init__(self) -> None:
        """Know nobody; an unknown caller is not quick."""
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, caller: str, seconds: float, now: float) -> None:
        """Remember that a job of `caller` ended at `now` after `seconds`."""
        before = self._known.get(caller)
        average = seconds if before is None else (1 - _SMOOTHING) * before[0] + _SMOOTHING * seconds
        self._known[caller] = average, now
        self._known.move_to_end(caller)
        if len(self._known) > _MOST_CALLERS:
            self._known.popitem(last=False)

    def is_quick(self, caller: str) -> bool:
        """Tell whether the caller's jobs have been quick."""
        known = self._known.get(caller)
        return known is not None and known[0] < QUICK_S

    def lately_quick(self, now: float) -> tuple[str, ...]:
        """Return the two quick callers whose jobs ended last, for whom the others have to leave room."""
        found: list[str] = []
        for name in reversed(self._known):
            average, last = self._known[name]
            if now - last > REMEMBERED_S or len(found) == 2:
                break
            if average < QUICK_S:
                found.append(name)
        return tuple(found)


def _busy(detail: str) -> TransientError:
    return TransientError(detail, code="sandbox.busy", hint="try again shortly")
