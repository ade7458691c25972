"""strategy_gen on the bus: sentences and submissions in, proposals out; verdicts in, promotions out when someone asks."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common.bus import On, Service, Tx
from libs.common.clock import WallClock
from libs.common.commands import DeleteStrategy, PromoteStrategy, RetireStrategy, SubmitStrategy
from libs.common.errors import ConflictError, PermanentError
from libs.common.events import (
    BacktestFailed,
    Event,
    ModelTrained,
    StrategyDeleted,
    StrategyJudged,
    StrategyRejected,
    StrategyRetired,
    VerdictSet,
)
from libs.market.catalog import Catalog
from libs.strategy.model_terms import MODEL
from libs.strategy.spec import Strategy, parse, strategy_id
from services.strategy_gen import core, library_store, parts, store
from services.strategy_gen.generation import store as generation_store
from services.strategy_gen.generation.handlers import Generations
from services.strategy_gen.generation.keeper import Keeper
from services.strategy_gen.generation.stock import Stock
from services.strategy_gen.generation.workshop import Workshop
from services.strategy_gen.library import Library
from services.strategy_gen.llm.budget_store import MIGRATION as CALLS
from services.strategy_gen.settings import Settings


class StrategyGen:
    """A thin coat on `core`."""

    def __init__(self, catalog: Catalog, generations: Generations):
        """Look into `catalog` for symbols that cannot be judged yet; tell `generations` of verdicts."""
        self._catalog = catalog
        self._generations = generations

    async def on_submit(self, command: SubmitStrategy, tx: Tx) -> Sequence[Event]:
        """Check a submission and propose it; the same definition again is answered with the strategy it already is.

        One that has no verdict yet is proposed again: its judging may have failed for want of bars that are there now.
        """
        strategy = parse(
            kind=command.kind,
            name=command.name,
            rules=command.rules,
            code=command.code,
            symbols=command.symbols,
            timeframe=command.timeframe,
            parameters=command.parameters,
            signal_mode=command.signal_mode,
            allow_short=command.allow_short,
        )
        identity = strategy_id(strategy)
        known = await store.find(tx.connection, identity)
        if known is not None and known.is_settled:
            tx.reply(identity, strategy_id=identity, status=known.status, duplicate=True)
            return []
        record = core.propose(command, strategy, core.Origin.of(command), known)
        await store.save(tx, record)
        duplicate = known is not None and known.status == "proposed"
        words = {
            "status": "proposed",
            "duplicate": duplicate,
            "code_hash": record.proposed.code_hash,
            **self._hint(strategy),
        }
        tx.reply(identity, strategy_id=identity, **words)
        return [record.proposed]

    async def on_trained(self, trained: ModelTrained, tx: Tx) -> Sequence[Event]:
        """Propose a model that was trained as a strategy; one that is known as it stands is not proposed again."""
        strategy = parse(
            kind=MODEL,
            name=trained.name,
            symbols=trained.symbols,
            timeframe=trained.timeframe,
            parameters={
                MODEL: trained.model_id,
                "buy_above": trained.buy_above,
                "sell_below": trained.sell_below,
            },
        )
        known = await store.find(tx.connection, strategy_id(strategy))
        if known is not None and known.is_settled:
            return []
        record = core.propose(trained, strategy, core.Origin.of(trained), known)
        await store.save(tx, record)
        return [record.proposed]

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
            diagnostics=getattr(error, "diagnostics", ()),
        )
        return [rejected]

    async def on_judged(self, judged: StrategyJudged, tx: Tx) -> Sequence[Event]:
        """Note a verdict; one of a strategy that was deleted meanwhile is nobody's."""
        record = await store.find(tx.connection, judged.strategy_id)
        if record is not None and record.status != "deleted":
            await store.save(tx, core.judge(record, judged))
        await self._generations.on_judged(judged, tx)
        return []

    async def on_failed(self, failed: BacktestFailed, tx: Tx) -> Sequence[Event]:
        """Note why a strategy could not be judged; a failure of an earlier proposal is nobody's."""
        record = await store.find(tx.connection, failed.strategy_id) if failed.strategy_id else None
        if record is not None and failed.caused_by == record.proposed.event_id:
            await store.save_failure(tx, failed)
        await self._generations.on_failed(failed, tx)
        return []

    async def on_verdict_set(self, told: VerdictSet, tx: Tx) -> Sequence[Event]:
        """Keep a person's verdict on a backtest of a strategy; one on a definition that was never submitted is nobody's."""
        record = await store.find(tx.connection, told.strategy_id) if told.strategy_id else None
        if record is not None and record.status != "deleted":
            await store.save_verdict(tx, told)
        return []

    async def on_promote(self, command: PromoteStrategy, tx: Tx) -> Sequence[Event]:
        """Run a strategy at a stage, if the gate lets it."""
        record = await store.get(tx.connection, command.strategy_id)
        promoted = core.promote(record, command)
        await store.save(tx, replace(record, status="promoted", promoted=promoted, step=promoted.step))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, stage=promoted.stage, account=promoted.account)
        return [promoted]

    async def on_retire(self, command: RetireStrategy, tx: Tx) -> Sequence[Event]:
        """Stop a running strategy."""
        record = await store.get(tx.connection, command.strategy_id)
        if record.status != "promoted":
            raise ConflictError(f"{command.strategy_id} is {record.status}, not running", pointer="/strategy_id")
        step = record.step + 1
        await store.save(tx, replace(record, status="retired", step=step))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, status="retired")
        key = command.strategy_id
        return [StrategyRetired.after(command, key=key, strategy_id=key, reason=command.reason, step=step)]

    async def on_delete(self, command: DeleteStrategy, tx: Tx) -> Sequence[Event]:
        """Remove a strategy; one that runs must be retired first."""
        record = await store.get(tx.connection, command.strategy_id)
        if record.status == "promoted":
            raise ConflictError(f"{command.strategy_id} is running", hint="retire it first", pointer="/strategy_id")
        if record.status == "deleted":
            raise ConflictError(f"{command.strategy_id} is deleted already", pointer="/strategy_id")
        step = record.step + 1
        await store.save(tx, replace(record, status="deleted", step=step))
        tx.reply(command.strategy_id, strategy_id=command.strategy_id, status="deleted")
        key = command.strategy_id
        return [StrategyDeleted.after(command, key=key, strategy_id=key, reason=command.reason, step=step)]

    def _hint(self, strategy: Strategy) -> dict[str, str]:
        timeframe = strategy.timeframe
        absent = [symbol for symbol in strategy.symbols if self._catalog.last_open_ms(symbol, timeframe) is None]
        if not absent:
            return {}
        told = f"no {timeframe} bars of {', '.join(absent)[:160]} are stored, so it cannot be judged yet"
        return {"hint": f"{told}: import or watch them, then submit it again"}


