"""A run under examination: its evidence, the gate, and what is remembered of it as a try of its family.

Decides how a run is shown to the checks of `evidence/`: what is asked again, what it earned, what its trades were. Asks nobody itself:
the strategy comes as a function from bars to signals.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from libs.market.frame import Frame
from services.backtest.core import engine
from services.backtest.core.curve import Curve, combine, curve_of
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.gather import Asked, Evidence, Piece, Subject, gather
from services.backtest.core.evidence.holdout import HeldOut, Holdout, held_out
from services.backtest.core.evidence.lookahead import MAX_CHANGES, LookAhead
from services.backtest.core.evidence.probe import Answer, Mapped, SignalsOf, first_change, one_by_one
from services.backtest.core.evidence.reproducible import Reproducible
from services.backtest.core.evidence.trials import Identity, Trial, trial_of
from services.backtest.core.evidence.warmup import Lookback
from services.backtest.core.gate import Facts, Gate, facts_of, gate
from services.backtest.core.metrics import measure
from services.backtest.core.report import Run
from services.backtest.core.returns_metrics import returns_of
from services.backtest.core.summary import first_bad_bar
from services.backtest.core.trade_log import Leg
from services.backtest.core.values import Metrics


@dataclass(frozen=True)
class Ask:
    """The strategy on one symbol, on bars it is shown; together: on several frames at once, see `gather.Piece`."""

    signals_of: SignalsOf
    together: Callable[[list[Frame]], list[Answer]] | None = None


_UNASKED = LookAhead(True, (), (), 0)


@dataclass(frozen=True)
class Known:
    """What is known of the family when a run is examined. trials: its other tries. holdout_seen: someone has looked past the boundary before."""

    trials: tuple[Trial, ...] = ()
    holdout: Holdout | None = None
    holdout_seen: bool = False


@dataclass(frozen=True)
class Examined:
    """A run's evidence, None if it was left out, the family it was held against, and the gate."""

    evidence: Evidence | None
    known: Known
    gate: Gate


def try_of(run: Run, code_hash: str, signal_hash: str, at: datetime) -> Trial:
    """Return what to remember of `run`, evaluated `at`."""
    job, curve = run.job, run.curve
    identity = Identity(job.family_id, code_hash, signal_hash, job.terms, at)
    return trial_of(identity, curve.times, returns_of(curve.equity, curve.initial))


def examine(
    run: Run,
    own: Trial,
    known: Known,
    ask: Callable[[str], Ask],
    *,
    beyond: Run | None = None,
    mapped: Mapped = one_by_one,
) -> Examined:
    """Return all evidence on `run` and the stages it opens.

    beyond: the same run continued across the holdout's boundary, for a promotion check. mapped: how reruns are carried out.
    """
    kept = None if beyond is None or known.holdout is None else _kept(known.holdout, beyond.curve)
    evidence = gather(_subject(run, ask), own, known.trials, kept, mapped=mapped)
    if beyond is not None:
        evidence = _continued(evidence, run, beyond)
    trades = _closed(run.metrics)
    facts = facts_of(run.judgement.verdict, trades, evidence, holdout_seen=known.holdout_seen)
    facts = replace(facts, first_bad_bar=first_bad_bar(evidence), obstacles=obstacles(run.job.terms, run.may_go_short))
    return Examined(evidence, known, gate(facts))


def unexamined(run: Run, known: Known) -> Examined:
    """Return a run whose checks were left out: no stage is open."""
    facts = Facts(run.judgement.verdict, _closed(run.metrics), None, tries=0)
    return Examined(None, known, gate(facts))


def obstacles(terms: Terms, may_go_short: bool) -> tuple[str, ...]:
    """Return in words what a run did that paper trading cannot do, so that its result promises nothing there."""
    found = ["agents do not go short in this version"] if may_go_short else []
    if terms.guarded:
        found.append("agents do not trade stop-loss, take-profit or trailing stops in this version")
    return tuple(found)


def replayed(run: Run, terms: Terms) -> Metrics:
    """Return the metrics of the run's signals at other terms; capital is shared as in the run."""
    if run.purse is not None:
        whole = replace(terms, initial_capital=run.job.terms.initial_capital)
        return measure(run.purse.curve(whole), run.job.strategy.timeframe, run.market)
    curves = []
    for leg in run.legs:
        result = engine.run(
            leg.signals.actions,
            leg.frame,
            terms,
            position_mode=run.job.strategy.signal_mode == "position",
            allow_short=run.may_go_short,
        )
        curves.append(curve_of(leg.symbol, leg.frame, result, terms.initial_capital))
    return measure(combine(curves), run.job.strategy.timeframe, run.market)


def _subject(run: Run, ask: Callable[[str], Ask]) -> Subject:
    curve = run.curve
    # Random entries have equal shares, so picks with one purse are held against them as if they had, too.
    alone = curve if run.purse is None else combine([curve_of(*_own(leg), run.share) for leg in run.legs])
    return Subject(
        pieces=tuple(_piece(leg, ask(leg.symbol), run.share) for leg in run.legs),
        returns=returns_of(curve.equity, curve.initial),
        total_return=float(alone.equity[-1]) / alone.initial - 1.0,
        terms=replace(run.job.terms, initial_capital=run.share),
        measured=lambda terms: replayed(run, terms),
    )


def _own(leg: Leg) -> tuple[str, Frame, engine.Result]:
    return leg.symbol, leg.frame, leg.result


def _piece(leg: Leg, ask: Ask, share: float) -> Piece:
    book = leg.result.trades
    until = np.where(book.exit_index < 0, len(leg.frame), book.exit_index)
    return Piece(
        symbol=leg.symbol,
        frame=leg.frame,
        signals_of=ask.signals_of,
        actions=leg.signals.actions,
        returns=returns_of(leg.result.equity, share),
        held=until - book.entry_index,
        sides=book.side,
        together=ask.together,
    )


def _kept(holdout: Holdout, curve: Curve) -> HeldOut | None:
    return held_out(holdout, curve.times, curve.equity, curve.initial, curve.trades.exit_time)


def _continued(evidence: Evidence, run: Run, beyond: Run) -> Evidence:
    """Hold the judged signals against those given with all later bars known: the longest rerun there is."""
    later = {leg.symbol: leg for leg in beyond.legs}
    asked = {each.symbol: each for each in evidence.asked}
    for leg in run.legs:
        full, ts = later.get(leg.symbol), leg.frame.ts
        if full is None or len(full.frame) <= len(ts):
            continue
        change = first_change(ts, full.signals.actions[: len(ts)], leg.signals.actions, int(full.frame.ts[len(ts)]))
        if change is not None:
            before = asked.get(
                leg.symbol, Asked(leg.symbol, _UNASKED, Lookback(None, None, 0), Reproducible(True, None))
            )
            found = replace(before.look_ahead, passed=False, changes=(change, *before.look_ahead.changes)[:MAX_CHANGES])
            asked[leg.symbol] = replace(before, look_ahead=found)
    return replace(evidence, asked=tuple(asked.values()))


def _closed(metrics: Metrics) -> int:
    return int(metrics.values["closed_trades"] or 0)
