"""The tables of the read model. Every fact is kept once, whole; the other tables say which fact is current.

All of it can be thrown away and folded again from the bus.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from libs.common.db import Time, create

METADATA = MetaData()

FACTS = Table(
    "facts",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("at", Time, nullable=False),
    Column("symbol", String(32)),
    Column("strategy_id", String(64)),
    Column("account", String(64)),
    Column("ref", String(64), comment="the other name of the thing: order, backtest or job id"),
    Column("tag", String(32), comment="the word people filter by: action, verdict or state"),
    Column("caused_by", String(64)),
    Column("body", Text, nullable=False),
    Index("facts_kind", "kind", "at", "seq"),
    Index("facts_symbol", "kind", "symbol", "at", "seq"),
    Index("facts_strategy", "kind", "strategy_id", "at", "seq"),
    Index("facts_ref", "ref", "kind"),
    Index("facts_cause", "kind", "caused_by"),
    sqlite_autoincrement=True,
)
"""One row a fact, in order of arrival. `at` is the time of the fact."""

ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("symbol", String(32), nullable=False),
    Column("strategy_id", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("rank", Integer, nullable=False, comment="how far the state is in an order's life"),
    Column("decision_id", String(64), nullable=False),
    Column("event_id", String(64), nullable=False, comment="the fact that says its newest state"),
    Index("orders_at", "at", "order_id"),
)
"""The newest state of each order."""

BACKTESTS = Table(
    "backtests",
    METADATA,
    Column("backtest_id", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("symbol", String(32)),
    Column("strategy_id", String(64)),
    Column("verdict", String(16)),
    Column("event_id", String(64), nullable=False, comment="the fact that tells its outcome"),
    Index("backtests_at", "at", "backtest_id"),
)
"""The outcome of each backtest; a run answered as a duplicate does not replace it."""

STRATEGIES = Table(
    "strategies",
    METADATA,
    Column("strategy_id", String(64), primary_key=True),
    Column("proposed_id", String(64)),
    Column("proposed_at", Time),
    Column("judged_id", String(64)),
    Column("judged_at", Time),
    Column("verdict", String(16)),
    Column("promoted_id", String(64)),
    Column("promoted_at", Time),
    Column("stage", String(16)),
    Column("retired_id", String(64)),
    Column("retired_at", Time),
    Column("deleted_id", String(64)),
    Column("deleted_at", Time),
)
"""The newest fact of each kind about a strategy; each kind has its own columns, so their order of arrival does not matter."""

LATEST = Table(
    "latest",
    METADATA,
    Column("kind", String(40), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("body", Text, nullable=False),
)
"""Facts of which only the newest counts: portfolio by account, control by name, feed by watch, job by id."""

EQUITY = Table(
    "equity",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("at", Time, primary_key=True),
    Column("timeframe", String(8), primary_key=True),
    Column("equity", Text, nullable=False),
    Column("cash", Text, nullable=False),
)
"""One point of an account's equity per closed round, decimal strings in the quote asset."""

REQUESTS = Table(
    "requests",
    METADATA,
    Column("command_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Index("requests_at", "at"),
)
"""What was asked under an Idempotency-Key, so that the same key with other words is refused."""

_LATER = MetaData()

DOCUMENTS = Table(
    "documents",
    _LATER,
    Column("document_id", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("domain", String(16), nullable=False),
    Column("document", String(256), nullable=False),
    Column(
        "removed",
        Integer,
        nullable=False,
        comment="1 when it is gone; kept, so that an older fact does not bring it back",
    ),
    Column("body", Text, nullable=False),
    Index("documents_name", "removed", "document", "document_id"),
)
"""The newest fact about each document of the knowledge base."""

MIGRATIONS = [create(METADATA), create(_LATER)]
