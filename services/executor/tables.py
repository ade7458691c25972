"""The executor's tables. Times are epoch milliseconds, settled amounts whole hundred-millionths.

`journal` is the record of every movement; `balances` are its sums, kept in the same transaction and never negative.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from libs.common.db import Time, Units, create

METADATA = MetaData()

CONTROL = Table(
    "control",
    METADATA,
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("event_id", String, nullable=False),
)

GROUPS = Table(
    "closed_groups",
    METADATA,
    Column("timeframe", String, primary_key=True),
    Column("closed_at", Time, nullable=False),
    Column("awaiting", Boolean, nullable=False),
    Column("simulated", Boolean, nullable=False),
)

BARS = Table(
    "staged_bars",
    METADATA,
    Column("timeframe", String, primary_key=True),
    Column("close_time", Time, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("open_time", Time, nullable=False),
    Column("open", Float, nullable=False),
    Column("close", Float, nullable=False),
    Column("simulated", Boolean, nullable=False),
)

ROUNDS = Table(
    "staged_rounds",
    METADATA,
    Column("timeframe", String, primary_key=True),
    Column("at", Time, primary_key=True),
    Column("decisions", Integer, nullable=False),
)

DECISIONS = Table(
    "staged_decisions",
    METADATA,
    Column("decision_id", String, primary_key=True),
    Column("timeframe", String, nullable=False),
    Column("at", Time, nullable=False),
    Column("body", Text, nullable=False),
    Index("staged_decisions_by_round", "timeframe", "at"),
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account", String, primary_key=True),
    Column("initial", Units, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("day", Integer, nullable=False),
    Column("day_equity", Units, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("realized", Units, nullable=False),
    Column("fees", Units, nullable=False),
    Column("fill_count", Integer, nullable=False),
)

POSITIONS = Table(
    "positions",
    METADATA,
    Column("account", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("strategy_id", String, nullable=False),
    Column("timeframe", String, nullable=False),
    Column("quantity", Units, nullable=False),
    Column("entry_price", Float, nullable=False),
    Column("cost", Units, nullable=False),
    Column("fee", Units, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("last_price", Float, nullable=False),
    CheckConstraint("quantity > 0"),
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("decision_id", String, nullable=False, unique=True),
    Column("event_id", String, nullable=False),
    Column("root_id", String, nullable=False),
    Column("account", String, nullable=False),
    Column("strategy_id", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("timeframe", String, nullable=False),
    Column("side", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("requested", Units),
    Column("quote_amount", Units),
    Column("quantity", Units),
    Column("at", Time, nullable=False),
    Column("reason", Text, nullable=False),
    Column("confidence", Float),
    Column("simulated", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("filled_quantity", Units, nullable=False),
    Column("code", String),
    Column("detail", Text),
    Column("ended_at", Time),
    Column("missed", Integer, nullable=False),
    Index("orders_by_state", "state"),
    Index("orders_by_time", "at"),
)

FILLS = Table(
    "fills",
    METADATA,
    Column("venue", String, nullable=False),
    Column("trade_id", String, nullable=False),
    Column("caused_by", String, nullable=False),
    Column("root_id", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("decision_id", String, nullable=False),
    Column("strategy_id", String, nullable=False),
    Column("account", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("timeframe", String, nullable=False),
    Column("side", String, nullable=False),
    Column("at", Time, nullable=False),
    Column("quantity", Units, nullable=False),
    Column("price", Float, nullable=False),
    Column("cost", Units, nullable=False),
    Column("fee", Units, nullable=False),
    Column("fee_asset", String, nullable=False),
    Column("entry_price", Float),
    Column("entry_at", Time),
    Column("realized_pnl", Units),
    Column("simulated", Boolean, nullable=False),
    UniqueConstraint("venue", "trade_id"),
    Index("fills_by_account", "account", "at"),
)

JOURNAL = Table(
    "journal",
    METADATA,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    Column("transaction_id", String, nullable=False),
    Column("account", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("bucket", String, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("at", Time, nullable=False),
    UniqueConstraint("transaction_id", "account", "asset", "bucket"),
)

BALANCES = Table(
    "balances",
    METADATA,
    Column("account", String, primary_key=True),
    Column("asset", String, primary_key=True),
    Column("bucket", String, primary_key=True),
    Column("units", BigInteger, nullable=False),
    CheckConstraint("units >= 0", name="never_negative"),
)

MIGRATIONS = [create(METADATA)]
