"""A private second system on a copy of stored bars: the same programs, the same bars, nothing shared with the one that runs.

Decides what a replay is told (full speed, and for parity no limit that a backtest does not have) and what is read from it afterwards. Whether it
agrees with the backtest is `parity`.
"""

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.local import System
from libs.client.client import Client
from libs.client.definitions import Definition
from libs.client.errors import RefusedByGatewayError
from libs.client.parity import Certificate, Filled, compare
from libs.common.errors import ConflictError, TimedOutError
from libs.common.events import OrderFilled, SignalRaised
from libs.common.values import parse_timeframe, to_epoch_ms
from libs.market.catalog import Catalog
from libs.strategy.runtime import evaluate
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import Strategy, parse

PARITY_ENV = {
    "SENTINEL_MIN_SCORE": "0",
    "SENTINEL_TOP_N": "0",
    "SENTINEL_MAX_ORDER_FRACTION": "1",
    "SENTINEL_MAX_POSITION_FRACTION": "1",
    "SENTINEL_MAX_OPEN_POSITIONS": "0",
    "SENTINEL_MAX_ORDERS_PER_MINUTE": "0",
    "SENTINEL_MAX_SYMBOL_ORDERS_PER_MINUTE": "0",
    "SENTINEL_PRICE_COLLAR": "1",
    "SENTINEL_MAX_DAILY_LOSS": "1",
    "SENTINEL_MIN_NOTIONAL": "0.00000001",
}
"""No limit that the backtest does not have: one account a strategy, the whole cash a buy."""
JUDGED_WITHIN_S = 60.0
DONE_WITHIN_S = 3_600.0
POLL_S = 0.2
ALL = 10_000_000


@dataclass(frozen=True)
class Window:
    """Which bars: first <= open time < last, of each symbol."""

    symbols: tuple[str, ...]
    timeframe: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Line:
    """One strategy on one symbol in its own account, with its backtest on the window."""

    symbol: str
    strategy: Strategy
    strategy_id: str
    account: str
    backtest_id: str


@dataclass(frozen=True)
class Outcome:
    """What one line did live, and how that differs from its backtest."""

    line: Line
    certificate: Certificate


def copy_bars(source: Path, target: Path, window: Window) -> None:
    """Copy the series of the window; raises NotFoundError for one that is not stored."""
    folder = target / window.timeframe
    folder.mkdir(parents=True, exist_ok=True)
    catalog = Catalog(source)
    for symbol in window.symbols:
        catalog.info(symbol, window.timeframe)  # raises for what is not there, with near names
        for ending in ("bars", "json"):
            shutil.copyfile(source / window.timeframe / f"{symbol}.{ending}", folder / f"{symbol}.{ending}")


