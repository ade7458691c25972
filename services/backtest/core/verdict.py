"""What a performance is worth by the user's fixed rules, in their order; the first rule that holds decides.

Decides nothing about promotion stages, and never rounds: a value is compared as the fraction it is.
"""

from dataclasses import dataclass

from libs.common.values import Verdict
from services.backtest.core.values import Metrics

MIN_TRADES = 30


@dataclass(frozen=True)
class Check:
    """One value beside one limit; `value` is None where the metric is undefined, which meets no limit."""

    rule: Verdict
    name: str
    value: float | int | None
    relation: str
    limit: float | int
    met: bool


@dataclass(frozen=True)
class Judgement:
    """A verdict with the rule that decided, and every value beside its limit, rule by rule."""

    verdict: Verdict
    deciding_rule: str
    checks: tuple[Check, ...]


def judge(metrics: Metrics) -> Judgement:
    """Return the verdict on a run; needs closed_trades, total_return, max_drawdown, win_rate, average_trade.

    The trade count and both trade averages are of closed trades; the drawdown is taken as a positive number.
    """
    rules = _Rules(metrics)
    checks = (
        rules.check(Verdict.REJECT, "closed trades", "<", MIN_TRADES),
        rules.check(Verdict.EXCELLENT, "total return", ">=", 0.20),
        rules.check(Verdict.EXCELLENT, "max drawdown", "<", 0.15),
        rules.check(Verdict.EXCELLENT, "win rate", ">=", 0.55),
        rules.check(Verdict.EXCELLENT, "win rate", ">=", 0.50),
        rules.check(Verdict.EXCELLENT, "average trade", ">", 0.015),
        rules.check(Verdict.GOOD, "total return", ">=", 0.15),
        rules.check(Verdict.GOOD, "max drawdown", "<", 0.15),
        rules.check(Verdict.GOOD, "win rate", ">=", 0.52),
        rules.check(Verdict.GOOD, "average trade", ">", 0.005),
        rules.check(Verdict.AVERAGE, "total return", ">=", 0.05),
        rules.check(Verdict.AVERAGE, "max drawdown", "<", 0.20),
        rules.check(Verdict.POOR, "total return", "<", 0.0),
        rules.check(Verdict.POOR, "max drawdown", ">", 0.30),
    )
    verdict, deciding = _decide(checks)
    return Judgement(verdict, deciding, checks)


def _decide(checks: tuple[Check, ...]) -> tuple[Verdict, str]:
    few, *rest = checks
    excellent, good, average, poor = rest[:5], rest[5:9], rest[9:11], rest[11:]
    rising, shallow, often, half, large = excellent
    if few.met:
        return Verdict.REJECT, _sentence("reject", [few])
    if rising.met and shallow.met and (often.met or (half.met and large.met)):
        return Verdict.EXCELLENT, _sentence("excellent", [rising, shallow, *([often] if often.met else [half, large])])
    if all(check.met for check in good):
        return Verdict.GOOD, _sentence("good", good)
    if all(check.met for check in average):
        return Verdict.AVERAGE, _sentence("average", average)
    if any(check.met for check in poor):
        return Verdict.POOR, _sentence("poor", [check for check in poor if check.met])
    return Verdict.REJECT, "reject: no rule from excellent to poor holds: " + ", ".join(map(_phrase, average))


def _sentence(name: str, checks: list[Check]) -> str:
    return f"{name}: " + ", ".join(map(_phrase, checks))


def _phrase(check: Check) -> str:
    if check.name == "closed trades":
        return f"{check.value} closed trades {check.relation} {check.limit}"
    relation = check.relation if check.met else f"is not {check.relation}"
    value = "undefined" if check.value is None else f"{check.value * 100:.2f} %"
    return f"{check.name} {value} {relation} {check.limit * 100:g} %"


class _Rules:
    """The values the rules speak of, by the words they use."""

    def __init__(self, metrics: Metrics):
        drawdown = metrics.values["max_drawdown"]
        self.values = {
            "closed trades": metrics.values["closed_trades"],
            "total return": metrics.values["total_return"],
            "max drawdown": None if drawdown is None else abs(drawdown),
            "win rate": metrics.values["win_rate"],
            "average trade": metrics.values["average_trade"],
        }

    def check(self, rule: Verdict, name: str, relation: str, limit: float | int) -> Check:
        value = self.values[name]
        return Check(rule, name, value, relation, limit, value is not None and _holds(value, relation, limit))


def _holds(value: float, relation: str, limit: float) -> bool:
    if relation == ">=":
        return value >= limit
    return value > limit if relation == ">" else value < limit
