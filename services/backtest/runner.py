"""One backtest from stored bars to a stored report: read, evaluate, replay, measure, examine, judge, write.

Blocking work on files and arrays, so it is called in a thread. Touches no database and no bus, and may be repeated: equal bars and
definitions, held against the same tries of the same family, give the same report under the same key.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from libs.common.errors import PermanentError
from libs.common.values import from_epoch_ms
from libs.market.fills import round_money
from libs.market.frame import Frame
from libs.strategy.runtime import Evaluation, Signals, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import code_hash
from services.backtest.asking import Asking
from services.backtest.bars import Bars, Material
from services.backtest.core import engine
from services.backtest.core.curve import combine, curve_of
from services.backtest.core.evidence.holdout import Holdout
from services.backtest.core.evidence.probe import one_by_one
from services.backtest.core.evidence.trials import Trial
from services.backtest.core.examine import Examined, Known, examine, try_of, unexamined
from services.backtest.core.fingerprint import Definition, backtest_id, canonical, definition_hash, joint_hash
from services.backtest.core.job import Failed, Job, Summary
from services.backtest.core.metrics import measure
from services.backtest.core.periods import Market, market_of
from services.backtest.core.purse import purse_of
from services.backtest.core.report import Run, document
from services.backtest.core.summarise import summarise
from services.backtest.core.trade_log import Leg
from services.backtest.core.verdict import judge
from services.backtest.families import Family, UnderWay
from services.backtest.reports import Reports


@dataclass(frozen=True)
class Done:
    """A run that went well: what is kept of it, the try it was, and the boundary of its family.

    shown_until_ms: open time of the last bar that whoever asked has learnt something about.
    """

    summary: Summary
    trial: Trial
    holdout: Holdout | None
    shown_until_ms: int


class Runner:
    """Runs jobs on one profile's bars."""

    def __init__(self, catalog_dir: Path, reports_dir: Path, sandbox: Pool | None = None, at_once: int = 1):
        """Read bars below `catalog_dir`, write reports below `reports_dir`, run Python strategies in `sandbox`, `at_once` of them at a time."""
        self.bars = Bars(catalog_dir)
        self.reports = Reports(reports_dir)
        self._sandbox = sandbox
        self._askers = ThreadPoolExecutor(at_once, "evidence")

    def close(self) -> None:
        """Wait for the reruns in hand and end their threads."""
        self._askers.shutdown(cancel_futures=True)

    def run(self, job: Job, family: Family, under_way: UnderWay | None = None) -> Done | Failed:
        """Return what came of `job`, or Failed where trying again cannot help; raises OSError when the disk refuses,
        TransientError while the sandbox is busy.

        A strategy with several symbols runs on each that has bars in the window: picks with one purse, the others with an equal share of the
        capital each. The report lists the symbols that had no bars, and those on which its code failed. It fails when none is left.
        """
        try:
            return self._run(job, family, under_way or UnderWay())
        except PermanentError as error:
            return Failed(error)

    def identity(self, job: Job, holdout: Holdout | None) -> str:
        """Return the id that `job` would have on the bars as they now are; raises as `run` where there are none."""
        return backtest_id(definition_of(job), self._read(job, holdout).data_hash)

    def _read(self, job: Job, holdout: Holdout | None) -> Material:
        return self.bars.read(job, None if job.purpose == "look" or holdout is None else holdout.boundary_ms)

    def _run(self, job: Job, family: Family, under_way: UnderWay) -> Done:
        holdout = under_way.standing(family)
        if job.fixes_holdout:
            times = self.bars.worth_a_boundary(job)
            holdout = holdout if times is None else under_way.boundary(family, times)
        material = self._read(job, holdout)
        run = self._replayed(job, material)
        signal_hash = joint_hash({leg.symbol: leg.signals.signal_hash for leg in run.legs})
        own = try_of(run, code_hash(job.strategy), signal_hash, family.at)
        tries = under_way.enter(family, own)
        beyond = self._beyond(run) if job.purpose == "promotion" else None
        last_ms = int((beyond or run).curve.times[-1])
        known = Known(tries, holdout, _is_seen(job, family, holdout, last_ms))
        examined = self._examined(run, own, known, material, beyond)
        return Done(self._written(run, own, examined, material), own, holdout, last_ms)

    def _beyond(self, judged: Run) -> Run:
        """Return the judged run continued across the boundary, up to the newest bar."""
        job = replace(judged.job, start=from_epoch_ms(int(judged.curve.times[0])))
        return self._replayed(job, self.bars.read(job, None))

    def _replayed(self, job: Job, material: Material) -> Run:
        said = evaluate_all(job.strategy, material.frames, self._sandbox, view=material.view)
        return _replayed(job, material.frames, said)

    def _examined(self, run: Run, own: Trial, known: Known, material: Material, beyond: Run | None) -> Examined:
        if not run.job.evidence:
            return unexamined(run, known)
        mapped = one_by_one if run.job.strategy.rules is not None else self._askers.map
        ask = Asking(run.job.strategy, material.frames, self._sandbox, material.view).on
        return examine(run, own, known, ask, beyond=beyond, mapped=mapped)

    def _written(self, run: Run, own: Trial, examined: Examined, material: Material) -> Summary:
        definition = definition_of(run.job)
        summary = summarise(run, own, examined, simulated=material.simulated)
        summary = replace(
            summary,
            backtest_id=backtest_id(definition, material.data_hash),
            definition_hash=definition_hash(definition),
            data_hash=material.data_hash,
        )
        body = canonical(document(run, summary, material.sources, examined.evidence))
        return replace(summary, report_key=self.reports.save(body))


def definition_of(job: Job) -> Definition:
    """Return what `job` asks for, whatever the bars."""
    strategy = job.strategy
    return Definition(
        code_hash=code_hash(strategy),
        symbols=strategy.symbols,
        timeframe=strategy.timeframe.value,
        parameters=strategy.parameters,
        terms=job.terms,
        start=job.start,
        purpose=job.purpose,
        end=job.end,
    )


def _is_seen(job: Job, family: Family, holdout: Holdout | None, last_ms: int) -> bool:
    if holdout is None:
        return False
    looks = job.purpose == "look" and last_ms >= holdout.boundary_ms
    return looks or family.is_seen(holdout, job.strategy_id)


def _replayed(job: Job, frames: Mapping[str, Frame], said: Evaluation) -> Run:
    if not said.signals:
        raise next(iter(said.faults.values())).error()
    count = len(said.signals)
    share = job.terms.initial_capital if count == 1 else round_money(job.terms.initial_capital / count)
    terms = replace(job.terms, initial_capital=share)
    legs = tuple(_leg(job, symbol, signals, terms) for symbol, signals in said.signals.items())
    purse = purse_of(job.strategy, said.signals)
    own = [curve_of(leg.symbol, leg.frame, leg.result, share) for leg in legs]
    curve = combine(own) if purse is None else purse.curve(job.terms)
    market: Market = "crypto" if "crypto" in map(market_of, frames) else "stocks"
    metrics = measure(curve, job.strategy.timeframe, market)
    return Run(job, market, legs, curve, metrics, judge(metrics), said, share, purse)


def _leg(job: Job, symbol: str, signals: Signals, terms: engine.Terms) -> Leg:
    strategy = job.strategy
    result = engine.run(
        signals.actions,
        signals.frame,
        terms,
        position_mode=strategy.signal_mode == "position",
        allow_short=strategy.allow_short,
    )
    return Leg(symbol, signals.frame, signals, result)
