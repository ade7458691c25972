"""Rounds: paper time moves one group of bars at a time, in one order whatever order messages come in (`docs/rounds.md`).

Pure. `take_*` fold what arrives; `close_ready_groups` goes as far as what has arrived allows.
"""

from collections.abc import Sequence
from dataclasses import replace

from libs.common.errors import PermanentError
from libs.common.events import DecisionMade, RoundDecided
from libs.common.events.executor import TradingState
from libs.common.values import Side
from services.executor.core.books import PAPER, book, is_bookable, mark, open_account, portfolios
from services.executor.core.orders import ended, execute, flaw_of, group_of, order_of, reported, ruling_on, unbookable
from services.executor.core.stage import Bar, Group
from services.executor.core.state import Closed, Order, Outcome, Rules, State
from services.executor.risk import MINUTE, Ruling, Sent

GROUPS_WITHOUT_A_BAR = 2
"""A pending order expires when this many groups of its timeframe have closed without a bar of its symbol."""


def take_bar(state: State, bar: Bar) -> State:
    """Return the state that knows the bar; the same state if it is a repetition or older than what has closed."""
    closed = state.closed.get(bar.timeframe)
    if state.stage.has_passed(bar) or (closed and bar.close_time < closed.at):
        return state
    if closed and bar.close_time == closed.at:
        late = replace(closed, bars={**closed.bars, bar.symbol: bar})
        return replace(state, stage=state.stage.saw(bar), closed={**state.closed, bar.timeframe: late})
    return replace(state, stage=state.stage.add(bar))


def is_over(state: State, group: Group) -> bool:
    """Tell whether the round of `group` is done with, or will never be."""
    closed = state.closed.get(group.timeframe)
    return closed is not None and group.at <= closed.at and group != state.awaiting


def take_decision(state: State, decision: DecisionMade) -> tuple[State, Outcome]:
    """Return the state that keeps the decision for its round; one that comes after its round is refused."""
    group = group_of(decision)
    if is_over(state, group):
        return state, reported(order_of(decision, _too_late(group)))
    kept = state.decisions.get(group, ())
    if any(other.event_id == decision.event_id for other in kept):
        return state, Outcome()
    return replace(state, decisions={**state.decisions, group: (*kept, decision)}), Outcome()


def take_round(state: State, round_: RoundDecided) -> State:
    """Return the state that knows how many decisions a round has; the same state if the round is over."""
    group = Group(round_.at, round_.timeframe)
    if is_over(state, group) or group in state.rounds:
        return state
    return replace(state, rounds={**state.rounds, group: round_.decisions})


def set_trading(state: State, trading: TradingState) -> tuple[State, Outcome]:
    """Return the state under a new trading state; pending orders that it forbids are cancelled."""
    stopped = [o for o in state.pending if trading == "halted" or (trading == "reducing" and o.side is Side.BUY)]
    return _cancel(replace(state, trading=trading), stopped, f"trading.{trading}", f"trading is {trading}")


def retire(state: State, strategy_id: str) -> tuple[State, Outcome]:
    """Return the state after a strategy has ended: its pending buys are cancelled, its sells and holdings stay.

    What it holds is closed by a decision like any other.
    """
    gone = [o for o in state.pending if o.side is Side.BUY and o.strategy_id == strategy_id]
    return _cancel(state, gone, "strategy.retired", "the strategy ended before its order met a bar")


def close_ready_groups(state: State, rules: Rules) -> tuple[State, Outcome]:
    """Return the state after every round and group that can be finished now, and what that leads to, in order."""
    total = Outcome()
    while True:
        group = state.awaiting
        if group is None:
            group = state.stage.first()
            if group is None or not _can_close(state, group):
                return state, total
            state, outcome = _close(state, group, rules)
        else:
            if not _is_decided(state, group):
                return state, total
            state, outcome = _decide(state, group, rules)
        total += outcome


def _cancel(state: State, orders: Sequence[Order], code: str, detail: str) -> tuple[State, Outcome]:
    now = max((closed.at for closed in state.closed.values()), default=None)
    outcome = Outcome()
    for order in sorted(orders, key=_sequence):
        outcome += reported(ended(order, "canceled", now or order.at, code, detail))
    return replace(state, pending=tuple(order for order in state.pending if order not in orders)), outcome


def _can_close(state: State, group: Group) -> bool:
    if state.stage.may_be_preceded(group, {timeframe: closed.at for timeframe, closed in state.closed.items()}):
        return False
    needed = {h.symbol for h in state.holdings.values() if h.timeframe is group.timeframe}
    needed |= {order.symbol for order in state.pending if order.timeframe is group.timeframe}
    return all(state.stage.is_known(symbol, group) for symbol in needed)


