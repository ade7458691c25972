"""Draws the pictures of docs/evidence.md from what the checks say on real hourly BTC.

    python -m benchmarks.pictures [--data FOLDER] [--to docs/pictures]

Every bar, line and mark is the output of a check on stored prices and seeded random strategies; equal prices draw equal files.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.luck import actions, windows
from benchmarks.market import FOLDER
from benchmarks.svg import BLUE, GREY, ORANGE, Picture
from libs.market.frame import Frame
from services.backtest.core.engine import Terms, run
from services.backtest.core.evidence.lookahead import look_ahead, poison
from services.backtest.core.evidence.luck import luck, sharpe_of
from services.backtest.core.evidence.overfit import overfit, relative_ranks
from services.backtest.core.evidence.random_entry import Holdings, growths
from services.backtest.core.evidence.walkforward import split
from services.backtest.core.returns_metrics import returns_of

TERMS = Terms()
FREE = Terms(fee=0.0, slippage=0.0)
YEAR = 8_760**0.5
TRIES = 100


def main() -> None:
    """Write every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the price files")
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "pictures")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    frame = next(iter(windows(options.data)))
    chance = np.random.default_rng(2)
    tries = [actions(chance, len(frame)) for _ in range(TRIES)]
    returns = np.column_stack([earned(frame, signals) for signals in tries])
    drawn = {
        "lookahead": lookahead_picture(frame),
        "luck": luck_picture(returns),
        "overfit": overfit_picture(np.column_stack([earned(frame, signals, FREE) for signals in tries])),
        "random-entry": random_picture(frame, tries, returns),
        "folds": folds_picture(),
    }
    for name, picture in drawn.items():
        (options.to / f"{name}.svg").write_text(picture.text())
        print(f"{name}.svg: {picture.said}")


def earned(frame: Frame, signals: np.ndarray, terms: Terms = TERMS) -> np.ndarray:
    """Return what signals earned per bar."""
    return returns_of(run(signals, frame, terms, position_mode=False).equity, terms.initial_capital)


def centred(frame: Frame) -> np.ndarray:
    """Return the signals of a cheat: long while the price is below its average over 10 bars before and 10 after."""
    padded = np.pad(frame.close, 10, constant_values=np.nan)
    mean = np.nanmean(np.lib.stride_tricks.sliding_window_view(padded, 21), axis=1)
    return np.where(frame.close < mean, 1, -1).astype(np.int8)


def changed(frame: Frame, signals: np.ndarray, cut: int) -> np.ndarray:
    """Return the bars whose signal changes when the bars from `cut` on are hidden."""
    return np.flatnonzero(centred(frame.until(int(frame.ts[cut - 1]))) != signals[:cut])


def lookahead_picture(frame: Frame) -> Picture:
    """The same 48 bars: signals with all bars known, and with the last part hidden or replaced by noise."""
    signals = centred(frame)
    found = look_ahead(centred, frame, signals, earned(frame, signals))
    cut = next(n for n in range(1_000, len(frame)) if len(changed(frame, signals, n)) > 2)
    first, stop = cut - 36, cut + 12
    spoiled = poison(frame, cut, frame.data_hash())
    hidden = centred(frame.until(int(frame.ts[cut - 1])))
    picture = Picture(640, 250, "Look-ahead: signals that changed when the bars after the line were hidden")
    prices = np.concatenate((frame.close[first:stop], spoiled.close[cut:stop]))
    x = picture.scale(first, stop - 1, 60, 620)
    y = picture.scale(float(prices.min()), float(prices.max()), 150, 40)
    picture.path([(x(t), y(frame.close[t])) for t in range(first, stop)], BLUE)
    picture.path([(x(t), y(spoiled.close[t])) for t in range(cut - 1, stop) if t >= cut], ORANGE, dashed=True)
    picture.line(x(cut - 0.5), 34, x(cut - 0.5), 215, GREY)
    for row, (name, said, end) in enumerate((("all bars", signals, stop), ("rerun", hidden, cut))):
        top = 170 + 24 * row
        picture.label(8, top + 10, name)
        for t in range(first, end):
            colour = ORANGE if row and hidden[t] != signals[t] else BLUE if said[t] > 0 else GREY
            picture.bar(x(t) - 4, top, 8, 12, colour)
    picture.label(60, 240, "blue: buy, grey: sell, orange: says otherwise now. Dashed: the noise used as a second test")
    picture.said = f"passed {found.passed} after {found.reruns} reruns; {len(changed(frame, signals, cut))} signals change at the cut shown"
    return picture


def luck_picture(returns: np.ndarray) -> Picture:
    """Sharpe ratios of random tries, the best of them, and what the best should be without skill."""
    ratios = [float(sharpe_of(column)) for column in returns.T]  # type: ignore[arg-type]
    best = int(np.argmax(ratios))
    found = luck(returns[:, best], [ratio for n, ratio in enumerate(ratios) if n != best])
    picture = Picture(640, 250, f"{TRIES} strategies without skill: their Sharpe ratios (per year)")
    x = histogram(picture, np.array(ratios) * YEAR, 30, found.expected_best * YEAR + 0.2)
    mark(picture, x(ratios[best] * YEAR), f"best {ratios[best] * YEAR:.1f}", 48)
    mark(picture, x(found.expected_best * YEAR), f"expected best {found.expected_best * YEAR:.1f}", 66)
    picture.said = f"best {ratios[best] * YEAR:.2f}, expected {found.expected_best * YEAR:.2f}, PSR {found.psr:.3f}, DSR {found.dsr:.3f}"
    return picture


