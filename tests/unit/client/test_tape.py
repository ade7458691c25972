"""The lines `sentinel up` shows say SIMULATED whenever prices are."""

from decimal import Decimal

from deploy.tape import decision_line, fill_line
from libs.common.events import OrderFilled
from services.mother_ai.core import Heard, Limits, decide
from tests.support.build import bar, hour, portfolio, signal


def fill(**changes: object) -> OrderFilled:
    fields: dict[str, object] = {
        "order_id": "sn-1",
        "decision_id": "d",
        "strategy_id": "s1",
        "account": "paper",
        "venue": "paper",
        "symbol": "BTCUSDT",
        "timeframe": "1h",
        "side": "sell",
        "quantity": Decimal("0.50000000"),
        "price": 40_000.5,
        "cost": Decimal(20_000),
        "fee": Decimal(20),
        "fee_asset": "USDT",
        "realized_pnl": Decimal("-12.345"),
        "reasoning": "r",
        "confidence": 0.5,
        "simulated": True,
        **changes,
    }
    return OrderFilled.first(key="1", at=hour(1), **fields)


def test_fill_of_simulated_prices_says_so() -> None:
    assert fill_line(fill()) == (
        "SIMULATED fill      sell 0.5 BTCUSDT at 40000.5, fee 20.00 USDT, earned -12.34 after fees (paper venue, bar 2024-01-01 01:00)"
    )


def test_fill_of_real_prices_does_not() -> None:
    assert fill_line(fill(simulated=False, realized_pnl=None)).startswith("fill      sell")


def test_decision_line_is_its_reason() -> None:
    heard = Heard(signal(bar(1), simulated=True), 0.6, None)
    (decision,) = decide([heard], {"paper": portfolio(1)}, Limits(), {("s1", "paper")})
    assert decision_line(decision) == f"SIMULATED decision  {decision.reason}"
