"""One backtest from stored bars to a stored report: read, evaluate, replay, measure, judge, write.

Blocking work on files and arrays, so it is called in a thread. Touches no database and no bus, and may be repeated: equal bars and
definitions give the same report under the same key.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from libs.common.errors import NotFoundError, PermanentError
from libs.common.values import from_epoch_ms
from libs.market.catalog import BarsInfo, Catalog
from libs.market.fills import round_money
from libs.market.frame import Frame
from libs.strategy.runtime import Evaluation, Signals, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import code_hash
from services.backtest.core import engine
from services.backtest.core.curve import combine, curve_of
from services.backtest.core.fingerprint import backtest_id, canonical, joint_hash
from services.backtest.core.job import Failed, Job, Outcome, Summary
from services.backtest.core.metrics import measure
from services.backtest.core.periods import Market, market_of
from services.backtest.core.report import Leg, Run, document
from services.backtest.core.verdict import gate, judge
from services.backtest.core.window import choose, no_bars
from services.backtest.reports import Reports


class Runner:
    """Runs jobs on one profile's bars."""

    def __init__(self, catalog_dir: Path, reports_dir: Path, sandbox: Pool | None = None):
        """Read bars below `catalog_dir`, write reports below `reports_dir`, run Python strategies in `sandbox`."""
        self.catalog = Catalog(catalog_dir)
        self._sandbox = sandbox
        self.reports = Reports(reports_dir)

    def run(self, job: Job) -> Outcome:
        """Return the summary of `job`, or Failed where trying again cannot help; raises OSError when the disk refuses,
        TransientError while the sandbox is busy.

        A strategy with several symbols runs on each that has bars in the window, with an equal share of the capital; the report
        lists the ones that had none, and those on which its code failed. It fails when none is left.
        """
        try:
            return self._run(job)
        except PermanentError as error:
            return Failed(error)

    def _run(self, job: Job) -> Summary:
        stored = self._stored(job)
        frames = self._frames(job, stored)
        run = _replayed(job, frames, evaluate_all(job.strategy, frames, self._sandbox))
        summary = _summary(run, simulated=any(stored[leg.symbol].simulated for leg in run.legs))
        body = canonical(document(run, summary, {leg.symbol: stored[leg.symbol].source for leg in run.legs}))
        return replace(summary, report_key=self.reports.save(body))

    def _stored(self, job: Job) -> dict[str, BarsInfo]:
        found: dict[str, BarsInfo] = {}
        missing: NotFoundError | None = None
        for symbol in job.strategy.symbols:
            try:
                found[symbol] = self.catalog.info(symbol, job.strategy.timeframe)
            except NotFoundError as error:
                missing = missing or error
        if not found and missing:
            raise missing
        return found

    def _frames(self, job: Job, stored: dict[str, BarsInfo]) -> dict[str, Frame]:
        timeframe = job.strategy.timeframe
        first = min(info.first_ms for info in stored.values())
        last = max(info.last_ms for info in stored.values())
        window = choose(timeframe, first, last, job.start, job.end)
        until = window.last_open_before(timeframe)
        frames = {symbol: _own(self.catalog.read(symbol, timeframe, window.start_ms, until)) for symbol in stored}
        found = {symbol: frame for symbol, frame in frames.items() if len(frame) > 1}
        if not found:
            raise no_bars(timeframe, first, last)
        return found


def _replayed(job: Job, frames: Mapping[str, Frame], said: Evaluation) -> Run:
    if not said.signals:
        raise next(iter(said.faults.values())).error()
    count = len(said.signals)
    share = job.terms.initial_capital if count == 1 else round_money(job.terms.initial_capital / count)
    terms = replace(job.terms, initial_capital=share)
    legs = tuple(_leg(job, symbol, signals, terms) for symbol, signals in said.signals.items())
    curve = combine([curve_of(leg.symbol, leg.frame, leg.result, share) for leg in legs])
    market: Market = "crypto" if "crypto" in map(market_of, frames) else "stocks"
    metrics = measure(curve, job.strategy.timeframe, market)
    return Run(job, market, legs, curve, metrics, judge(metrics), said)


def _leg(job: Job, symbol: str, signals: Signals, terms: engine.Terms) -> Leg:
    position_mode = job.strategy.signal_mode == "position"
    result = engine.run(signals.actions, signals.frame, terms, position_mode=position_mode)
    return Leg(symbol, signals.frame, signals, result)


def _summary(run: Run, *, simulated: bool) -> Summary:
    strategy, curve, symbols = run.job.strategy, run.curve, tuple(leg.symbol for leg in run.legs)
    code = code_hash(strategy)
    data = joint_hash({leg.symbol: leg.frame.data_hash() for leg in run.legs})
    return Summary(
        backtest_id=backtest_id(code, symbols, strategy.timeframe, strategy.parameters, run.job.terms, data),
        strategy_id=run.job.strategy_id,
        family_id=run.job.family_id,
        name=strategy.name,
        kind=strategy.kind,
        code_hash=code,
        signal_hash=joint_hash({leg.symbol: leg.signals.signal_hash for leg in run.legs}),
        data_hash=data,
        symbols=symbols,
        timeframe=strategy.timeframe.value,
        window_start=from_epoch_ms(int(curve.times[0])),
        window_end=from_epoch_ms(int(curve.times[-1])) + strategy.timeframe.length,
        bars=len(curve.times),
        initial_capital=run.job.terms.initial_capital,
        final_equity=float(curve.equity[-1]),
        metrics=run.metrics.values,
        verdict=run.judgement.verdict,
        deciding_rule=run.judgement.deciding_rule,
        gate=gate(run.judgement.verdict),
        report_key="",
        simulated=simulated,
    )


def _own(frame: Frame) -> Frame:
    """Copy the window out of the mapped file: contiguous columns, and no hold on the file."""
    columns = (frame.open, frame.high, frame.low, frame.close, frame.volume)
    return Frame(np.array(frame.ts, np.int64), *(np.array(column, np.float64) for column in columns))
