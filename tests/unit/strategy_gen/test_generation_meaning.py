"""What code does against what a sentence says, on made-up markets that are the same everywhere."""

from typing import Any

import numpy as np
import pytest

from libs.common.values import Timeframe
from libs.strategy.signals import Signals
from services.strategy_gen.generation import meaning
from services.strategy_gen.generation.probe import cut, probe
from services.strategy_gen.generation.values import Outcome, faults_of
from tests.support.build import frame
from tests.unit.strategy_gen.test_life import judged


def signals(actions: list[int] | Any) -> Signals:
    given = np.asarray(actions, np.int8)
    return Signals(given, {}, frame(np.full(len(given), 100.0)))


def traded(actions: list[int] | Any, *, position_mode: bool = False) -> meaning.Traded:
    return meaning.traded(signals(actions), position_mode=position_mode)


def test_positions_follow_buys_and_sells_and_nothing_else() -> None:
    did = traded([0, 1, 1, 0, -1, -1, 0, 1])
    assert did.positions.tolist() == [0, 1, 1, 1, 0, 0, 0, 1]
    assert np.flatnonzero(did.entries).tolist() == [1, 7]
    same = traded([0, 1, 1, 1, 0, 0, -1, 1], position_mode=True)
    assert (same.positions.tolist(), same.entries.tolist()) == (did.positions.tolist(), did.entries.tolist())
    assert traded([0, 0]).positions.tolist() == [0, 0]


def differs(wanted: meaning.Traded, got: meaning.Traded) -> dict[str, Any] | None:
    times = {"A": 3_600_000 * np.arange(len(wanted.positions), dtype=np.int64)}
    return meaning.differs({"A": wanted}, {"A": got}, times)


def test_meaning_agrees_on_99_of_100_bars_and_entries() -> None:
    days = np.zeros(1_000, np.int8)
    days[::10], days[5::10] = 1, -1
    assert differs(traded(days), traded(days)) is None
    late = days.copy()
    late[10], late[11] = 0, 1
    assert differs(traded(days), traded(late)) is not None
    long = np.zeros(1_000, np.int8)
    long[::10], long[6::10] = 1, -1
    assert differs(traded(days), traded(long)) is not None
    once = np.zeros(20_000, np.int8)
    once[50::100], once[60::100] = 1, -1
    missed = once.copy()
    missed[50] = 0
    assert differs(traded(once), traded(missed)) is None


def test_further_variant_may_filter_and_leave_otherwise_but_not_enter_elsewhere() -> None:
    plain, filtered, elsewhere = (np.zeros(1_000, np.int8) for _ in range(3))
    plain[::20], plain[10::20] = 1, -1
    filtered[3::40], filtered[36::40] = 1, -1
    elsewhere[11::20], elsewhere[15::20] = 1, -1
    wanted = {"A": traded(plain)}
    assert differs(traded(plain), traded(filtered)) is not None
    assert meaning.departs(wanted, {"A": traded(filtered)}) is None
    found = meaning.departs(wanted, {"A": traded(elsewhere)})
    assert found is not None
    assert found["code"] == "meaning.departs"
    assert "0 of its 50 entries" in found["message"]
    never = meaning.departs(wanted, {"A": traded(np.zeros(1_000))})
    assert never is not None
    assert never["code"] == "meaning.no_signal"


def test_code_that_never_trades_differs_from_one_that_rarely_does() -> None:
    rare = np.zeros(1_000, np.int8)
    rare[500], rare[503] = 1, -1
    found = differs(traded(rare), traded(np.zeros(1_000)))
    assert found is not None
    assert found["code"] == "meaning.differs"
    assert found["bars"][0] == {"market": "A", "bar": 500, "at": "1970-01-21T20:00:00+00:00", "expected": 1, "got": 0}


def test_code_without_a_signal_anywhere_is_found() -> None:
    assert meaning.silent({"A": traded([0, -1, 0]), "B": traded([0])})["code"] == "meaning.no_signal"  # type: ignore[index]
    assert meaning.silent({"A": traded([0, 0]), "B": traded([1])}) is None


def test_signal_that_changes_with_later_bars_is_named_by_its_bar() -> None:
    whole, part = signals([0, 1, 0, -1]), signals([0, 0])
    found = meaning.looks_ahead({"A": whole}, {"A": part})
    assert found is not None
    assert "bar 1 of A says 1 with 4 bars known, and 0 with 2" in found["message"]
    assert meaning.looks_ahead({"A": whole}, {"A": signals([0, 1, 0])}) is None


@pytest.mark.parametrize("kind", ["python.signals", "python.classify"])
def test_probe_is_the_same_every_time_and_lives_through_everything(kind: str) -> None:
    first, again = (probe(kind, Timeframe.D1, ("ARM",)) for _ in range(2))
    hashes = {name: each.data_hash() for name, each in first.frames.items()}
    assert hashes == {name: each.data_hash() for name, each in again.frames.items()}
    mixed = first.frames["ARM"]
    gaps = mixed.open[1:] / mixed.close[:-1] - 1
    assert gaps.max() > 0.08
    assert gaps.min() < -0.07
    assert (mixed.volume[20:] > 2 * np.convolve(mixed.volume, np.ones(20) / 20, "valid")[:-1]).sum() > 20
    assert mixed.close.max() / mixed.close.min() > 1.5
    flat = first.frames["PROBE-FLAT"]
    assert set(flat.close) == {50.0}
    assert len(first.frames["PROBE-SHORT"]) == 12
    assert int(np.diff(mixed.ts).min()) == 86_400_000


def test_probe_has_companies_with_figures_without_and_with_a_loss() -> None:
    view = probe("python.classify", Timeframe.D1, ("ARM",)).view
    rows = [row for _, row in view.history["ARM"]]
    assert any(row["pe_ratio"] is None for row in rows)
    assert any(row["pe_ratio"] and row["pe_ratio"] < 15 and row["debt_to_equity"] == 0.2 for row in rows)  # type: ignore[operator]
    assert "PROBE-SHORT" not in view.history
    assert probe("python.signals", Timeframe.H1, ("ARM",)).view.history == {}


def test_earlier_market_is_the_first_part_of_the_later_one() -> None:
    whole = probe("python.signals", Timeframe.H1, ()).frames
    part = cut(whole, 0.5)
    assert set(part) == set(whole)
    assert len(part["PROBE-RISE"]) == 150
    assert part["PROBE-RISE"].ts.tolist() == whole["PROBE-RISE"].ts[:150].tolist()


def test_verdict_tells_what_the_next_attempt_has_to_mend() -> None:
    evidence = {"level": "full", "look_ahead_passed": False, "first_bad_bar": "bar 17 of BTCUSDT"}
    told = judged("s1", "reject", evidence=evidence).model_copy(update={"closed_trades": 0})
    outcome = Outcome.of(told)
    assert [finding["code"] for finding in outcome.findings] == ["judge.look_ahead", "judge.no_trade"]
    assert "bar 17 of BTCUSDT" in outcome.detail
    assert faults_of(judged("s1")) == ()
