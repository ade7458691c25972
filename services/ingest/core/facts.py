"""From frames to the facts ingest publishes about them. Equal bars and gaps give equal events, whoever asks and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from libs.common.events import BarClosed, FeedChanged, GapFound
from libs.common.messages import Message
from libs.common.values import Timeframe, from_epoch_ms
from libs.market.frame import Frame
from libs.market.gaps import Gap
from services.ingest.core.watches import Watch

State = Literal["started", "finished", "stopped", "failed"]


@dataclass(frozen=True)
class Origin:
    """Where bars are from: the name of their source, and whether it makes them up."""

    source: str
    simulated: bool


def groups(frames: Mapping[str, Frame]) -> Iterator[tuple[int, list[str]]]:
    """Yield (open time, symbols that have a bar of it): times ascending, symbols sorted."""
    times = sorted((int(ms), symbol) for symbol, frame in frames.items() for ms in frame.ts)
    group: list[str] = []
    for place, (open_ms, symbol) in enumerate(times):
        group.append(symbol)
        if place + 1 == len(times) or times[place + 1][0] != open_ms:
            yield open_ms, group
            group = []


def bars_closed(frames: Mapping[str, Frame], timeframe: Timeframe, origins: Mapping[str, Origin]) -> list[BarClosed]:
    """Return one BarClosed per bar, group by group: time ascending, then symbol."""
    place = dict.fromkeys(frames, 0)
    found = []
    for _, symbols in groups(frames):
        for symbol in symbols:
            found.append(_bar(symbol, timeframe, frames[symbol], place[symbol], origins[symbol]))
            place[symbol] += 1
    return found


def gaps_found(symbol: str, timeframe: Timeframe, gaps: Sequence[Gap]) -> list[GapFound]:
    """Return one GapFound per gap; a gap has one id for ever, and its time is the close of the first bar behind it."""
    return [
        GapFound.first(
            key=f"{symbol}|{timeframe}|{gap.first_missing_ms}|{gap.bars_missing}",
            at=from_epoch_ms(gap.last_missing_ms) + 2 * timeframe.length,
            symbol=symbol,
            timeframe=timeframe,
            first_open_time=from_epoch_ms(gap.first_missing_ms),
            last_open_time=from_epoch_ms(gap.last_missing_ms),
            bars_missing=gap.bars_missing,
        )
        for gap in gaps
    ]


def feed_changed(
    watch: Watch, origin: Origin, state: State, detail: str = "", cause: Message | None = None
) -> FeedChanged:
    """Return the fact that a watch started, finished, stopped or failed, at the time of its next bar."""
    at = from_epoch_ms(watch.next_ms)
    fields = {
        "watch_id": watch.watch_id,
        "symbols": watch.symbols,
        "timeframe": watch.timeframe,
        "state": state,
        "source": origin.source,
        "simulated": origin.simulated,
        "bars_published": watch.published,
        "detail": detail[:4_000],
    }
    if cause is not None:
        return FeedChanged.after(cause, key=watch.watch_id, at=at, **fields)
    return FeedChanged.first(key=f"{watch.watch_id}|{state}|{watch.next_ms}", at=at, **fields)


def _bar(symbol: str, timeframe: Timeframe, frame: Frame, row: int, origin: Origin) -> BarClosed:
    open_time = from_epoch_ms(int(frame.ts[row]))
    return BarClosed.first(
        key=BarClosed.key_of(symbol, timeframe, open_time),
        at=open_time + timeframe.length,
        symbol=symbol,
        timeframe=timeframe,
        open_time=open_time,
        close_time=open_time + timeframe.length,
        open=float(frame.open[row]),
        high=float(frame.high[row]),
        low=float(frame.low[row]),
        close=float(frame.close[row]),
        volume=float(frame.volume[row]),
        source=origin.source,
        simulated=origin.simulated,
    )
