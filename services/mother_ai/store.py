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
    "running", _METADATA, Column("strategy_id", Text, primary_key=True), Column("body", LargeBinary, nullable=False)
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
_SAVE_SIGNAL = upsert(SIGNALS)
_SAVE_SPOKEN = upsert(SPOKEN)
_SAVE_PORTFOLIO = upsert(PORTFOLIOS)
_SAVE_FILLS = upsert(FILLS)
_SAVE_RECORD = upsert(RECORDS)
_SAVE_ROUND = upsert(ROUNDS)
_DROP_RUNNING = delete(RUNNING).where(RUNNING.c.strategy_id == bindparam("key"))
_DROP_SIGNALS = delete(SIGNALS).where(
    SIGNALS.c.timeframe == bindparam("tf"), SIGNALS.c.at <= bindparam("t", type_=Time)
)


def save_running(tx: Tx, strategy: StrategyPromoted) -> None:
    """Keep a promoted strategy."""
    tx.later(_SAVE_RUNNING, strategy_id=strategy.strategy_id, body=strategy.body())


def drop_running(tx: Tx, strategy_id: str) -> None:
    """Forget a strategy that no longer runs."""
    tx.later(_DROP_RUNNING, key=strategy_id)


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


def save_spoken(tx: Tx, voice: Voice, spoken: Spoken) -> None:
    """Keep when a voice was last heard."""
    tx.later(_SAVE_SPOKEN, strategy_id=voice[0], symbol=voice[1], at=spoken.at, missed=spoken.missed)


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
    for row in await connection.execute(select(RUNNING.c.body)):
        strategy = StrategyPromoted.model_validate_json(row.body)
        book.running[strategy.strategy_id] = strategy
    for row in await connection.execute(select(SIGNALS.c.body)):
        signal = SignalRaised.model_validate_json(row.body)
        book.signals.setdefault((signal.timeframe, signal.at), {})[(signal.strategy_id, signal.symbol)] = signal
        _raise_newest(book, signal.timeframe, signal.at)
    for row in await connection.execute(select(SPOKEN)):
        book.spoken[(row.strategy_id, row.symbol)] = Spoken(row.at, row.missed)
    for row in await connection.execute(select(PORTFOLIOS.c.body)):
        portfolio = PortfolioChanged.model_validate_json(row.body)
        book.portfolios[portfolio.account] = portfolio
    for row in await connection.execute(select(FILLS)):
        book.fills[row.account] = row.fills
    for row in await connection.execute(select(RECORDS)):
        book.records[(row.strategy_id, row.symbol)] = Record(row.closed, row.wins)
    for row in await connection.execute(select(ROUNDS)):
        book.decided[Timeframe(row.timeframe)] = row.decided_at
        _raise_newest(book, Timeframe(row.timeframe), row.decided_at)
    return book


def _raise_newest(book: Book, timeframe: Timeframe, at: datetime) -> None:
    book.newest[timeframe] = max(at, book.newest.get(timeframe, at))