def build(settings: Settings, chosen: parts.Parts | None = None) -> Service:
    """Return strategy_gen ready to run; chosen: who reads, writes and knows, where it is not what the settings say."""
    tools = chosen or parts.chosen(settings)
    generations = Generations(
        Stock(settings.catalog_dir, settings.universes_dir), tools.compile_text, tools.writer is not None
    )
    library = Library(tools.knowledge, WallClock())
    keeper = Keeper(generations, Workshop(tools))

    return Service(
        "strategy_gen",
        (*table(StrategyGen(Catalog(settings.catalog_dir), generations)), *generations.table(), *library.table()),
        (*store.MIGRATIONS, *generation_store.MIGRATIONS, CALLS, *library_store.MIGRATIONS),
        tasks=(keeper.keep, library.keep),
        details=tools.sandbox.capabilities,
        close=tools.close,
    )


def table(app: StrategyGen) -> list[On]:
    """Return the rows of a strategy's life; those of generations and of knowledge stand with them."""
    return [
        On(SubmitStrategy, app.on_submit, refusal=app.refused_submit),
        On(ModelTrained, app.on_trained, key="model_id"),
        On(StrategyJudged, app.on_judged, key="strategy_id"),
        On(BacktestFailed, app.on_failed, key="strategy_id"),
        On(VerdictSet, app.on_verdict_set, key="backtest_id"),
        On(PromoteStrategy, app.on_promote, key="strategy_id"),
        On(RetireStrategy, app.on_retire, key="strategy_id"),
        On(DeleteStrategy, app.on_delete, key="strategy_id"),
    ]
