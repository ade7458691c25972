"""Which stages a strategy may enter, and why not the next: verdict, evidence, holdout and trades against fixed limits.

Decides what evidence opens. Does not decide the rest of going live: a person's confirmation and the account's own switch are asked for where
promotions are made. A person may override the gate for paper only; that is recorded there too.
"""

from dataclasses import dataclass
from typing import Literal

from libs.common.values import Stage, Verdict
from services.backtest.core.evidence.gather import Evidence
from services.backtest.core.evidence.luck import CONFIDENCE
from services.backtest.core.evidence.overfit import FAIL_ABOVE, WARN_ABOVE, Overfit
from services.backtest.core.values import Undefined, Value
from services.backtest.core.verdict import MIN_TRADES

MIN_PAPER_TRADES = 30
"""Closed paper trades that stand in for a holdout a person has already seen."""

_WORTH_PAPER = (Verdict.EXCELLENT, Verdict.GOOD, Verdict.AVERAGE)
_WORTH_LIVE = (Verdict.EXCELLENT, Verdict.GOOD)


Check = Literal["look_ahead", "verdict", "obstacle", "trades", "dsr", "pbo", "holdout"]


@dataclass(frozen=True)
class Facts:
    """All that the gate looks at; None = not examined.

    look_ahead: passed or not. dsr: 0..1 after `tries` distinct tries. pbo: 0..1; None where the family is too small for one (and it is no sweep,
    `is_sweep`). holdout_return: fraction, of the bars kept back. holdout_seen: a person has looked at them before. paper_trades:
    closed ones of this strategy. first_bad_bar: where a look-ahead showed, in words. obstacles: what the run did that paper trading cannot do.
    """

    verdict: Verdict
    closed_trades: int
    look_ahead: bool | None
    tries: int
    dsr: Value | None = None
    pbo: Value | None = None
    is_sweep: bool = False
    holdout_return: float | None = None
    holdout_seen: bool = False
    paper_trades: int = 0
    first_bad_bar: str | None = None
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One condition of a stage in words, such as `live: DSR 0.41 < 0.95 after 37 tries`, and whether it is met. check: what it is about."""

    stage: Stage
    check: Check
    met: bool
    words: str


@dataclass(frozen=True)
class Gate:
    """The stages that are open, lowest first, and every condition beside its value. A stage is open if it and all below it are met."""

    stages: tuple[Stage, ...]
    reasons: tuple[Reason, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """Return the words of the conditions that are not met."""
        return tuple(reason.words for reason in self.reasons if not reason.met)


def facts_of(
    verdict: Verdict, closed_trades: int, evidence: Evidence, *, holdout_seen: bool, paper_trades: int = 0
) -> Facts:
    """Return what the gate looks at in a run's verdict and evidence."""
    held, over = evidence.holdout, evidence.overfit
    return Facts(
        verdict=verdict,
        closed_trades=closed_trades,
        look_ahead=evidence.look_ahead,
        tries=evidence.luck.tries,
        dsr=evidence.luck.dsr,
        pbo=over.pbo if isinstance(over, Overfit) else over,
        is_sweep=evidence.is_sweep,
        holdout_return=None if held is None else held.return_after,
        holdout_seen=holdout_seen,
        paper_trades=paper_trades,
    )


def gate(facts: Facts) -> Gate:
    """Return which stages `facts` open: alert, then paper, then live (subject to a person's confirmation)."""
    conditions: dict[Stage, list[tuple[Check, tuple[bool, str]]]] = {
        Stage.ALERT: [("look_ahead", _look_ahead(facts))],
        Stage.PAPER: [
            ("verdict", _verdict(facts.verdict, _WORTH_PAPER, "average")),
            *(("obstacle", (False, words)) for words in facts.obstacles),
        ],
        Stage.LIVE: [
            ("verdict", _verdict(facts.verdict, _WORTH_LIVE, "good")),
            ("trades", _trades(facts)),
            ("dsr", _dsr(facts)),
            ("pbo", _pbo(facts)),
            ("holdout", _holdout(facts)),
        ],
    }
    reasons = tuple(
        Reason(stage, check, met, f"{stage}: {words}")
        for stage, each in conditions.items()
        for check, (met, words) in each
    )
    opened: list[Stage] = []
    for stage, each in conditions.items():
        if not all(met for _, (met, _) in each):
            break
        opened.append(stage)
    return Gate(tuple(opened), reasons)


def _look_ahead(facts: Facts) -> tuple[bool, str]:
    if facts.look_ahead is None:
        return False, "look-ahead has not been examined"
    if facts.look_ahead:
        return True, "no look-ahead found"
    where = f": {facts.first_bad_bar}" if facts.first_bad_bar else ""
    return False, f"signals change when later bars are hidden{where}"


def _verdict(verdict: Verdict, worthy: tuple[Verdict, ...], least: str) -> tuple[bool, str]:
    met = verdict in worthy
    return met, f"verdict {verdict} is {least} or better" if met else f"verdict {verdict} is below {least}"


def _trades(facts: Facts) -> tuple[bool, str]:
    met = facts.closed_trades >= MIN_TRADES
    return met, f"{facts.closed_trades} closed trades {'>=' if met else '<'} {MIN_TRADES}"


def _dsr(facts: Facts) -> tuple[bool, str]:
    if facts.dsr is None:
        return False, "DSR has not been examined"
    if isinstance(facts.dsr, Undefined):
        return False, f"DSR is undefined: {facts.dsr.reason}"
    tries = f"{facts.tries} {'try' if facts.tries == 1 else 'tries'}"
    met = facts.dsr >= CONFIDENCE
    return met, f"DSR {_apart(facts.dsr, CONFIDENCE)} {'>=' if met else '<'} {CONFIDENCE} after {tries}"


def _pbo(facts: Facts) -> tuple[bool, str]:
    if facts.pbo is None:
        return not facts.is_sweep, "PBO has not been examined" if facts.is_sweep else "too few tries for a PBO"
    if isinstance(facts.pbo, Undefined):
        return False, f"PBO is undefined: {facts.pbo.reason}"
    met = facts.pbo <= FAIL_ABOVE
    doubt = f", a warning from {WARN_ABOVE} on" if met and facts.pbo > WARN_ABOVE else ""
    return met, f"PBO {_apart(facts.pbo, FAIL_ABOVE)} {'<=' if met else '>'} {FAIL_ABOVE}{doubt}"


def _holdout(facts: Facts) -> tuple[bool, str]:
    if facts.holdout_seen:
        met = facts.paper_trades >= MIN_PAPER_TRADES
        sign = ">=" if met else "<"
        return met, f"holdout was seen before; {facts.paper_trades} closed paper trades {sign} {MIN_PAPER_TRADES}"
    if facts.holdout_return is None:
        return False, "holdout has not been examined"
    met = facts.holdout_return >= 0
    return met, f"holdout return {facts.holdout_return * 100:.2f} % {'>=' if met else '<'} 0 %"


def _apart(value: float, limit: float) -> str:
    """Spell a value with two decimals, or as many as keep it apart from a limit it is not."""
    for digits in range(2, 17):
        shown = f"{value:.{digits}f}"
        if value == limit or float(shown) != limit:
            return shown
    return repr(value)
