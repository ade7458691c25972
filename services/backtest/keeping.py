"""What the handlers do in their transaction: store a result with its try and its boundary, count a known one, answer."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Tx
from libs.common.commands import RunBacktest, SetVerdict
from libs.common.errors import BadInputError, NotFoundError
from libs.common.messages import Message
from services.backtest import store, told, trials_store
from services.backtest.core.job import Summary
from services.backtest.runner import Done


@dataclass(frozen=True)
class Again:
    """A command whose result is known already; it counts as a try of the family that asked, too."""

    known: Summary
    family_id: str


async def keep(tx: Tx, done: Done, cause: Message) -> Summary:
    """Store a result, its try and its family's boundary; return the result with the twin it has, if any."""
    summary, connection = done.summary, tx.connection
    twin = await trials_store.find_twin(connection, summary.signal_hash, summary.code_hash)
    summary = replace(summary, duplicate_of=twin)
    if done.holdout is not None:
        await trials_store.save_holdout(connection, done.holdout)
    source = trials_store.Source(
        cause.event_id, summary.purpose, done.shown_until_ms, summary.strategy_id, summary.backtest_id
    )
    await trials_store.add_trial(connection, done.trial, source)
    await store.save_backtest(connection, summary, cause.at)
    return summary


async def count_again(tx: Tx, again: Again, command: RunBacktest) -> None:
    """Count a result that another family was told as a try of this one, too."""
    if again.known.family_id != again.family_id:
        source = trials_store.Source(
            command.event_id, again.known.purpose, 0, again.known.strategy_id, again.known.backtest_id
        )
        await trials_store.lend_trial(tx.connection, again.family_id, source, command.at)


async def reply(tx: Tx, summary: Summary, *, known: bool) -> None:
    """Answer a command with a result; known: it was not run for it."""
    verdict_set = await trials_store.find_verdict(tx.connection, summary.backtest_id)
    tx.reply(summary.backtest_id, **told.answer(summary, verdict_set, known=known))


async def named(connection: AsyncConnection, command: SetVerdict) -> Summary:
    """Return the backtest a verdict is set on; raises BadInputError, NotFoundError."""
    if command.backtest_id is not None:
        found = await store.find_backtest(connection, command.backtest_id)
        if found is not None and command.code_hash not in (None, found.code_hash):
            found = None
        name, pointer = command.backtest_id, "/backtest_id"
    elif command.code_hash is not None:
        found = await store.find_by_code(connection, command.code_hash)
        name, pointer = command.code_hash, "/code_hash"
    else:
        raise BadInputError(
            "the command names no backtest",
            code="backtest.unnamed",
            pointer="/backtest_id",
            hint="give backtest_id or code_hash",
        )
    if found is None:
        raise NotFoundError(f"no backtest {name}", code="backtest.unknown", pointer=pointer)
    return found
