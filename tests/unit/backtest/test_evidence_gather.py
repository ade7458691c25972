"""All evidence on one run, end to end, without bus or store."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest

from libs.common.values import Stage, Timeframe
from services.backtest.core.curve import combine, curve_of
from services.backtest.core.engine import Terms, run
from services.backtest.core.evidence.gather import Piece, Subject, gather
from services.backtest.core.evidence.holdout import fix, held_out
from services.backtest.core.evidence.overfit import Overfit
from services.backtest.core.evidence.probe import one_by_one
from services.backtest.core.evidence.trials import Identity, trial_of
from services.backtest.core.evidence.walkforward import WalkForward
from services.backtest.core.fingerprint import canonical
from services.backtest.core.gate import facts_of, gate
from services.backtest.core.metrics import measure
from services.backtest.core.returns_metrics import returns_of
from services.backtest.core.verdict import judge
from tests.unit.backtest.evidence_strategies import CHEATS, CLEAN, bars, runs

AT = datetime(2024, 5, 1, tzinfo=UTC)
TERMS = Terms()
FRAMES = {"BTCUSDT": bars(700), "ETHUSDT": bars(700, seed=12)}


def replayed(strategy, terms):
    signals_of = runs(strategy)
    results = {symbol: run(signals_of(frame), frame, terms, position_mode=False) for symbol, frame in FRAMES.items()}
    curves = [curve_of(symbol, FRAMES[symbol], result, terms.initial_capital) for symbol, result in results.items()]
    return results, combine(curves)


def examined(strategy, family=(), mapped=one_by_one):
    signals_of = runs(strategy)
    results, curve = replayed(strategy, TERMS)

    def piece(symbol):
        frame, result = FRAMES[symbol], results[symbol]
        book = result.trades
        held = np.where(book.exit_index < 0, len(frame), book.exit_index) - book.entry_index
        returns = returns_of(result.equity, TERMS.initial_capital)
        return Piece(symbol, frame, signals_of, signals_of(frame), returns, held, np.ones(len(held), np.int64))

    def measured(terms):
        return measure(replayed(strategy, terms)[1], Timeframe.H1, "crypto")

    returns = returns_of(curve.equity, curve.initial)
    total = float(curve.equity[-1]) / curve.initial - 1.0
    own = trial_of(Identity("fam", "code", "own", TERMS, AT), curve.times, returns)
    kept = held_out(fix("fam", curve.times, AT), curve.times, curve.equity, curve.initial, curve.trades.exit_time)
    subject = Subject(tuple(map(piece, FRAMES)), returns, total, TERMS, measured)
    evidence = gather(subject, own, family, kept, mapped=mapped)
    metrics = measured(TERMS)
    facts = facts_of(judge(metrics).verdict, metrics.values["closed_trades"], evidence, holdout_seen=False)
    return evidence, facts


def family_of(count):
    chance, times = np.random.default_rng(1), FRAMES["BTCUSDT"].ts
    names = [f"try-{n}" for n in range(count)]
    return [
        trial_of(Identity("fam", name, name, TERMS, AT), times, chance.normal(0, 0.004, len(times))) for name in names
    ]


def test_evidence_of_an_honest_strategy_is_complete_and_opens_alert():
    evidence, facts = examined(CLEAN["rsi_7_25"], family_of(20))
    assert evidence.look_ahead
    assert evidence.reproducible
    assert {each.symbol for each in evidence.asked} == set(FRAMES)
    assert evidence.luck.tries == 21
    assert isinstance(evidence.overfit, Overfit)
    assert evidence.overfit.members == 21
    assert isinstance(evidence.walk_forward[0], WalkForward)
    assert evidence.holdout is not None
    assert 0 <= evidence.random_entry.percentile <= 1
    assert Stage.ALERT in gate(facts).stages
    assert Stage.LIVE not in gate(facts).stages


def test_evidence_of_a_cheat_shuts_the_gate_however_good_it_looks():
    evidence, facts = examined(CHEATS["shift_minus_1"])
    assert evidence.luck.dsr > 0.99
    assert facts.verdict in ("excellent", "good")
    assert gate(facts).stages == ()
    assert gate(facts).refusals == ("alert: signals change when later bars are hidden",)


@pytest.mark.parametrize(("others", "has"), [(8, False), (9, True)])
def test_evidence_names_a_pbo_from_ten_tries_on(others, has):
    evidence, facts = examined(CLEAN["rsi_7_25"], family_of(others))
    assert (evidence.overfit is not None) == has
    assert (facts.pbo is not None) == has


def test_evidence_of_the_same_run_is_the_same_bytes_whoever_carries_out_the_reruns():
    one = examined(CLEAN["donchian_10"], family_of(12))[0]
    with ThreadPoolExecutor(2) as pool:
        other = examined(CLEAN["donchian_10"], family_of(12), pool.map)[0]
    assert canonical(asdict(one)) == canonical(asdict(other))
    assert b"NaN" not in canonical(asdict(one))
