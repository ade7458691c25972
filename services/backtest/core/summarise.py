"""What is kept of an examined run beside its report."""

from libs.common.values import from_epoch_ms
from services.backtest.core.evidence.trials import Trial
from services.backtest.core.examine import Examined
from services.backtest.core.job import Summary
from services.backtest.core.report import Run
from services.backtest.core.summary import in_short

PREVIEW = 10
"""Signals shown with an answer, from the first bar on."""


def summarise(run: Run, own: Trial, examined: Examined, *, simulated: bool) -> Summary:
    """Return the summary of `run`; its ids and its report's key are filled in where the bars and the report are known."""
    job, curve, strategy = run.job, run.curve, run.job.strategy
    gate, known = examined.gate, examined.known
    return Summary(
        backtest_id="",
        strategy_id=job.strategy_id,
        family_id=job.family_id,
        name=strategy.name,
        kind=strategy.kind,
        code_hash=own.code_hash,
        signal_hash=own.signal_hash,
        data_hash="",
        symbols=tuple(leg.symbol for leg in run.legs),
        timeframe=strategy.timeframe.value,
        window_start=from_epoch_ms(int(curve.times[0])),
        window_end=from_epoch_ms(int(curve.times[-1])) + strategy.timeframe.length,
        bars=len(curve.times),
        initial_capital=job.terms.initial_capital,
        final_equity=float(curve.equity[-1]),
        metrics=run.metrics.values,
        verdict=run.judgement.verdict,
        deciding_rule=run.judgement.deciding_rule,
        gate=gate.stages,
        report_key="",
        simulated=simulated,
        purpose=job.purpose,
        reasons=tuple(
            {"stage": reason.stage.value, "check": reason.check, "met": reason.met, "words": reason.words}
            for reason in gate.reasons
        ),
        evidence=in_short(examined.evidence, known.holdout, seen=known.holdout_seen),
        preview=tuple(run.legs[0].signals.actions[:PREVIEW].tolist()),
    )