def _is_decided(state: State, group: Group) -> bool:
    count = state.rounds.get(group)
    decisions = state.decisions.get(group, ())
    if count is None or len(decisions) < count:
        return False
    return all(state.stage.is_known(decision.symbol, group) for decision in decisions)


def _decide(state: State, group: Group, rules: Rules) -> tuple[State, Outcome]:
    state = replace(state, sent=tuple(sent for sent in state.sent if abs(group.at - sent.at) < MINUTE))
    outcome = Outcome()
    decisions = state.decisions.get(group, ())
    for decision in sorted(decisions, key=lambda d: (d.rank, d.symbol, d.account, d.event_id)):
        flaw = flaw_of(decision)
        if flaw:
            outcome += reported(order_of(decision, flaw))
            continue
        state, opened = open_account(state, decision.account, group.at, rules)
        state, placed = _place(state, decision, rules)
        outcome = outcome + opened + placed
    return replace(_forget(state, [group]), awaiting=None), outcome


def _place(state: State, decision: DecisionMade, rules: Rules) -> tuple[State, Outcome]:
    ruling = ruling_on(decision, state, rules.limits)
    holding = state.holdings.get((decision.account, decision.symbol))
    selling = holding.quantity if holding and decision.action is Side.SELL else None
    order = order_of(decision, ruling, selling)
    if order.state == "intent":
        sent = Sent(order.account, order.at, order.symbol, order.side, order.requested)
        state = replace(state, pending=(*state.pending, order), sent=(*state.sent, sent))
    return state, reported(order)


def _close(state: State, group: Group, rules: Rules) -> tuple[State, Outcome]:
    bars = state.stage.bars(group)
    state, outcome = open_account(state, PAPER, group.at, rules)
    state, skipped = _give_up_before(state, group)
    outcome += skipped
    state = replace(
        state,
        stage=state.stage.without(group),
        closed={**state.closed, group.timeframe: Closed(group.at, bars)},
        simulated=any(bar.simulated for bar in bars.values()),
    )
    for order in sorted(state.pending, key=_sequence):
        if order.timeframe is group.timeframe:
            state, met = _meet(state, order, bars.get(order.symbol), group, rules)
            outcome += met
    state, marked = mark(state, group, rules)
    state = replace(state, awaiting=group)
    return state, outcome + marked + Outcome(events=portfolios(state, group))


def _give_up_before(state: State, group: Group) -> tuple[State, Outcome]:
    known = {*state.rounds, *state.decisions}
    over = sorted(g for g in known if g.timeframe is group.timeframe and g.at < group.at)
    orders = [order_of(decision, _too_late(g)) for g in over for decision in state.decisions.get(g, ())]
    outcome = Outcome()
    for order in sorted(orders, key=_sequence):
        outcome += reported(order)
    return _forget(state, over), outcome


def _forget(state: State, groups: Sequence[Group]) -> State:
    rounds = {g: count for g, count in state.rounds.items() if g not in groups}
    waiting = {g: kept for g, kept in state.decisions.items() if g not in groups}
    return replace(state, rounds=rounds, decisions=waiting)


def _too_late(group: Group) -> Ruling:
    return Ruling(None, "round.closed", f"the round of {group.at.isoformat()} is over")


def _meet(state: State, order: Order, bar: Bar | None, group: Group, rules: Rules) -> tuple[State, Outcome]:
    others = tuple(other for other in state.pending if other.order_id != order.order_id)
    if bar is None and order.missed + 1 < GROUPS_WITHOUT_A_BAR:
        waiting = replace(order, missed=order.missed + 1)
        return replace(state, pending=(*others, waiting)), Outcome(orders=(waiting,))
    state = replace(state, pending=others)
    if bar is None:
        detail = f"{GROUPS_WITHOUT_A_BAR} bar times passed without a bar of the symbol"
        return state, reported(ended(order, "expired", group.at, "order.no_bar", detail))
    try:
        return _trade(state, order, bar, rules)
    except (ArithmeticError, ValueError, PermanentError) as error:
        # All accounts wait for this group: what is wrong with one order must end that order, not time.
        detail = f"{type(error).__name__}: {str(error)[:400]}"
        failed = reported(ended(order, "rejected", bar.open_time, "order.failed", detail))
        return state, failed + Outcome(alarms=(f"order {order.order_id} of {order.symbol} failed: {detail}",))


def _trade(state: State, order: Order, bar: Bar, rules: Rules) -> tuple[State, Outcome]:
    done, fill = execute(order, bar, state.holdings.get((order.account, order.symbol)), rules.costs)
    if fill is None:
        return state, reported(done)
    if not is_bookable(state, fill):
        return state, reported(unbookable(order, bar))
    state, booked = book(state, fill)
    return state, Outcome(events=(fill,)) + booked + reported(done)


def _sequence(order: Order) -> tuple[object, ...]:
    return order.at, order.timeframe.seconds, order.rank, order.symbol, order.account, order.order_id
