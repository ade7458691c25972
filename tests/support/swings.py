"""A market of which the next bar can be foretold to a degree."""

import numpy as np

from libs.common.values import to_epoch_ms
from libs.market.frame import Frame
from tests.support.build import START


def swinging(bars: int, seed: int = 0) -> Frame:
    """A seeded walk of hourly bars whose changes tend to turn round."""
    noise = np.random.default_rng(seed).normal(0, 0.01, bars)
    steps = np.zeros(bars)
    for bar in range(1, bars):
        steps[bar] = -0.7 * steps[bar - 1] + noise[bar]
    close = 100 * np.exp(np.cumsum(steps))
    opened = np.concatenate(([100.0], close[:-1]))
    ts = to_epoch_ms(START) + 3_600_000 * np.arange(bars, dtype=np.int64)
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    volume = 5.0 + np.random.default_rng(seed + 1).random(bars)
    return Frame.of(ts, opened, high, low, close, volume)
