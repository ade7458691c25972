"""The executor on the bus: what arrives is folded into the state, and every step that became possible is taken.

Paper accounts only. A handler returns the facts of its step; the record is written in the same transaction.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.common.bus import On, Outlet, Service, Tx
from libs.common.clock import Clock, WallClock
from libs.common.commands import Command, HaltTrading, ReduceTrading, ResumeTrading
from libs.common.events import (
    BarClosed,
    ControlChanged,
    DecisionMade,
    Event,
    RoundDecided,
    StrategyDeleted,
    StrategyPromoted,
    StrategyRetired,
)
from libs.common.events.executor import TradingState
from services.executor import store
from services.executor.core import groups
from services.executor.core.books import open_account
from services.executor.core.orders import check_round, group_of
from services.executor.core.stage import Bar
from services.executor.core.state import Outcome, Rules, State
from services.executor.recovery import has_control, has_order_of, load
from services.executor.settings import Settings
from services.executor.tables import MIGRATIONS

LOG = logging.getLogger("sentinel.executor")


@dataclass(frozen=True)
class Executor:
    """Decide whether an order may leave, and book what happened to it."""

    rules: Rules
    clock: Clock = field(default_factory=WallClock)

    async def on_bar(self, event: BarClosed, tx: Tx) -> Sequence[Event]:
        """Stage the bar, and close the groups it completes; raises BadInputError for a time no calendar can work with."""
        bar = Bar.of(event)
        state = groups.take_bar(tx.state, bar)
        if state is tx.state:
            return ()
        store.save_bar(tx, bar)
        return self._go_on(tx, state)

    async def on_decision(self, decision: DecisionMade, tx: Tx) -> Sequence[Event]:
        """Keep the decision for its round; one that cannot be carried out counts there too, and is refused."""
        before: State = tx.state
        if groups.is_over(before, group_of(decision)) and await has_order_of(tx.connection, decision.event_id):
            return ()
        state, refused = groups.take_decision(before, decision)
        return self._go_on(tx, state, refused)

    async def on_round(self, decided: RoundDecided, tx: Tx) -> Sequence[Event]:
        """Note how many decisions the round has, and place them if they are all here; raises BadInputError for absurd counts."""
        check_round(decided)
        state = groups.take_round(tx.state, decided)
        if state is tx.state:
            return ()
        return self._go_on(tx, state)

    async def on_promoted(self, promoted: StrategyPromoted, tx: Tx) -> Sequence[Event]:
        """Open the account the strategy trades in."""
        return self._go_on(tx, *open_account(tx.state, promoted.account, promoted.at, self.rules))

    async def on_gone(self, event: StrategyRetired | StrategyDeleted, tx: Tx) -> Sequence[Event]:
        """Cancel what the strategy was about to buy."""
        state, canceled = groups.retire(tx.state, event.strategy_id)
        return self._go_on(tx, state, canceled) if canceled.orders else ()

    async def on_halt(self, command: HaltTrading, tx: Tx) -> Sequence[Event]:
        """Let nothing leave any more."""
        return self._set_trading(command, command.reason, "halted", tx)

    async def on_reduce(self, command: ReduceTrading, tx: Tx) -> Sequence[Event]:
        """Let only exits leave."""
        return self._set_trading(command, command.reason, "reducing", tx)

    async def on_resume(self, command: ResumeTrading, tx: Tx) -> Sequence[Event]:
        """Trade again."""
        return self._set_trading(command, command.reason, "trading", tx)

    async def announce(self, outlet: Outlet) -> None:
        """Say once, at the very first start, that trading is on; afterwards only changes are told."""

        async def say(tx: Tx) -> None:
            if not await has_control(tx.connection):
                control = ControlChanged.first(key="first", at=self.clock.now(), state="trading", reason="first start")
                store.save_control(tx, control)
                tx.emit(control)

        await outlet.commit(say)

    def _set_trading(self, command: Command, reason: str, trading: TradingState, tx: Tx) -> Sequence[Event]:
        control = ControlChanged.after(command, state=trading, reason=reason, changed_by=command.asked_by)
        state, canceled = groups.set_trading(tx.state, trading)
        store.save_control(tx, control)
        tx.reply(control.event_id, state=trading, canceled_orders=len(canceled.orders))
        return (control, *self._go_on(tx, state, canceled))

    def _go_on(self, tx: Tx, state: State, outcome: Outcome | None = None) -> Sequence[Event]:
        after, steps = groups.close_ready_groups(state, self.rules)
        total = (outcome or Outcome()) + steps
        for alarm in total.alarms:
            LOG.error(alarm)
        store.save_step(tx, tx.state, after, total)
        tx.state = after
        return total.events


def table(app: Executor) -> tuple[On, ...]:
    """Return the whole service."""
    return (
        On(BarClosed, app.on_bar, key="symbol", remember=False),
        On(DecisionMade, app.on_decision, key="symbol"),
        On(RoundDecided, app.on_round, key="timeframe"),
        On(StrategyPromoted, app.on_promoted),
        On(StrategyRetired, app.on_gone),
        On(StrategyDeleted, app.on_gone),
        On(HaltTrading, app.on_halt),
        On(ReduceTrading, app.on_reduce),
        On(ResumeTrading, app.on_resume),
    )


def build(settings: Settings) -> Service:
    """Return the service, made of real things."""
    app = Executor(settings.rules())
    return Service("executor", table(app), MIGRATIONS, load, (app.announce,))
