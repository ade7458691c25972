"""Why: the walk from a fill back to the bar and the strategy it came from, and to the sentence that became the strategy.

fill <- order <- decision <- signal <- bar, and strategy <- verdict, strategy <- attempt <- generation. A walk from a generation goes
the other way: its attempts, what became of each, and what that is worth. Each step is the fact itself. A step that is not stored any
more is named and marked `missing`; nothing is guessed in its place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.errors import NotFoundError
from libs.common.events import AttemptMade, BarClosed, GenerationStarted
from libs.common.values import Timeframe, to_epoch_ms
from libs.market.catalog import Catalog
from services.gateway.generations import of_job
from services.gateway.queries import Body, Fact, find_current, find_fact, list_facts
from services.gateway.queries import Filter as Wanted
from services.gateway.strategies import find_strategy
from services.gateway.tables import ORDERS

KINDS = ("fill", "order", "decision", "signal", "alert", "strategy", "attempt", "generation")
"""What a walk may start from."""

ATTEMPT = AttemptMade.__name__


@dataclass(frozen=True)
class Step:
    """One cause. of: id of what it led to, null at the start. fact: null when it is not stored (`missing`)."""

    kind: str
    id: str
    of: str | None
    fact: Body | None

    def body(self) -> Body:
        """Return the JSON of the step."""
        at = self.fact.get("at") if self.fact else None
        return {
            "kind": self.kind,
            "id": self.id,
            "of": self.of,
            "at": at,
            "missing": self.fact is None,
            "fact": self.fact,
        }


class Walk:
    """One walk along the causes; `steps` grows from effect to cause."""

    def __init__(self, connection: AsyncConnection, catalog: Catalog):
        """Start empty."""
        self._connection = connection
        self._catalog = catalog
        self.steps: list[Step] = []

    async def start(self, kind: str, identity: str) -> list[Step]:
        """Return the steps from `identity` to its first causes; raises NotFoundError when it is not known."""
        await {
            "fill": self._fill,
            "order": self._order,
            "decision": self._decision,
            "signal": self._signal,
            "alert": self._alert,
            "strategy": self._strategy,
            "attempt": self._attempt,
            "generation": self._sentence,
        }[kind](identity, None)
        if self.steps[0].fact is None:
            raise NotFoundError(f"no {kind} {identity} is known here", pointer="path/id", hint="ids are in the lists")
        return self.steps

    def _add(self, kind: str, identity: str, of: str | None, fact: Fact | Body | None) -> None:
        self.steps.append(Step(kind, identity, of, fact.body if isinstance(fact, Fact) else fact))

    async def _fill(self, identity: str, of: str | None) -> None:
        fill = await find_fact(self._connection, identity, "OrderFilled")
        self._add("fill", identity, of, fill)
        if fill:
            await self._order(fill.body["order_id"], identity)

    async def _order(self, identity: str, of: str | None) -> None:
        order = await find_current(self._connection, ORDERS, identity)
        self._add("order", identity, of, order)
        decision = order.body["decision_id"] if order else await self._decision_of(of)
        if decision:
            await self._decision(decision, identity)

    async def _decision_of(self, fill_id: str | None) -> str | None:
        fill = await find_fact(self._connection, fill_id, "OrderFilled") if fill_id else None
        return fill.body["decision_id"] if fill else None

    async def _decision(self, identity: str, of: str | None) -> None:
        decision = await find_fact(self._connection, identity, "DecisionMade")
        self._add("decision", identity, of, decision)
        if decision is None:
            return
        said = len(self.steps)
        if decision.body["caused_by"]:
            await self._signal(decision.body["caused_by"], identity)
        if len(self.steps) == said or self.steps[said].fact is None:
            await self._strategy(decision.body["strategy_id"], identity)

    async def _signal(self, identity: str, of: str | None) -> None:
        signal = await find_fact(self._connection, identity, "SignalRaised")
        self._add("signal", identity, of, signal)
        if signal:
            opened = datetime.fromisoformat(signal.body["open_time"])
            self._bar(signal.body["symbol"], signal.body["timeframe"], opened, identity)
            await self._strategy(signal.body["strategy_id"], identity)

    async def _alert(self, identity: str, of: str | None) -> None:
        alert = await find_fact(self._connection, identity, "AlertRaised")
        self._add("alert", identity, of, alert)
        if alert:
            timeframe = Timeframe(alert.body["timeframe"])
            opened = datetime.fromisoformat(alert.body["at"]) - timeframe.length
            self._bar(alert.body["symbol"], timeframe, opened, identity)
            await self._strategy(alert.body["strategy_id"], identity)

    def _bar(self, symbol: str, timeframe: str, opened: datetime, of: str) -> None:
        identity = BarClosed.id_of(symbol, timeframe, opened)
        self._add("bar", identity, of, read_bar(self._catalog, symbol, timeframe, opened))

    async def _strategy(self, identity: str, of: str | None) -> None:
        strategy = await self._judged(identity, of)
        if strategy and strategy["generation_id"]:
            await self._made_by(identity, strategy["generation_id"])

    async def _judged(self, identity: str, of: str | None) -> Body | None:
        strategy = await find_strategy(self._connection, identity)
        shown = strategy and {**strategy, "at": strategy["created_at"]}
        self._add("strategy", identity, of, shown)
        await self._verdict(identity, strategy)
        return strategy

    async def _made_by(self, strategy_id: str, job_id: str) -> None:
        tried = [one for one in await of_job(self._connection, job_id, ATTEMPT) if one["strategy_id"] == strategy_id]
        for attempt in tried:
            self._add("attempt", attempt["event_id"], strategy_id, attempt)
        await self._generation(job_id, tried[-1]["event_id"] if tried else strategy_id)

    async def _generation(self, job_id: str, of: str | None) -> None:
        told = await of_job(self._connection, job_id, GenerationStarted.__name__)
        self._add("generation", job_id, of, told[0] if told else None)

    async def _attempt(self, identity: str, of: str | None) -> None:
        attempt = await find_fact(self._connection, identity, ATTEMPT)
        self._add("attempt", identity, of, attempt)
        if attempt:
            await self._generation(attempt.body["job_id"], identity)

    async def _sentence(self, job_id: str, of: str | None) -> None:
        await self._generation(job_id, of)
        for attempt in await of_job(self._connection, job_id, ATTEMPT):
            self._add("attempt", attempt["event_id"], job_id, attempt)
            if attempt["strategy_id"]:
                await self._judged(attempt["strategy_id"], attempt["event_id"])

    async def _verdict(self, identity: str, strategy: Body | None) -> None:
        judged_by = strategy and strategy["promoted"] and strategy["promoted"]["judged_by"]
        if judged_by:
            self._add("verdict", judged_by, identity, await find_fact(self._connection, judged_by, "StrategyJudged"))
            return
        verdicts, _ = await list_facts(self._connection, Wanted(("StrategyJudged",), strategy_id=identity), 1)
        if verdicts:
            self._add("verdict", verdicts[0].body["event_id"], identity, verdicts[0])


def read_bar(catalog: Catalog, symbol: str, timeframe: str, opened: datetime) -> dict[str, Any] | None:
    """Return the stored bar that opened at `opened`, None when the catalog does not have it."""
    start = to_epoch_ms(opened)
    try:
        frame, info = catalog.read(symbol, timeframe, start, start + 1), catalog.info(symbol, timeframe)
    except NotFoundError:
        return None
    if not len(frame):
        return None
    closed = opened + timedelta(seconds=Timeframe(timeframe).seconds)
    prices = {name: float(getattr(frame, name)[0]) for name in ("open", "high", "low", "close", "volume")}
    times = {"open_time": _z(opened), "close_time": _z(closed), "at": _z(closed)}
    origin = {"source": info.source, "simulated": info.simulated}
    return {"symbol": symbol, "timeframe": timeframe, **times, **prices, **origin}


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
