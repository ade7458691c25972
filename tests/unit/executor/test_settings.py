"""Settings: read from the environment, refused when they make no sense, and able to lift every limit."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.executor.settings import Settings


def test_settings_from_the_environment_become_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_ORDER_FRACTION", "1.0"), ("MAX_OPEN_POSITIONS", "0"), ("INITIAL_CASH", "500")):
        monkeypatch.setenv(f"SENTINEL_{name}", value)
    rules = Settings().rules()
    assert (rules.limits.order_fraction, rules.limits.open_positions, rules.initial_cash) == (1.0, 0, Decimal(500))
    assert (rules.limits.position_fraction, rules.limits.daily_loss, rules.costs.fee) == (0.25, 0.03, 0.001)


@pytest.mark.parametrize(
    "wrong", [{"max_order_fraction": 0}, {"price_collar": 1.5}, {"initial_cash": 0}, {"paper_fee": float("nan")}]
)
def test_settings_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)  # type: ignore[arg-type]
