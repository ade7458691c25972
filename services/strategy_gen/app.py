"""strategy_gen on the bus: submissions in, proposals out; verdicts in, promotions out when someone asks."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common.bus import On, Service, Tx
from libs.common.commands import DeleteStrategy, PromoteStrategy, RetireStrategy, SubmitStrategy
from libs.common.errors import ConflictError, PermanentError
from libs.common.events import (
    Event,
    StrategyDeleted,
    StrategyJudged,
    StrategyRejected,
    StrategyRetired,
)
from libs.strategy.spec import parse, strategy_id
from services.strategy_gen import core, store
from services.strategy_gen.settings import Settings


class StrategyGen:
    """A thin coat on `core`."""

    async def on_submit(self, command: SubmitStrategy, tx: Tx) -> Sequence[Event]:
        """Check a submission and propose it; the same definition again is answered with the strategy it already is."""
        strategy = parse(
            kind=command.kind,
            name=command.name,
            rules=command.rules,
            code=command.code,
            symbols=command.symbols,
            timeframe=command.timeframe,
            parameters=command.parameters,
            signal_mode=command.signal_mode,
        )
        identity = strategy_id(strategy)
        known = await store.find(tx.connection, identity)
        if known is not None and known.status != "deleted":
            tx.reply(identity, strategy_id=identity, status=known.status, duplicate=True)
            return []
        proposed = core.propose(command, strategy, known.proposed.proposal + 1 if known else 1)
        await store.save(tx, core.Record(proposed, "proposed"))
        tx.reply(identity, strategy_id=identity, status="proposed", duplicate=False, code_hash=proposed.code_hash)
        return [proposed]

    def refused_submit(self, command: SubmitStrategy, error: PermanentError) -> Sequence[Event]:
        """Tell everyone of a submission that did not become a strategy."""
        rejected = StrategyRejected.after(
            command,
            key="rejected",
            submission_id=command.event_id,
            code=error.code,
            detail=error.detail[:4_000],
            pointer=error.pointer,
            hint=error.hint,
        )
        return [rejected]

    async def on_judged(self, judged: StrategyJudged, tx: Tx) -> Sequence[Event]:
        """Note a verdict; one of a strategy that was deleted meanwhile is nobody's."""
        record = await store.find(tx.connection, judged.strategy_id)
        if record is not None and record.status != "deleted":
            await store.save(tx, core.judge(record, judged))
        return []

    async def on_promote(self, command: PromoteStrategy, tx: Tx) -> Sequence[Event]:
        """Run a strategy at a stage, if the gate lets it."""
        record = await store.get(tx.connection, command.strategy_id)
        promoted = core.promote(record, command)
        await store.save(tx, replace(record, status="promoted", promoted=promoted))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, stage=promoted.stage, account=promoted.account)
        return [promoted]

    async def on_retire(self, command: RetireStrategy, tx: Tx) -> Sequence[Event]:
        """Stop a running strategy."""
        record = await store.get(tx.connection, command.strategy_id)
        if record.status != "promoted":
            raise ConflictError(f"{command.strategy_id} is {record.status}, not running", pointer="/strategy_id")
        await store.save(tx, replace(record, status="retired"))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, status="retired")
        return [
            StrategyRetired.after(
                command, key=command.strategy_id, strategy_id=command.strategy_id, reason=command.reason
            )
        ]

    async def on_delete(self, command: DeleteStrategy, tx: Tx) -> Sequence[Event]:
        """Remove a strategy; one that runs must be retired first."""
        record = await store.get(tx.connection, command.strategy_id)
        if record.status == "promoted":
            raise ConflictError(f"{command.strategy_id} is running", hint="retire it first", pointer="/strategy_id")
        if record.status == "deleted":
            raise ConflictError(f"{command.strategy_id} is deleted already", pointer="/strategy_id")
        await store.save(tx, replace(record, status="deleted"))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, status="deleted")
        return [
            StrategyDeleted.after(
                command, key=command.strategy_id, strategy_id=command.strategy_id, reason=command.reason
            )
        ]


def build(settings: Settings) -> Service:
    """Return strategy_gen ready to run."""
    return Service("strategy_gen", table(StrategyGen()), store.MIGRATIONS)


def table(app: StrategyGen) -> list[On]:
    """Return the whole service on one screen."""
    return [
        On(SubmitStrategy, app.on_submit, refusal=app.refused_submit),
        On(StrategyJudged, app.on_judged, key="strategy_id"),
        On(PromoteStrategy, app.on_promote, key="strategy_id"),
        On(RetireStrategy, app.on_retire, key="strategy_id"),
        On(DeleteStrategy, app.on_delete, key="strategy_id"),
    ]
