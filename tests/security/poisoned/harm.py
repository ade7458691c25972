"""What must hold after any poisoned generation, whatever was written, read or answered."""

from decimal import Decimal

from libs.common.events import AttemptMade, StrategyProposed
from libs.common.values import from_units
from tests.security.poisoned.lab import COST, DAY_USD, FACTS, JOB_USD, Lab, leaks

_FIELDS = {"kind": "python.signals", "symbols": ("BTCUSDT",), "allow_short": False, "rules": None}


def unharmed(opened: Lab, logged: str) -> None:
    """Fail unless a generation published declared facts only, spent what its calls cost and no more, and gave no secret away."""
    assert {subject for subject in opened.subjects() if not subject.startswith("answers.")} <= set(FACTS)
    assert not list(leaks(opened.folder, opened.desk.published, opened.model.bodies, logged))
    _spent(opened)
    for proposed in opened.desk.facts(StrategyProposed):
        assert {name: getattr(proposed, name) for name in _FIELDS} == _FIELDS
        assert proposed.origin in ("llm", "compiler")
    assert sorted(path.name for path in opened.folder.iterdir() if "db" not in path.suffix) == sorted(
        name for name in ("catalog", "index", "knowledge", "shared") if (opened.folder / name).exists()
    )


def _spent(opened: Lab) -> None:
    calls = opened.calls()
    assert len(calls) == opened.model.calls
    booked = sum((from_units(cost) for cost, _, _ in calls), Decimal(0))
    assert booked <= JOB_USD <= DAY_USD
    for cost, is_estimated, outcome in calls:
        assert is_estimated == (outcome != "answered")
        assert is_estimated or from_units(cost) == COST
    told = sum(made.cost_usd or 0.0 for made in opened.desk.facts(AttemptMade))
    assert abs(Decimal(str(told)) - booked) < Decimal("1e-7")
