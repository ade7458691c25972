"""The life of a strategy: proposed, judged, promoted, retired, deleted, and what each step needs.

Pure. Decides what a strategy is called, whether it may be promoted (the gate), and which prior its agents start with.
"""

from dataclasses import dataclass, replace
from typing import Literal

from libs.common.commands import PromoteStrategy, SubmitStrategy
from libs.common.errors import ConflictError, RefusedError
from libs.common.events import (
    BacktestFailed,
    GateReason,
    ModelTrained,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
    VerdictSet,
)
from libs.common.messages import Message
from libs.common.values import Stage, Verdict
from libs.strategy.family import family_of
from libs.strategy.spec import Strategy, code_hash, strategy_id

Status = Literal["proposed", "judged", "promoted", "retired", "deleted"]
_WORTH_PAPER = (Verdict.EXCELLENT, Verdict.GOOD, Verdict.AVERAGE)
PRIOR_TRADES = 10
"""A confidence is pulled toward one half as if so many coin tosses had been seen before the backtest."""


@dataclass(frozen=True)
class Record:
    """A strategy and where it stands in its life.

    failed: why its newest proposal could not be judged, if so. verdict_set: the newest verdict a person set on a backtest of it. step: how often
    it was promoted, retired or deleted.
    """

    proposed: StrategyProposed
    status: Status
    judged: StrategyJudged | None = None
    promoted: StrategyPromoted | None = None
    failed: BacktestFailed | None = None
    verdict_set: VerdictSet | None = None
    step: int = 0

    @property
    def is_settled(self) -> bool:
        """Tell whether the same definition again is this strategy as it stands; else it is proposed (once more)."""
        return self.status not in ("proposed", "deleted")


@dataclass(frozen=True)
class Origin:
    """Where a strategy comes from. submitter: whose search it is a try of. lineage_id: None for one that is its own beginning."""

    submitter: str
    origin: Literal["user", "bus", "llm", "compiler", "model", "example"]
    submitted_by: str = ""
    lineage_id: str | None = None
    in_words: str = ""
    generation_id: str | None = None

    @classmethod
    def of(cls, command: SubmitStrategy | ModelTrained) -> "Origin":
        """Return the origin of a submission or a training."""
        return cls(command.asked_by or command.origin, command.origin, command.asked_by)


def propose(cause: Message, strategy: Strategy, origin: Origin, known: Record | None) -> Record:
    """Return the strategy as it may be judged from now on, with the fact that says so; known: what it was before, None if it is new."""
    identity, proposal = strategy_id(strategy), known.proposed.proposal + 1 if known else 1
    proposed = StrategyProposed.after(
        cause,
        key=f"{identity}|{proposal}",
        strategy_id=identity,
        lineage_id=origin.lineage_id or identity,
        family_id=family_of(origin.submitter, strategy.symbols, strategy.timeframe),
        kind=strategy.kind,
        name=strategy.name or identity,
        rules=strategy.rules,
        code=strategy.code,
        code_hash=code_hash(strategy),
        symbols=strategy.symbols,
        timeframe=strategy.timeframe,
        parameters=strategy.parameters,
        signal_mode=strategy.signal_mode,
        allow_short=strategy.allow_short,
        origin=origin.origin,
        submitted_by=origin.submitted_by,
        in_words=origin.in_words,
        generation_id=origin.generation_id,
        proposal=proposal,
    )
    return Record(proposed, "proposed", step=known.step if known else 0)


def judge(record: Record, judged: StrategyJudged) -> Record:
    """Return the record with a verdict; a running strategy keeps running."""
    status: Status = "judged" if record.status == "proposed" else record.status
    return replace(record, judged=judged, status=status)


