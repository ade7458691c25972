"""What is being watched, and whose turn it is. Pure: a watch is a value, moving it makes another one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from libs.common.errors import BadInputError, ConflictError
from libs.common.values import Timeframe, from_epoch_ms, parse_symbol

DEFAULT_WATCH = "default"
"""Id of the watch that a simulation starts by itself."""


@dataclass(frozen=True)
class Watch:
    """Bars of some symbols being published. Times are open times in epoch ms.

    identity: of the feed it was started on. start_ms: of its first bar. next_ms: of the next group to publish; everything
    before is on the bus. end_ms: publishing stops before it; None = never. published: bars so far.
    """

    watch_id: str
    identity: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    start_ms: int
    next_ms: int
    end_ms: int | None = None
    published: int = 0

    def moved(self, next_ms: int, bars: int) -> "Watch":
        """Return the watch after `bars` more bars, with `next_ms` to come."""
        return replace(self, next_ms=next_ms, published=self.published + bars)

    def starting_at(self, open_ms: int) -> "Watch":
        """Return the watch with another first bar; raises BadInputError when it would end before."""
        start_ms = aligned(open_ms, self.timeframe)
        if self.end_ms is not None and self.end_ms <= start_ms:
            raise BadInputError("the watch would end before its first bar", pointer="/end", hint="choose a later end")
        return replace(self, start_ms=start_ms, next_ms=start_ms)


Watches = Mapping[str, Watch]
"""The running watches by id: the service's state."""


def canonical_symbols(spelled: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols in canonical spelling, sorted, each once.

    Raises BadSymbolError, or BadInputError whose pointer is `/symbols/<n>` for one that the feed does not have.
    """
    found = []
    for place, text in enumerate(spelled):
        symbol = parse_symbol(text)
        if symbol not in known:
            told = ", ".join(known[:30]) or "none yet: import bars first"
            raise BadInputError(
                f"the feed has no {symbol}",
                code="feed.unknown_symbol",
                pointer=f"/symbols/{place}",
                hint=f"it has {told}",
            )
        found.append(symbol)
    return tuple(sorted(set(found)))


def default_watch(known: Watch | None, fresh: Watch) -> Watch:
    """Return the watch a simulation starts by itself: `fresh` at the first start, else the `known` one where it stopped.

    Other symbols join where it stands; another timeframe goes on from the same moment, so event time never runs back.
    """
    if known is None:
        return fresh
    if known.timeframe == fresh.timeframe and known.symbols == fresh.symbols:
        return known
    at = aligned(known.next_ms, fresh.timeframe)
    return replace(known, symbols=fresh.symbols, timeframe=fresh.timeframe, start_ms=at, next_ms=at)


def check_free(watch: Watch, watches: Watches) -> None:
    """Raise ConflictError when another running watch publishes one of the same series."""
    for other in watches.values():
        shared = sorted(set(other.symbols) & set(watch.symbols))
        if other.watch_id != watch.watch_id and other.timeframe == watch.timeframe and shared:
            raise ConflictError(
                f"watch {other.watch_id} publishes {watch.timeframe} bars of {', '.join(shared)[:160]} already",
                code="watch.overlap",
                pointer="/symbols",
                hint="stop that watch first",
            )


def check_not_played(watch: Watch, played: Mapping[Timeframe, int]) -> None:
    """Raise ConflictError when a watch would publish bars older than some of its timeframe that were played already.

    played: timeframe -> open time behind the last bar that any watch published. Event time never runs back: agents, Mother AI
    and the executor drop what is older than the bars they have seen, so such a watch would run and nothing would come of it.
    """
    until_ms = played.get(watch.timeframe, 0)
    if watch.start_ms < until_ms:
        told = f"{from_epoch_ms(until_ms):%Y-%m-%dT%H:%MZ}"
        raise ConflictError(
            f"{watch.timeframe} bars before {told} were played already, and what is older than those changes nothing",
            code="watch.played",
            pointer="/start",
            hint=f"start at {told} or later; to play older bars use `sentinel replay` or another data directory",
        )


def aligned(open_ms: int, timeframe: Timeframe) -> int:
    """Return the first open time of the timeframe's grid that is not before `open_ms`."""
    step = timeframe.seconds * 1_000
    return -(-open_ms // step) * step


def event_clock_ms(watches: Watches) -> int:
    """Return how far the running watches have come: nothing new should start before it. 0 when nothing runs."""
    return max((watch.next_ms for watch in watches.values()), default=0)


def whose_turn(due: Sequence[Watch], watches: Watches) -> tuple[Watch, int | None]:
    """Return the due watch whose next bar closes first, and the open time before which it may go on alone.

    So bars of several watches come in order of their close times, as far as one watch can tell without the other's bars.
    due: at least one. The bound is None when no other watch runs.
    """
    chosen = min(due, key=lambda watch: (_next_close(watch), watch.timeframe.seconds, watch.watch_id))
    others = [_next_close(watch) for watch in watches.values() if watch.watch_id != chosen.watch_id]
    if not others:
        return chosen, chosen.end_ms
    step = chosen.timeframe.seconds * 1_000
    bound = max(min(others) - step + 1, chosen.next_ms + 1)
    return chosen, bound if chosen.end_ms is None else min(bound, chosen.end_ms)


def _next_close(watch: Watch) -> int:
    return aligned(watch.next_ms, watch.timeframe) + watch.timeframe.seconds * 1_000
