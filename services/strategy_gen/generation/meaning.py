"""Whether code does what a sentence says: held against the compiler's code for the sentence, on the same made-up bars.

Pure. Compares what would be traded (position after each bar, bars on which one is entered), not how it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.common.values import from_epoch_ms
from libs.strategy.signals import Signals

AGREE = 0.99
"""Share of all bars on which the positions have to be equal, and of all entries that have to be on the same bar."""

NEAR = 0.5
"""Share of a further variant's entries that have to fall where the compiler's code is invested: it may read open points otherwise."""

SHOWN = 5
Positions = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Traded:
    """What a strategy does on one market. positions: (T,) 1 or 0 after each bar's decision; entries: (T,) bool."""

    positions: Positions
    entries: npt.NDArray[np.bool_]


def traded(signals: Signals, *, position_mode: bool) -> Traded:
    """Return what signals come to: a buy while invested and a sell while not are nothing, shorts are no position.

    A classifier is compared by its yeses: each is an entry and a position of its own.
    """
    if signals.hits is not None:
        return Traded(signals.hits.astype(np.int8), signals.hits)
    if position_mode:
        positions = (signals.actions > 0).astype(np.int8)
    else:
        spoken = np.flatnonzero(signals.actions)
        last = np.maximum.accumulate(np.where(signals.actions != 0, np.arange(len(signals)), -1))
        positions = np.zeros(len(signals), np.int8)
        if len(spoken):
            positions[last >= 0] = signals.actions[last[last >= 0]] > 0
    before = np.concatenate(([0], positions[:-1]))
    return Traded(positions, (positions == 1) & (before == 0))


def differs(wanted: Mapping[str, Traded], got: Mapping[str, Traded], times: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how `got` strays from `wanted`, as a finding with the first bars that differ; None where they agree.

    times: (T,) open times in epoch ms, by market.
    """
    bars = sum(len(each.positions) for each in wanted.values())
    unlike = {name: np.flatnonzero(each.positions != got[name].positions) for name, each in wanted.items()}
    wrong = sum(len(found) for found in unlike.values())
    either = sum(int((each.entries | got[name].entries).sum()) for name, each in wanted.items())
    both = sum(int((each.entries & got[name].entries).sum()) for name, each in wanted.items())
    if wrong <= (1 - AGREE) * bars and both >= AGREE * either:
        return None
    examples = [
        {
            "market": name,
            "bar": int(bar),
            "at": from_epoch_ms(int(times[name][bar])).isoformat(),
            "expected": int(wanted[name].positions[bar]),
            "got": int(got[name].positions[bar]),
        }
        for name, found in unlike.items()
        for bar in found[:SHOWN]
    ][:SHOWN]
    entered = sum(int(each.entries.sum()) for each in wanted.values())
    own = sum(int(each.entries.sum()) for each in got.values())
    return {
        "code": "meaning.differs",
        "message": f"it does not mean what was asked: {wrong} of {bars} bars differ; {entered} entries are meant, it makes {own}, {both} on the same bar",
        "hint": "follow the restatement of the request word by word, with its defaults and periods",
        "bars": examples,
    }


def departs(wanted: Mapping[str, Traded], got: Mapping[str, Traded]) -> dict[str, Any] | None:
    """Return a finding for a further variant that is no longer about the sentence: most of its entries are elsewhere, or it makes none."""
    entered = sum(int(each.entries.sum()) for each in got.values())
    within = sum(int((got[name].entries & (each.positions == 1)).sum()) for name, each in wanted.items())
    if not entered:
        return silent(got)
    if within >= NEAR * entered:
        return None
    return {
        "code": "meaning.departs",
        "message": f"it is about something else: {within} of its {entered} entries fall where the request's own strategy is invested",
        "hint": "keep the entry condition of the request; vary what it leaves open, add a filter, or leave otherwise",
    }


def silent(got: Mapping[str, Traded]) -> dict[str, Any] | None:
    """Return a finding for code that never enters on any market."""
    if any(each.entries.any() for each in got.values()):
        return None
    return {
        "code": "meaning.no_signal",
        "message": f"it gives no signal on {sum(len(each.positions) for each in got.values())} bars of rises, falls, gaps and volume spikes",
        "hint": "loosen the entry; check units (fractions, not percent) and that NaN comparisons do not hide every bar",
    }


def looks_ahead(whole: Mapping[str, Signals], earlier: Mapping[str, Signals]) -> dict[str, Any] | None:
    """Return a finding for the first bar that says something else once later bars are known."""
    for name, part in earlier.items():
        found = np.flatnonzero(whole[name].actions[: len(part)] != part.actions)
        if len(found):
            bar = int(found[0])
            return {
                "code": "meaning.look_ahead",
                "message": f"it knows the future: bar {bar} of {name} says {int(whole[name].actions[bar])} with {len(whole[name])} bars known, and {int(part.actions[bar])} with {len(part)}",
                "hint": "a signal may depend on its own bar and earlier ones only: no shift(-1), no statistics over the whole frame",
                "bars": [{"market": name, "bar": bar, "at": from_epoch_ms(int(part.frame.ts[bar])).isoformat()}],
            }
    return None
