"""The ledger: every transaction sums to zero, and whatever is traded the books agree with the fills."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from libs.common.errors import PermanentError
from libs.common.events import OrderFilled, PortfolioChanged
from libs.common.values import Side, to_units
from services.executor.ledger import Entry, Trade, Transaction, bought, deposit, sold, sums
from tests.unit.executor.builders import START, bar, decision, fold, of, round_

TRADE = Trade("paper", "BTC", "USD", Decimal("0.5"), Decimal("100.00000001"), Decimal("0.1"))
SYMBOLS = ("BTCUSDT", "ETHUSDT")


def by_bucket(transaction: Transaction) -> dict[tuple[str, str], int]:
    return {(entry.asset, entry.bucket): entry.units for entry in transaction.entries}


def test_buy_moves_cost_and_fee_out_of_cash_and_the_quantity_into_the_holding() -> None:
    assert by_bucket(bought("t", START, TRADE)) == {
        ("BTC", "holding"): 50_000_000,
        ("BTC", "market"): -50_000_000,
        ("USD", "cash"): -10_010_000_001,
        ("USD", "market"): 10_000_000_001,
        ("USD", "fees"): 10_000_000,
    }


def test_sell_moves_cost_less_fee_into_cash() -> None:
    moved = by_bucket(sold("t", START, TRADE))
    assert moved["USD", "cash"] == 9_990_000_001
    assert moved["BTC", "holding"] == -50_000_000


def test_deposit_comes_out_of_equity() -> None:
    moved = by_bucket(deposit("t", START, "paper", "USD", Decimal(10)))
    assert moved == {("USD", "cash"): 1_000_000_000, ("USD", "equity"): -1_000_000_000}


def test_transaction_that_does_not_sum_to_zero_cannot_exist() -> None:
    with pytest.raises(PermanentError) as raised:
        Transaction("t", START, (Entry("paper", "USD", "cash", 5), Entry("paper", "USD", "equity", -4)))
    assert raised.value.code == "ledger.unbalanced"


class Books(RuleBasedStateMachine):
    """Trade at random; the journal must always tell the same story as the state."""

    @initialize()
    def start(self) -> None:
        self.number = 0
        self.journal: list[Transaction] = []
        self.fills: list[OrderFilled] = []
        self.books: list[PortfolioChanged] = []
        self.prices = dict.fromkeys(SYMBOLS, 100.0)
        self.state, _ = fold([])

    @rule(
        moves=st.tuples(*(st.floats(0.5, 2.0) for _ in SYMBOLS)),
        asked=st.lists(
            st.tuples(
                st.sampled_from(SYMBOLS),
                st.sampled_from(Side),
                st.sampled_from(("paper", "other")),
                st.integers(1, 12_000 * 10**8),
            ),
            max_size=3,
        ),
    )
    def a_round(self, moves: tuple[float, ...], asked: list[tuple[str, Side, str, int]]) -> None:
        self.number += 1
        messages: list[object] = []
        for symbol, move in zip(SYMBOLS, moves, strict=True):
            opened = self.prices[symbol]
            self.prices[symbol] = opened * move
            messages.append(bar(self.number, symbol, open=opened, close=self.prices[symbol]))
        for rank, (symbol, side, account, units) in enumerate(asked, start=1):
            amount = Decimal(units) / 10**8 if side is Side.BUY else None
            price = self.prices[symbol]
            extra: dict[str, Any] = {"rank": rank, "account": account, "price": price, "quote_amount": amount}
            messages.append(decision(self.number, symbol, side, **extra))
        messages.append(round_(self.number, len(asked)))
        self.state, out = fold(messages, state=self.state)
        self.journal += out.transactions
        self.fills += out.fills
        self.books += of(PortfolioChanged, out.events)

    @invariant()
    def journal_sums_to_the_state(self) -> None:
        entries = [e for transaction in self.journal for e in transaction.entries]
        totals = sums(((e.account, e.asset, e.bucket), e.units) for e in entries)
        assert all(units >= 0 for key, units in totals.items() if key[2] in ("cash", "holding"))
        for name, account in self.state.accounts.items():
            assert totals[name, "USD", "cash"] == to_units(account.cash)
            assert totals.get((name, "USD", "fees"), 0) == to_units(account.fees)
        held = {(h.account, h.symbol.removesuffix("USDT")): to_units(h.quantity) for h in self.state.holdings.values()}
        assert held == {key[:2]: units for key, units in totals.items() if key[2] == "holding" and units}

    @invariant()
    def fills_sum_to_the_positions(self) -> None:
        signed = sums(
            ((f.account, f.symbol), to_units(f.quantity) * (1 if f.side == "buy" else -1)) for f in self.fills
        )
        held = {key: to_units(h.quantity) for key, h in self.state.holdings.items()}
        assert held == {key: units for key, units in signed.items() if units}

    @invariant()
    def equity_is_what_was_put_in_and_what_was_won(self) -> None:
        assert all(b.equity - b.initial_cash == b.realized_pnl + b.open_pnl for b in self.books)
        assert len({b.event_id for b in self.books}) == len(self.books)


Books.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
test_books_at_random_balance_to_the_last_unit = Books.TestCase
