"""The books of the accounts: opening one, booking a fill, marking holdings, and the facts that show them.

Equity = cash + holdings at their last price; equity - initial cash = realized + open result, to the last unit.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

from libs.common.events import OrderFilled, PortfolioChanged, Position
from libs.common.values import Side, base_asset, derive_id
from services.executor import ledger
from services.executor.core.money import CASH, LARGEST, ZERO, is_payable, settled
from services.executor.core.stage import Group
from services.executor.core.state import Account, Holding, Outcome, Rules, State
from services.executor.risk import has_lost_the_day
from services.executor.venues import paper

PAPER = "paper"
"""The account that is always there."""


def open_account(state: State, name: str, at: datetime, rules: Rules) -> tuple[State, Outcome]:
    """Return the state with the account; opening one that exists changes nothing.

    at: when it is opened, by any clock; the account's own day begins with the first group that closes after it.
    While a round is awaited the account's books of that time are published at once, because the round waits for them.
    """
    if name in state.accounts:
        return state, Outcome()
    cash = settled(rules.initial_cash)
    account = Account(name, cash, cash, cash, date.min, cash, at)
    deposit = ledger.deposit(derive_id("", "Deposit", name), at, name, CASH, cash)
    state = replace(state, accounts={**state.accounts, name: account})
    facts = (portfolio(state, account, state.awaiting),) if state.awaiting else ()
    return state, Outcome(events=facts, transactions=(deposit,))


def is_bookable(state: State, fill: OrderFilled) -> bool:
    """Tell whether the fill can be booked: cash stays above 0, and no sum of the account outgrows what a column holds."""
    account = state.accounts[fill.account]
    if fill.side is Side.BUY:
        held = [h for h in state.holdings.values() if h.account == fill.account]
        asset = base_asset(fill.symbol)
        quantity = sum((h.quantity for h in held if base_asset(h.symbol) == asset), fill.quantity)
        return is_payable(fill.symbol) and fill.cost + fill.fee <= account.cash and quantity <= LARGEST
    rest = (h for key, h in state.holdings.items() if h.account == fill.account and key[1] != fill.symbol)
    equity = account.cash + fill.cost - fill.fee + holdings_value(rest).get(fill.account, ZERO)
    realized = account.realized + (fill.realized_pnl or ZERO)
    return max(equity, abs(realized), account.fees + fill.fee) <= LARGEST


def book(state: State, fill: OrderFilled) -> tuple[State, Outcome]:
    """Return the state after a fill, and the ledger's transaction of it."""
    account = state.accounts[fill.account]
    key = (fill.account, fill.symbol)
    holdings = dict(state.holdings)
    trade = ledger.Trade(fill.account, base_asset(fill.symbol), CASH, fill.quantity, fill.cost, fill.fee)
    if fill.side is Side.BUY:
        cash = account.cash - fill.cost - fill.fee
        holdings[key] = _bought(fill)
        transaction = ledger.bought(fill.event_id, fill.at, trade)
    else:
        cash = account.cash + fill.cost - fill.fee
        del holdings[key]
        transaction = ledger.sold(fill.event_id, fill.at, trade)
    account = replace(
        account,
        cash=cash,
        fees=account.fees + fill.fee,
        realized=account.realized + (fill.realized_pnl or ZERO),
        fill_count=account.fill_count + 1,
    )
    state = replace(state, accounts={**state.accounts, fill.account: account}, holdings=holdings)
    return state, Outcome(fills=(fill,), transactions=(transaction,))