class Rerun:
    """One replay. `system` must be started on a directory whose catalog holds the bars, with feed `files`."""

    def __init__(self, system: System, window: Window):
        """Prepare."""
        self._system = system
        self._window = window
        self._client = Client(system.gateway_url)
        self._catalog = Catalog(system.data_dir / "catalog")
        self._sandbox = Pool(1)

    async def prepare(self, definitions: Sequence[Definition]) -> list[Line]:
        """Submit, backtest and promote each definition on each symbol; returns the lines, in order."""
        lines: list[Line] = []
        for definition in definitions:
            for symbol in self._window.symbols:
                lines.append(await asyncio.to_thread(self._line, definition, symbol, len(lines)))
        return lines

    async def play(self, accounts: Sequence[str], progress: Callable[[int], None]) -> None:
        """Play the window and return when everything has been handled; progress: told how many whole bar times are done."""
        wish = {"symbols": list(self._window.symbols), "timeframe": self._window.timeframe}
        wish |= {"start": self._window.start.isoformat(), "end": self._window.end.isoformat()}
        watch = (await asyncio.to_thread(self._client.post, "/market/watches", wish))["ids"][0]
        length = parse_timeframe(self._window.timeframe).length
        deadline = asyncio.get_running_loop().time() + DONE_WITHIN_S
        while await asyncio.to_thread(self._feed_state, watch) == "started":
            if asyncio.get_running_loop().time() > deadline:
                raise TimedOutError(f"the replay has not ended within {DONE_WITHIN_S:g} s")
            at = await asyncio.to_thread(self._books_at, accounts)
            progress(max(0, (at - self._window.start) // length) if at else 0)
            await asyncio.sleep(POLL_S)
        await self._system.drained(DONE_WITHIN_S)

    async def compare(self, lines: Sequence[Line]) -> list[Outcome]:
        """Return how each line differs from its backtest; the facts are read from the bus, the gateway forgets old ones."""
        signals = await self._system.recorded(SignalRaised)
        fills = await self._system.recorded(OrderFilled)
        try:
            return await self._compare_all(lines, signals, fills)
        finally:
            await asyncio.to_thread(self._sandbox.close)

    async def _compare_all(
        self, lines: Sequence[Line], signals: Sequence[SignalRaised], fills: Sequence[OrderFilled]
    ) -> list[Outcome]:
        outcomes = []
        for line in lines:
            actions = {to_epoch_ms(s.open_time): s.action.value for s in signals if s.strategy_id == line.strategy_id}
            own = [_filled(fill) for fill in fills if fill.account == line.account]
            outcomes.append(Outcome(line, await asyncio.to_thread(self._compare, line, actions, own)))
        return outcomes

    def _line(self, definition: Definition, symbol: str, number: int) -> Line:
        window = self._window
        wish = definition.wish(window.timeframe, [symbol], {})
        strategy_id = self._client.submit(wish)["ids"][0]
        start, end = window.start.isoformat(), window.end.isoformat()
        backtest = self._client.backtest({"strategy_id": strategy_id, "start": start, "end": end})
        account = f"replay-{number}"
        promotion = {
            "stage": "paper",
            "account": account,
            "fraction": 1.0,
            "anchor": start,
            "override_reason": "replay",
        }
        self._until_judged(strategy_id)
        self._client.promote(strategy_id, promotion)
        strategy = parse(rules=definition.rules, code=definition.code, symbols=[symbol], timeframe=window.timeframe)
        return Line(symbol, strategy, strategy_id, account, backtest["backtest_id"])

    def _until_judged(self, strategy_id: str) -> None:
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while self._client.get(f"/strategies/{strategy_id}")["judged"] is None:
            if time.monotonic() > deadline:
                raise TimedOutError(f"no verdict on {strategy_id} within {JUDGED_WITHIN_S:g} s")
            time.sleep(POLL_S)

    def _feed_state(self, watch: str) -> str:
        for feed in self._client.items("/market/watches", ALL):
            if feed["id"] == watch:
                if feed["state"] == "failed":
                    raise ConflictError(f"the replay's feed failed: {feed['detail']}")
                return str(feed["state"])
        return "started"

    def _books_at(self, accounts: Sequence[str]) -> datetime | None:
        try:
            return datetime.fromisoformat(self._client.portfolio(accounts[0])["at"]) if accounts else None
        except RefusedByGatewayError as error:  # no books before the first bar
            if error.code != "not_found":
                raise
            return None

    def _compare(self, line: Line, actions: dict[int, str], fills: Sequence[Filled]) -> Certificate:
        window = self._window
        frame = self._catalog.read(line.symbol, window.timeframe, to_epoch_ms(window.start), to_epoch_ms(window.end))
        report = self._client.get(f"/backtests/{line.backtest_id}/report.json")
        said = evaluate(line.strategy, frame, self._sandbox, symbol=line.symbol)
        return compare(line.strategy, said, actions, fills, report["trades"])


def _filled(fill: OrderFilled) -> Filled:
    return Filled(to_epoch_ms(fill.at), fill.side.value, fill.price, fill.quantity, fill.fee)
