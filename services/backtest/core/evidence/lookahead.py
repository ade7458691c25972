"""Whether a strategy knows the future: what it says of a bar must not depend on any later bar.

Two tests. *Prefix*: asked on the first k bars only, it must say of them what it said with all bars. *Poison*: asked on as many bars as before,
but with noise from bar k on, it must say the same of the bars before k; that also catches a strategy that behaves when bars are missing.
Decides where to cut: evenly, before the bars that earned most, and at changes of the signal (the earliest, the best timed, and
some between), because a rare peek shows there or nowhere. Wart: a peek that neither earns nor times anything may stay unseen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.evidence.probe import (
    Actions,
    Answer,
    Change,
    Mapped,
    SignalsOf,
    asked,
    first_change,
    generator,
    one_by_one,
)
from services.backtest.core.values import Floats

EVEN_CUTS = 8
BEST_BARS = 8
TURNS = 16
POISONED = 8
MAX_CHANGES = 5

_HORIZONS = (1, 5, 20)


@dataclass(frozen=True)
class LookAhead:
    """What the reruns found.

    changes: at most 5, the earliest bar first; empty if nothing changed. unchecked: cuts (open times, epoch ms) at which the strategy refused both
    reruns. reruns: how often it was asked.
    """

    passed: bool
    changes: tuple[Change, ...]
    unchecked: tuple[int, ...]
    reruns: int


def look_ahead(
    signals_of: SignalsOf, frame: Frame, signals: Actions, returns: Floats, *, mapped: Mapped = one_by_one
) -> LookAhead:
    """Return whether `signals` of `frame` are free of the future.

    signals: (T,) what `signals_of(frame)` gave. returns: (T,) what the run earned per bar, to find the bars worth a closer look. It passes if
    no signal changed and every cut could be checked by one of the tests.
    """
    best = _best(returns)
    turns = _turns(frame, signals)
    cuts = _sorted([*_even(len(frame)), *best, *turns.early, *turns.timed, *turns.between], len(frame))
    poisoned = _sorted([*best[: POISONED // 2], *turns.timed[: POISONED - POISONED // 2]], len(frame))
    seed = frame.data_hash()
    frames = [_head(frame, cut) for cut in cuts] + [poison(frame, cut, seed) for cut in poisoned]
    answers = asked(signals_of, frames, mapped)
    checked = list(zip([*cuts, *poisoned], answers, strict=True))
    refused = [cut for cut, answer in checked[: len(cuts)] if isinstance(answer, Exception) and cut not in poisoned]
    second = asked(signals_of, [poison(frame, cut, seed) for cut in refused], mapped)
    checked += zip(refused, second, strict=True)
    return _judged(frame, signals, checked)


def poison(frame: Frame, cut: int, seed: str) -> Frame:
    """Return `frame` with noise from bar `cut` (1 <= cut < T) on: rises become falls, and chance is added.

    The path after the cut is the real one mirrored in logarithms about the last true close, plus a random walk of twice its step, drawn from
    `seed` and `cut`; highs and lows lie around opens and closes, volumes are shuffled and scaled. Times stay.
    """
    chance = generator(seed, cut)
    rest, last = len(frame) - cut, float(frame.close[cut - 1])
    logs = np.log(frame.close[cut:] / last)
    step = max(float(np.std(np.diff(logs, prepend=0.0))), 1e-4)
    closes = last * np.exp(np.clip(np.cumsum(chance.normal(0.0, 2.0 * step, rest)) - logs, -20.0, 20.0))
    opens = np.concatenate(([last], closes[:-1]))
    spread = np.exp(np.abs(chance.normal(0.0, step, (2, rest))))
    volumes = chance.permutation(frame.volume[cut:]) * np.exp(chance.normal(0.0, 1.0, rest))
    tail = (opens, np.maximum(opens, closes) * spread[0], np.minimum(opens, closes) / spread[1], closes, volumes)
    true = (frame.open, frame.high, frame.low, frame.close, frame.volume)
    return Frame(frame.ts, *(np.concatenate((head[:cut], noise)) for head, noise in zip(true, tail, strict=True)))


@dataclass(frozen=True)
class _Turns:
    early: list[int]
    timed: list[int]
    between: list[int]


def _even(count: int) -> list[int]:
    return [count * n // (EVEN_CUTS + 1) for n in range(1, EVEN_CUTS + 1)]


def _best(returns: Floats) -> list[int]:
    """The bars before a bar that earned: cutting there hides the bar itself."""
    order = np.argsort(-returns, kind="stable")[:BEST_BARS]
    return [int(bar) for bar in order if returns[bar] > 0]


def _turns(frame: Frame, signals: Actions) -> _Turns:
    """Cuts right after a change of the signal, the first signal included; early ones show a filled-in warm-up."""
    before = np.concatenate((np.zeros(1, np.int8), signals[:-1]))
    found = np.flatnonzero(signals != before)
    gained = _gained(frame, found, np.sign(signals[found].astype(np.int64) - before[found]))
    early = found[: TURNS // 4]
    timed = found[np.argsort(-gained, kind="stable")][: TURNS // 2]
    rest = np.setdiff1d(found, np.concatenate((early, timed)))
    wanted = min(len(rest), TURNS - len(early) - len(timed))
    between = rest[np.linspace(0, len(rest) - 1, wanted).astype(np.int64)] if wanted else rest[:0]
    return _Turns((early + 1).tolist(), (timed + 1).tolist(), (between + 1).tolist())


def _gained(frame: Frame, at: np.ndarray, direction: np.ndarray) -> Floats:
    """How well each change was timed: the best move in its direction over 1, 5 or 20 bars, per root of bars."""
    last = len(frame) - 1
    moves = [
        direction * (frame.close[np.minimum(at + bars, last)] / frame.close[at] - 1.0) / bars**0.5 for bars in _HORIZONS
    ]
    best: Floats = np.max(moves, axis=0) if len(at) else np.empty(0)
    return best


def _sorted(cuts: Sequence[int], count: int) -> list[int]:
    return sorted({cut for cut in cuts if 0 < cut < count})


def _head(frame: Frame, cut: int) -> Frame:
    return frame.until(int(frame.ts[cut - 1]))


def _judged(frame: Frame, signals: Actions, checked: list[tuple[int, Answer]]) -> LookAhead:
    changes: set[Change] = set()
    answered: set[int] = set()
    for cut, answer in checked:
        if isinstance(answer, Exception):
            continue
        answered.add(cut)
        change = first_change(frame.ts[:cut], signals[:cut], answer[:cut], int(frame.ts[cut]))
        if change is not None:
            changes.add(change)
    unchecked = sorted({int(frame.ts[cut]) for cut, _ in checked if cut not in answered})
    earliest = sorted(changes, key=lambda change: (change.time, change.cut, change.again))[:MAX_CHANGES]
    return LookAhead(not changes and not unchecked, tuple(earliest), tuple(unchecked), len(checked))