def promote(record: Record, command: PromoteStrategy) -> StrategyPromoted:
    """Return the promotion a command asks for; raises RefusedError or ConflictError naming what the gate misses."""
    if record.status == "deleted":
        raise ConflictError(f"{command.strategy_id} is deleted", hint="submit it again")
    _gate(record, command)
    judged = record.judged
    definition = record.proposed.model_dump(
        exclude={"event_id", "caused_by", "root_id", "at", "schema_version", "proposal"}
    )
    wins, trades = (judged.winning_trades, judged.closed_trades) if judged else (0, 0)
    return StrategyPromoted.after(
        command,
        key=command.strategy_id,
        **definition,
        stage=command.stage,
        anchor=command.anchor or (judged.window_start if judged else None),
        account=command.account,
        fraction=command.fraction,
        confidence=shrunk(wins, trades),
        win_rate=wins / trades if trades else None,
        closed_trades=trades,
        verdict=judged.verdict if judged else None,
        judged_by=judged.event_id if judged else None,
        override_reason=command.override_reason or _set_by_a_person(record, command),
        promoted_by=command.asked_by,
        step=record.step + 1,
    )


def _set_by_a_person(record: Record, command: PromoteStrategy) -> str | None:
    """Return in words whose verdict opened the gate, where the computed one did not."""
    told, judged = record.verdict_set, record.judged
    if told is None or judged is None or command.stage in judged.gate:
        return None
    return f"verdict set to {told.verdict} by {told.set_by or 'someone'}: {told.reason}"


def shrunk(wins: int, trades: int) -> float | None:
    """Return the share of wins pulled toward one half by ten tosses; None without trades. Source: ours, ADR 0003."""
    return (wins + PRIOR_TRADES / 2) / (trades + PRIOR_TRADES) if trades else None


def _gate(record: Record, command: PromoteStrategy) -> None:
    if command.stage is Stage.LIVE:
        raise RefusedError(
            "no strategy may go live in this version", code="gate.live", hint="promote it to paper", pointer="/stage"
        )
    if command.stage is not Stage.ALERT and record.proposed.allow_short:
        raise RefusedError(
            "agents do not go short in this version, so it would trade another strategy than the one judged",
            code="gate.short",
            hint="promote it to alert, or submit it without allow_short",
            pointer="/stage",
        )
    if record.judged is not None and command.stage in record.judged.gate:
        return
    if command.stage is Stage.PAPER and (command.override_reason or verdict_opens(record)):
        return
    override = " or give override_reason (kept for the record)" if command.stage is Stage.PAPER else ""
    if record.judged is None:
        raise _unjudged(record, override)
    missed = _missed(record.judged, command.stage)
    leaks = missed is not None and missed.stage is Stage.ALERT
    raise RefusedError(
        missed.words if missed else f"{command.stage}: {record.judged.deciding_rule}",
        code="gate.look_ahead" if leaks else "gate.verdict",
        pointer="/stage",
        hint=f"improve it{override}",
    )


def verdict_opens(record: Record) -> bool:
    """Tell whether a verdict that a person set opens the gate to paper: average or better, on the judged backtest, and no look-ahead was found."""
    told, judged = record.verdict_set, record.judged
    if told is None or judged is None or told.backtest_id != judged.backtest_id:
        return False
    missing = [reason for reason in judged.reasons if reason.stage is not Stage.LIVE and not reason.met]
    only_verdict = all(reason.check == "verdict" for reason in missing)
    return told.verdict in _WORTH_PAPER and Stage.ALERT in judged.gate and only_verdict


def _missed(judged: StrategyJudged, stage: Stage) -> GateReason | None:
    """Return the first condition on the way to `stage` that is not met; None in facts of before conditions were told."""
    order = list(Stage)
    way = order[: order.index(stage) + 1]
    return next((reason for reason in judged.reasons if reason.stage in way and not reason.met), None)


def _unjudged(record: Record, override: str) -> ConflictError:
    identity, failed = record.proposed.strategy_id, record.failed
    if failed is None:
        return ConflictError(
            f"{identity} has no verdict yet", code="gate.unjudged", hint=f"wait for its backtest{override}"
        )
    mend = f"{failed.hint}; then submit it again" if failed.hint else "submit it again once that is mended"
    return ConflictError(
        f"{identity} has no verdict, its backtest failed: {failed.detail}",
        code="gate.unjudged",
        hint=f"{mend}{override}",
    )