def overfit_picture(returns: np.ndarray) -> Picture:
    """Where the best of one half ranks in the other: a family of random tries, and the same with one try that has an edge."""
    skilled = returns.copy()
    skilled[:, 0] += 0.0006
    picture = Picture(640, 250, "Rank on the other half of what was best on one half (1 = still best)")
    counts = []
    for values in (returns, skilled):
        count, edges = np.histogram(relative_ranks(values, 16), 20, (0, 1))
        counts.append(count / count.sum())
    x, top = picture.scale(0, 1, 40, 620), max(float(count.max()) for count in counts)
    for place, (count, colour) in enumerate(zip(counts, (GREY, BLUE), strict=True)):
        for low, share in zip(edges[:-1], count, strict=True):
            height = 140 * share / top
            picture.bar(x(low) + 13 * place + 1, 200 - height, 12, height, colour)
    picture.axis(x, (0, 0.25, 0.5, 0.75, 1), 200)
    picture.line(x(0.5), 40, x(0.5), 200, ORANGE)
    found = [overfit(values) for values in (returns, skilled)]
    said = [f"{each.pbo:.2f}" for each in found]  # type: ignore[union-attr]
    picture.label(
        40, 240, f"grey: random tries without costs, PBO {said[0]}; blue: one of them given an edge, PBO {said[1]}"
    )
    picture.said = f"PBO {said[0]} and {said[1]}"
    return picture


def random_picture(frame: Frame, tries: list[np.ndarray], returns: np.ndarray) -> Picture:
    """Returns of 1,000 random entries beside that of the best random try."""
    totals = np.prod(1.0 + returns, axis=0) - 1.0
    best = int(np.argmax(totals))
    book = run(tries[best], frame, TERMS, position_mode=False).trades
    bars = np.where(book.exit_index < 0, len(frame), book.exit_index) - book.entry_index
    drawn = growths(Holdings(frame, bars, np.ones(len(bars), np.int64)), TERMS, "picture", 0) - 1.0
    percentile = float(np.mean(drawn < totals[best]))
    picture = Picture(640, 250, f"Total return of 1,000 runs with the same {len(bars)} holdings at random times (%)")
    x = histogram(picture, 100 * np.append(drawn, totals[best]), 30)
    mark(picture, x(100 * totals[best]), f"this run {totals[best]:+.1%}: beats {percentile:.1%}", 48)
    mark(picture, x(100 * float(np.median(drawn))), f"median {float(np.median(drawn)):+.1%}", 66)
    picture.said = f"percentile {percentile:.3f}"
    return picture


def folds_picture() -> Picture:
    """Rolling and anchored folds of 1,728 bars with a gap of 100, and the holdout after them."""
    picture = Picture(640, 300, "Walk-forward on 1,728 bars, gap 100, and the 432 bars held back")
    x = picture.scale(0, 2_160, 80, 620)
    for block, kind in enumerate(("rolling", "anchored")):
        picture.label(8, 62 + 105 * block, kind)
        for row, fold in enumerate(split(1_728, 5, 100, kind)):  # type: ignore[arg-type]
            top = 48 + 105 * block + 17 * row
            picture.bar(x(fold.train_start), top, x(fold.train_stop) - x(fold.train_start), 12, GREY)
            picture.bar(x(fold.test_start), top, x(fold.test_stop) - x(fold.test_start), 12, BLUE)
    picture.bar(x(1_728), 44, x(2_160) - x(1_728), 205, ORANGE, opacity=0.25)
    picture.label(x(1_760), 60, "held back")
    picture.axis(x, (0, 432, 864, 1_296, 1_728, 2_160), 256)
    picture.label(80, 291, "grey: training, blue: test, white between them: the gap")
    return picture


def histogram(picture: Picture, values: np.ndarray, bins: int, reach: float = 0.0):  # type: ignore[no-untyped-def]
    """Draw a histogram of an axis that reaches at least to `reach`, and return its scale."""
    count, edges = np.histogram(values, bins, (float(values.min()), max(float(values.max()), reach)))
    x = picture.scale(float(edges[0]), float(edges[-1]), 40, 620)
    for low, high, number in zip(edges[:-1], edges[1:], count, strict=True):
        height = 120 * number / count.max()
        picture.bar(x(low), 210 - height, x(high) - x(low) - 1, height, BLUE)
    step = max(1.0, float(np.ceil((edges[-1] - edges[0]) / 8)))
    picture.axis(x, np.arange(np.ceil(edges[0] / step) * step, edges[-1], step).tolist(), 210)
    return x


def mark(picture: Picture, x: float, text: str, top: float) -> None:
    """Draw an orange line with its words on the side that has room."""
    picture.line(x, top, x, 210, ORANGE)
    picture.label(x + (-6 if x > 330 else 6), top + 4, text, anchor="end" if x > 330 else "start")


if __name__ == "__main__":
    main()