def mark(state: State, group: Group, rules: Rules) -> tuple[State, Outcome]:
    """Return the state with the holdings of the group's timeframe at its closes, and every account's equity and day.

    A close that would make an account worth more than books can hold is no price: the holding keeps its last one, with an alarm.
    """
    bars = state.closed[group.timeframe].bars
    values = holdings_value(state.holdings.values())
    equity = {name: account.cash + values.get(name, ZERO) for name, account in state.accounts.items()}
    holdings = dict(state.holdings)
    alarms = []
    for key in sorted(state.holdings):
        holding = holdings[key]
        if holding.timeframe is not group.timeframe or holding.symbol not in bars:
            continue
        close = bars[holding.symbol].close
        others = equity[holding.account] - paper.worth(holding.quantity, holding.last_price)
        if not paper.is_worth_less(holding.quantity, close, LARGEST - others):
            alarms.append(
                f"{holding.symbol} of account {holding.account} stays at {holding.last_price}: at its close of {close} "
                f"({group.timeframe}, {group.at.isoformat()}) the account would be worth more than {LARGEST}"
            )
            continue
        equity[holding.account] = others + paper.worth(holding.quantity, close)
        holdings[key] = replace(holding, last_price=close)
    accounts = {name: _marked(account, equity[name], group.at, rules) for name, account in state.accounts.items()}
    return replace(state, holdings=holdings, accounts=accounts), Outcome(alarms=tuple(alarms))


def holdings_value(holdings: Iterable[Holding]) -> dict[str, Decimal]:
    """Return what each account's holdings are worth at their last prices."""
    values: dict[str, Decimal] = {}
    for holding in holdings:
        worth = paper.worth(holding.quantity, holding.last_price)
        values[holding.account] = values.get(holding.account, ZERO) + worth
    return values


def portfolios(state: State, group: Group) -> tuple[PortfolioChanged, ...]:
    """Return the books of every account, by name."""
    return tuple(portfolio(state, state.accounts[name], group) for name in sorted(state.accounts))


def portfolio(state: State, account: Account, group: Group) -> PortfolioChanged:
    """Return the books of one account as of `group`; its id depends on account and group alone."""
    held = sorted((h for h in state.holdings.values() if h.account == account.name), key=lambda h: h.symbol)
    positions = tuple(map(_position, held))
    return PortfolioChanged.first(
        key=f"{account.name}|{group.timeframe}|{group.at.isoformat()}",
        at=group.at,
        account=account.name,
        timeframe=group.timeframe,
        cash=account.cash,
        equity=account.equity,
        positions=positions,
        realized_pnl=account.realized,
        open_pnl=sum((p.open_pnl for p in positions), ZERO),
        fees_paid=account.fees,
        fill_count=account.fill_count,
        initial_cash=account.initial,
        simulated=state.simulated,
    )


def _bought(fill: OrderFilled) -> Holding:
    return Holding(
        account=fill.account,
        symbol=fill.symbol,
        strategy_id=fill.strategy_id,
        timeframe=fill.timeframe,
        quantity=fill.quantity,
        entry_price=fill.price,
        cost=fill.cost,
        fee=fill.fee,
        opened_at=fill.at,
        last_price=fill.price,
    )


def _marked(account: Account, equity: Decimal, at: datetime, rules: Rules) -> Account:
    if _is_another_day(at.date(), account.day):
        start = equity if at.time() == time.min else account.equity
        account = replace(account, day=at.date(), day_equity=start, locked=False)
    locked = account.locked or has_lost_the_day(account.day_equity, equity, rules.limits)
    if (equity, locked) == (account.equity, account.locked):
        return account
    return replace(account, equity=equity, locked=locked)


def _is_another_day(today: date, day: date) -> bool:
    # A bar of yesterday that comes late is of the same trading; one of two days ago means that older history is played.
    return today > day or (day - today).days > 1


def _position(holding: Holding) -> Position:
    return Position(
        symbol=holding.symbol,
        strategy_id=holding.strategy_id,
        timeframe=holding.timeframe,
        quantity=holding.quantity,
        average_price=holding.entry_price,
        last_price=holding.last_price,
        open_pnl=paper.worth(holding.quantity, holding.last_price) - holding.cost - holding.fee,
        opened_at=holding.opened_at,
    )
