"""A run under examination: what a promotion check proves beside the usual, and what is told in short."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from libs.common.values import Timeframe
from libs.strategy.signals import Evaluation, Signals
from libs.strategy.spec import parse
from services.backtest.core import engine
from services.backtest.core.curve import curve_of
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.holdout import Holdout
from services.backtest.core.examine import Ask, Known, examine, try_of, unexamined
from services.backtest.core.job import Job
from services.backtest.core.metrics import measure
from services.backtest.core.report import Run
from services.backtest.core.summary import in_short, tree
from services.backtest.core.trade_log import Leg
from services.backtest.core.values import Undefined
from services.backtest.core.verdict import judge
from tests.unit.backtest.builders import walk

AT = datetime(2024, 6, 1, tzinfo=UTC)
WHOLE = walk(500, 4)
SHOWN = WHOLE.until(int(WHOLE.ts[399]))
HOLDOUT = Holdout("fam", int(WHOLE.ts[400]), AT)
RULES = {"symbol": "BTCUSDT", "indicators": {"rsi": {"period": 5}}}


def rising(frame):
    moved = np.diff(frame.close, prepend=frame.close[0])
    return np.where(moved > 0, 1, -1).astype(np.int8)


def run_on(frame, actions=None, **terms):
    job = Job(parse(rules=RULES), "s1", "fam", Terms(**terms), purpose="promotion")
    signals = Signals(rising(frame) if actions is None else actions, {}, frame)
    result = engine.run(signals.actions, frame, job.terms, position_mode=False)
    curve = curve_of("BTCUSDT", frame, result, job.terms.initial_capital)
    metrics = measure(curve, Timeframe.H1, "crypto")
    legs = (Leg("BTCUSDT", frame, signals, result),)
    said = Evaluation({"BTCUSDT": signals})
    return Run(job, "crypto", legs, curve, metrics, judge(metrics), said, job.terms.initial_capital)


def examined(beyond=None, run=None):
    run = run or run_on(SHOWN)
    own = try_of(run, "code", "signals", AT)
    return examine(run, own, Known((), HOLDOUT), lambda _: Ask(rising), beyond=beyond)


def test_promotion_check_reports_both_sides_of_the_boundary():
    found = examined(run_on(WHOLE))
    assert found.evidence.look_ahead
    told = in_short(found.evidence, HOLDOUT, seen=False)
    assert found.evidence.holdout.bars_after == 100
    assert told["holdout"]["return_before"] == pytest.approx(run_on(SHOWN).metrics.values["total_return"], abs=1e-12)
    assert told["first_bad_bar"] is None


def test_signals_that_change_once_the_bars_beyond_are_known_are_a_look_ahead():
    later = rising(WHOLE)
    later[250] = -later[250]
    found = examined(run_on(WHOLE, later))
    assert not found.evidence.look_ahead
    assert found.gate.stages == ()
    [change] = found.evidence.asked[0].look_ahead.changes
    assert (change.time, change.cut) == (int(WHOLE.ts[250]), int(WHOLE.ts[400]))
    assert (change.full, change.again) == (int(later[250]), -int(later[250]))


def test_lookback_may_be_asked_for_together_and_look_ahead_never_is():
    run, asked = run_on(SHOWN), []

    def together(frames):
        asked.extend(frames)
        return [rising(frame) for frame in frames]

    own = try_of(run, "code", "signals", AT)
    found = examine(run, own, Known(), lambda _: Ask(rising, together))
    assert len(asked) == found.evidence.asked[0].lookback.reruns
    assert found.evidence == examine(run, own, Known(), lambda _: Ask(rising)).evidence


def test_run_without_evidence_says_so_and_opens_nothing():
    found = unexamined(run_on(SHOWN), Known((), HOLDOUT, holdout_seen=True))
    assert found.gate.stages == ()
    told = in_short(found.evidence, HOLDOUT, seen=True)
    assert (told["level"], told["holdout"]["seen"]) == ("none", True)


def test_doubled_costs_and_random_entry_are_of_the_run_s_own_terms():
    cheap, dear = examined().evidence, examined(run=run_on(SHOWN, fee=0.003)).evidence
    assert (cheap.doubled_costs.fee, dear.doubled_costs.fee) == (0.002, 0.006)
    assert dear.random_entry.median < cheap.random_entry.median


def test_tree_gives_null_for_what_is_undefined_and_its_reason_by_path():
    found = examined(run=run_on(SHOWN, np.zeros(400, np.int8))).evidence
    plain, reasons = tree(replace(found, asked=()))
    assert plain["luck"]["dsr"] is None
    assert reasons["luck.dsr"] == "the returns do not vary"
    assert tree({"a": [Undefined("no")]}) == ({"a": [None]}, {"a.0": "no"})
