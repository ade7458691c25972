"""The engine again, written for reading: exact decimals, one holding at a time, found by searching the signals.

Shares no code with the engine or with libs/market/fills.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

STEP = Decimal("1e-8")


@dataclass
class Expected:
    """What a run must come to."""

    equity: list[Decimal]
    cash: Decimal
    entries: list[int] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    quantities: list[Decimal] = field(default_factory=list)
    profits: list[Decimal] = field(default_factory=list)


def money(amount: Decimal) -> Decimal:
    return amount.quantize(STEP, ROUND_HALF_UP)


def expected(
    actions: Sequence[int],
    opens: Sequence[float],
    closes: Sequence[float],
    terms: dict[str, float],
    position_mode: bool,
) -> Expected:
    """Return what the engine must find; terms: initial_capital, fraction, fee, slippage."""
    with localcontext() as context:
        context.prec = 60
        return _expected(actions, opens, closes, {k: Decimal(v) for k, v in terms.items()}, position_mode)


def _expected(actions, opens, closes, terms, position_mode):
    leaves = (0, -1) if position_mode else (-1,)
    found = Expected([terms["initial_capital"]] * len(closes), terms["initial_capital"])
    at = 0
    while True:
        decided = next((t for t in range(at, len(actions) - 1) if actions[t] == 1), None)
        if decided is None:
            return found
        entry = decided + 1
        price = Decimal(opens[entry]) * (1 + terms["slippage"])
        quantity = _affordable(money(terms["fraction"] * found.cash), price, terms["fee"])
        if not quantity:
            at = entry
            continue
        cost = money(quantity * price)
        paid = cost + money(cost * terms["fee"])
        found.cash = money(found.cash - paid)
        left = next((t for t in range(entry, len(actions) - 1) if actions[t] in leaves), None)
        until = len(closes) if left is None else left + 1
        for t in range(entry, until):
            found.equity[t] = found.cash + quantity * Decimal(closes[t])
        found.entries.append(entry)
        found.quantities.append(quantity)
        if left is None:
            found.exits.append(-1)
            found.profits.append(money(quantity * Decimal(closes[-1])) - paid)
            return found
        proceeds = money(quantity * Decimal(opens[until]) * (1 - terms["slippage"]))
        got = proceeds - money(proceeds * terms["fee"])
        found.cash = money(found.cash + got)
        found.exits.append(until)
        found.profits.append(got - paid)
        found.equity[until:] = [found.cash] * (len(closes) - until)
        at = until


def _affordable(spend: Decimal, price: Decimal, fee: Decimal) -> Decimal:
    quantity = (spend / price / (1 + fee)).quantize(STEP, ROUND_FLOOR) + 10 * STEP
    while quantity > 0:
        cost = money(quantity * price)
        if cost + money(cost * fee) <= spend:
            return quantity
        quantity -= STEP
    return Decimal(0)
