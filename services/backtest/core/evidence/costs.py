"""What is left when trading costs twice as much: an edge that lives on the assumed costs is not one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from libs.common.values import Verdict
from services.backtest.core.engine import Terms
from services.backtest.core.values import Metrics
from services.backtest.core.verdict import judge

FACTOR = 2.0


@dataclass(frozen=True)
class DoubledCosts:
    """The same signals at doubled costs: fee and slippage per side, total return (fractions), and the verdict by the usual rules."""

    fee: float
    slippage: float
    total_return: float | int | None
    verdict: Verdict
    deciding_rule: str


def dearer(terms: Terms) -> Terms:
    """Return `terms` with fee and slippage doubled."""
    return replace(terms, fee=FACTOR * terms.fee, slippage=FACTOR * terms.slippage)


def doubled(terms: Terms, measured: Callable[[Terms], Metrics]) -> DoubledCosts:
    """Return what the run is worth at doubled costs; measured: replays the run's signals at terms and measures them."""
    harder = dearer(terms)
    metrics = measured(harder)
    judgement = judge(metrics)
    return DoubledCosts(
        harder.fee, harder.slippage, metrics.values["total_return"], judgement.verdict, judgement.deciding_rule
    )
