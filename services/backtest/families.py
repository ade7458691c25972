"""What is known of research families while backtests run: their stored tries, and those under way.

Decides that of two runs of one family that go on at once each counts the other: a try counts from the moment it was made, not from when
it was stored. What is under way is forgotten by a crash, and so is its result, which then is made anew.
"""

import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.common.db import classified
from services.backtest import trials_store
from services.backtest.core.evidence.holdout import Holdout, fix
from services.backtest.core.evidence.trials import Trial
from services.backtest.core.values import Times

DAYS = 90
"""A try counts for so long, and so long a boundary stands before the next proposal fixes a new one."""

REMEMBERED = 256
"""Runs under way that are remembered; a service has a few dozen in hand."""


@dataclass(frozen=True)
class Family:
    """A family as a run that was asked for at `at` finds it.

    cause_id: of the proposal or command. trials: stored tries of the last 90 days. holdout: the boundary in force. shown: how far anyone
    has seen; see `trials_store.Shown`.
    """

    family_id: str
    at: datetime
    cause_id: str = ""
    trials: tuple[Trial, ...] = ()
    holdout: Holdout | None = None
    shown: tuple[trials_store.Shown, ...] = ()

    @property
    def since(self) -> datetime:
        """Return from when on tries count."""
        return self.at - timedelta(days=DAYS)

    def is_seen(self, holdout: Holdout, strategy_id: str | None) -> bool:
        """Tell whether someone has looked past the boundary: a person, or the promotion check of another strategy."""
        return any(
            shown.until_ms >= holdout.boundary_ms and not (shown.is_check and shown.strategy_id == strategy_id)
            for shown in self.shown
        )


class UnderWay:
    """Tries and boundaries of runs that are not stored yet; safe to use from the threads that run them."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._trials: OrderedDict[str, Trial] = OrderedDict()
        self._holdouts: dict[str, Holdout] = {}

    def enter(self, family: Family, own: Trial) -> tuple[Trial, ...]:
        """Note a try, and return all of its family: stored ones, and those that were entered before and may not be stored yet."""
        with self._lock:
            others = [
                trial
                for cause, trial in self._trials.items()
                if cause != family.cause_id and trial.family_id == own.family_id and trial.at >= family.since
            ]
            self._trials[family.cause_id] = own
            while len(self._trials) > REMEMBERED:
                self._trials.popitem(last=False)
        return (*family.trials, *others)

    def standing(self, family: Family) -> Holdout | None:
        """Return the newest boundary of a family, stored or about to be."""
        with self._lock:
            return self._newest(family)

    def boundary(self, family: Family, times: Times) -> Holdout:
        """Return the family's boundary, fixed now on bars that open at `times` if there is none in force; it never moves back."""
        with self._lock:
            known = self._newest(family)
            if known is not None and is_in_force(known, family.at):
                return known
            fixed = fix(family.family_id, times, family.at)
            if known is not None and fixed.boundary_ms < known.boundary_ms:
                fixed = replace(fixed, boundary_ms=known.boundary_ms)
            self._holdouts[family.family_id] = fixed
            return fixed

    def _newest(self, family: Family) -> Holdout | None:
        known = (family.holdout, self._holdouts.get(family.family_id))
        return max((each for each in known if each is not None), key=lambda each: each.fixed_at, default=None)


def is_in_force(holdout: Holdout, at: datetime) -> bool:
    """Tell whether a boundary still stands for a proposal made `at`."""
    return at - holdout.fixed_at <= timedelta(days=DAYS)


class Families:
    """Reads families outside of transactions, on the engine the service was loaded with."""

    def __init__(self) -> None:
        """Know no engine before `load`."""
        self._engine: AsyncEngine | None = None
        self.under_way = UnderWay()

    def load(self, connection: AsyncConnection) -> None:
        """Take the engine of `connection`, which only reads."""
        self._engine = connection.engine

    async def find(self, family_id: str, at: datetime, cause_id: str) -> Family:
        """Return a family as of now; raises StoreUnavailableError."""
        empty = Family(family_id, at, cause_id)
        if self._engine is None:
            return empty
        async with self.read() as connection:
            return replace(
                empty,
                trials=await trials_store.list_trials(connection, family_id, since=empty.since),
                holdout=await trials_store.find_holdout(connection, family_id),
                shown=await trials_store.list_shown(connection, family_id),
            )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a read transaction; raises StoreUnavailableError where the database does."""
        assert self._engine is not None
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (DBAPIError, OSError) as error:
            raise classified(error) from error
