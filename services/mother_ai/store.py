"""Mother AI's tables: what must survive her being killed between two rounds."""

from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Tx
from libs.common.db import Time, create, upsert
from libs.common.events import OrderFilled, PortfolioChanged, SignalRaised, StrategyPromoted
from libs.common.values import Timeframe
from services.mother_ai.book import Book, RoundKey, Spoken, Voice
from services.mother_ai.performance import Record

_METADATA = MetaData()

RUNNING = Table(
    "running",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("body", LargeBinary),
)
BARS = Table(
    "last_bars",
    _METADATA,
    Column("timeframe", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("at", Time, nullable=False),
)
SIGNALS = Table(
    "pending_signals",
    _METADATA,
    Column("timeframe", Text, primary_key=True),
    Column("at", Time, primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
SPOKEN = Table(
    "spoken",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, nullable=False),
    Column("at", Time),
    Column("missed", Integer, nullable=False),
)
PORTFOLIOS = Table(
    "portfolios", _METADATA, Column("account", Text, primary_key=True), Column("body", LargeBinary, nullable=False)
)
FILLS = Table(
    "fill_counts", _METADATA, Column("account", Text, primary_key=True), Column("fills", Integer, nullable=False)
)
RECORDS = Table(
    "records",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("closed", Integer, nullable=False),
    Column("wins", Integer, nullable=False),
)
ROUNDS = Table(
    "rounds", _METADATA, Column("timeframe", Text, primary_key=True), Column("decided_at", Time, nullable=False)
)

MIGRATIONS = [create(_METADATA)]

_SAVE_RUNNING = upsert(RUNNING)
_SAVE_BAR = upsert(BARS)
_SAVE_SIGNAL = upsert(SIGNALS)
_SAVE_SPOKEN = upsert(SPOKEN)
_SAVE_PORTFOLIO = upsert(PORTFOLIOS)
_SAVE_FILLS = upsert(FILLS)
_SAVE_RECORD = upsert(RECORDS)
_SAVE_ROUND = upsert(ROUNDS)
_DROP_SIGNALS = delete(SIGNALS).where(
    SIGNALS.c.timeframe == bindparam("tf"), SIGNALS.c.at <= bindparam("t", type_=Time)
)


def save_running(tx: Tx, strategy: StrategyPromoted) -> None:
    """Keep a promoted strategy."""
    tx.later(_SAVE_RUNNING, strategy_id=strategy.strategy_id, step=strategy.step, body=strategy.body())


def drop_running(tx: Tx, strategy_id: str, step: int) -> None:
    """Forget what a strategy was, but not which step of its life ended it."""
    tx.later(_SAVE_RUNNING, strategy_id=strategy_id, step=step, body=None)


def save_bar(tx: Tx, timeframe: Timeframe, symbol: str, at: datetime) -> None:
    """Keep how far a series has come."""
    tx.later(_SAVE_BAR, timeframe=timeframe.value, symbol=symbol, at=at)


def save_signal(tx: Tx, signal: SignalRaised) -> None:
    """Keep a signal until its round is decided."""
    tx.later(
        _SAVE_SIGNAL,
        timeframe=signal.timeframe.value,
        at=signal.at,
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        body=signal.body(),
    )


def save_spoken(tx: Tx, timeframe: Timeframe, voice: Voice, spoken: Spoken) -> None:
    """Keep when a voice was last heard."""
    tx.later(
        _SAVE_SPOKEN,
        strategy_id=voice[0],
        symbol=voice[1],
        timeframe=timeframe.value,
        at=spoken.at,
        missed=spoken.missed,
    )


def save_portfolio(tx: Tx, portfolio: PortfolioChanged) -> None:
    """Keep an account's newest books."""
    tx.later(_SAVE_PORTFOLIO, account=portfolio.account, body=portfolio.body())


def save_fill(tx: Tx, fill: OrderFilled, count: int, record: Record) -> None:
    """Keep what a fill changed."""
    tx.later(_SAVE_FILLS, account=fill.account, fills=count)
    tx.later(_SAVE_RECORD, strategy_id=fill.strategy_id, symbol=fill.symbol, closed=record.closed, wins=record.wins)


def close_round(tx: Tx, key: RoundKey) -> None:
    """Note a round as decided and drop its signals."""
    timeframe, at = key
    tx.later(_SAVE_ROUND, timeframe=timeframe.value, decided_at=at)
    tx.later(_DROP_SIGNALS, tf=timeframe.value, t=at)


async def load(connection: AsyncConnection) -> Book:
    """Return the book as of the last commit."""
    book = Book()
    await _load_strategies(connection, book)
    await _load_rounds(connection, book)
    await _load_accounts(connection, book)
    return book


async def _load_strategies(connection: AsyncConnection, book: Book) -> None:
    for row in await connection.execute(select(RUNNING)):
        book.steps[row.strategy_id] = row.step
        if row.body is not None:
            book.running[row.strategy_id] = StrategyPromoted.model_validate_json(row.body)
    for row in await connection.execute(select(RECORDS)):
        book.records[(row.strategy_id, row.symbol)] = Record(row.closed, row.wins)
    for row in await connection.execute(select(SPOKEN)):
        book.spoken[(row.strategy_id, row.symbol)] = Spoken(row.at, row.missed)
        if row.at is not None:
            _raise_newest(book, Timeframe(row.timeframe), row.at)


async def _load_rounds(connection: AsyncConnection, book: Book) -> None:
    for row in await connection.execute(select(BARS)):
        book.see(Timeframe(row.timeframe), row.symbol, row.at)
    for row in await connection.execute(select(ROUNDS)):
        book.decided[Timeframe(row.timeframe)] = row.decided_at
    for row in await connection.execute(select(SIGNALS.c.body)):
        book.keep(SignalRaised.model_validate_json(row.body))


async def _load_accounts(connection: AsyncConnection, book: Book) -> None:
    for row in await connection.execute(select(PORTFOLIOS.c.body)):
        portfolio = PortfolioChanged.model_validate_json(row.body)
        book.portfolios[portfolio.account] = portfolio
    for row in await connection.execute(select(FILLS)):
        book.fills[row.account] = row.fills


def _raise_newest(book: Book, timeframe: Timeframe, at: datetime) -> None:
    book.newest[timeframe] = max(at, book.newest.get(timeframe, at))
