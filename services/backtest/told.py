"""What the service says of a backtest: facts for everyone, an answer for who asked. Decides words and fields, nothing else."""

from typing import Any

from libs.common.errors import PermanentError
from libs.common.events import (
    BacktestCompleted,
    BacktestFailed,
    EvidenceTold,
    GateReason,
    StrategyJudged,
    StrategyProposed,
)
from libs.common.messages import Message
from libs.common.values import derive_id
from services.backtest.core.job import Summary


def completed(cause: Message, summary: Summary) -> BacktestCompleted:
    """Return the fact that a backtest was run."""
    return BacktestCompleted.after(
        cause,
        backtest_id=summary.backtest_id,
        strategy_id=summary.strategy_id,
        name=summary.name,
        kind=summary.kind,
        code_hash=summary.code_hash,
        symbols=summary.symbols,
        timeframe=summary.timeframe,
        window_start=summary.window_start,
        window_end=summary.window_end,
        bars=summary.bars,
        initial_capital=summary.initial_capital,
        final_equity=summary.final_equity,
        metrics=dict(summary.metrics),
        verdict=summary.verdict,
        deciding_rule=summary.deciding_rule,
        duplicate=summary.duplicate_of is not None,
        duplicate_of=summary.duplicate_of,
        purpose=summary.purpose,
        data_hash=summary.data_hash,
        report_key=summary.report_key,
        simulated=summary.simulated,
        **_worth(summary),
    )


def judged(cause: Message, strategy_id: str, summary: Summary) -> StrategyJudged:
    """Return the fact that a strategy was judged, by a proposal or by a promotion check."""
    return StrategyJudged.after(
        cause,
        strategy_id=strategy_id,
        backtest_id=summary.backtest_id,
        verdict=summary.verdict,
        deciding_rule=summary.deciding_rule,
        metrics=dict(summary.metrics),
        closed_trades=summary.metrics["closed_trades"],
        winning_trades=summary.metrics["winning_trades"],
        window_start=summary.window_start,
        window_end=summary.window_end,
        bars=summary.bars,
        purpose="promotion" if summary.purpose == "promotion" else "judge",
        data_hash=summary.data_hash,
        report_key=summary.report_key,
        simulated=summary.simulated,
        **_worth(summary),
    )


def failed(proposal: StrategyProposed, error: PermanentError) -> BacktestFailed:
    """Return the fact that a proposal could not be judged."""
    return BacktestFailed.after(
        proposal,
        backtest_id=derive_id(proposal.event_id, BacktestFailed.__name__, proposal.strategy_id),
        strategy_id=proposal.strategy_id,
        code=error.code,
        detail=error.detail[:4_000],
        pointer=error.pointer,
        hint=error.hint,
    )


def answer(summary: Summary, verdict_set: dict[str, Any] | None, *, known: bool) -> dict[str, Any]:
    """Return what a command is answered. known: it was not run, this is the stored result. verdict_set: a person's verdict beside the computed one."""
    words = "known already: the stored result; force runs it again" if known else "the backtest was run"
    return {
        "status": "duplicate" if known else "success",
        "message": words,
        "duplicate": known,
        "duplicate_of": summary.duplicate_of,
        "backtest_id": summary.backtest_id,
        "strategy_id": summary.strategy_id,
        "name": summary.name,
        "symbols": list(summary.symbols),
        "timeframe": summary.timeframe,
        "window_start": summary.window_start.isoformat(),
        "window_end": summary.window_end.isoformat(),
        "bars": summary.bars,
        "code_hash": summary.code_hash,
        "initial_capital": summary.initial_capital,
        "final_equity": summary.final_equity,
        "metrics": dict(summary.metrics),
        "verdict": summary.verdict.value,
        "verdict_set": verdict_set,
        "deciding_rule": summary.deciding_rule,
        "gate": [stage.value for stage in summary.gate],
        "reasons": [dict(reason) for reason in summary.reasons],
        "evidence": dict(summary.evidence),
        "preview": list(summary.preview),
        "purpose": summary.purpose,
        "report_key": summary.report_key,
        "simulated": summary.simulated,
    }


def _worth(summary: Summary) -> dict[str, Any]:
    return {
        "gate": summary.gate,
        "reasons": tuple(GateReason.model_validate(reason) for reason in summary.reasons),
        "evidence": EvidenceTold.model_validate(summary.evidence) if summary.evidence else None,
    }
