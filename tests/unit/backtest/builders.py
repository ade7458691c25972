"""Small inputs with defaults, so a test shows only what it is about."""

from collections.abc import Sequence

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.curve import Curve, combine, curve_of
from services.backtest.core.engine import Result, Terms, run

HOUR_MS = 3_600_000
START_MS = 1_700_006_400_000


def frame_of(opens: Sequence[float], closes: Sequence[float] | None = None, step_ms: int = HOUR_MS) -> Frame:
    """Return bars with these opens and closes (closes default to the next open), highs and lows just around them."""
    o = np.array(opens, np.float64)
    c = np.append(o[1:], o[-1]) if closes is None else np.array(closes, np.float64)
    ts = START_MS + step_ms * np.arange(len(o), dtype=np.int64)
    return Frame.of(ts, o, np.maximum(o, c), np.minimum(o, c), c, np.ones(len(o)))


def run_of(actions: Sequence[int], frame: Frame, terms: Terms | None = None, position_mode: bool = False) -> Result:
    """Run the engine; terms default to 10,000 without any costs."""
    return run(np.array(actions, np.int8), frame, terms or Terms(fee=0.0, slippage=0.0), position_mode=position_mode)


def curve(actions: Sequence[int], frame: Frame, symbol: str = "BTCUSDT", terms: Terms | None = None) -> Curve:
    """Return the curve of one symbol."""
    terms = terms or Terms(fee=0.0, slippage=0.0)
    return combine([curve_of(symbol, frame, run_of(actions, frame, terms), terms.initial_capital)])


def walk(bars: int, seed: int = 7, step: float = 0.004) -> Frame:
    """Return a seeded random walk around 100."""
    moves = np.random.default_rng(seed).normal(0, step, bars + 1)
    prices = 100 * np.exp(np.cumsum(moves))
    return frame_of(prices[:-1].tolist(), prices[1:].tolist())
