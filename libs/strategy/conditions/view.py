"""Conditions of one timeframe, as the bars of a strategy see them: its own, or the closed bars of a longer one."""

from libs.common.values import Timeframe
from libs.market.frame import FloatArray, Frame
from libs.market.resample import Resampled, resample
from libs.strategy.conditions.evaluate import Evaluator, Known
from libs.strategy.conditions.tree import Numeric, Truth


class View:
    """Values and truths for each of the T bars of the strategy; prefix: how reasons name the timeframe, such as `4h `."""

    def __init__(self, frame: Frame, own: Timeframe | None = None, longer: Timeframe | None = None):
        """View the bars of `frame`, of timeframe `own`, or those of the timeframe `longer` made of them."""
        self._resampled: Resampled | None = None
        self.prefix = ""
        if own is not None and longer is not None:
            self._resampled = resample(frame, own.seconds * 1_000, longer.seconds * 1_000)
            self.prefix = f"{longer.value} "
        self._evaluator = Evaluator(self._resampled.frame if self._resampled else frame)

    def column(self, node: Numeric) -> FloatArray:
        """Return the (T,) values of a node."""
        found = self._evaluator.number(node)
        return self._resampled.stretched(found) if self._resampled else found

    def truth(self, node: Truth) -> Known:
        """Return where a condition is true and where false, (T,) each."""
        found = self._evaluator.truth(node)
        if self._resampled is None:
            return found
        return Known(self._resampled.held(found.true), self._resampled.held(found.false))

    def value(self, node: Numeric, bar: int) -> float:
        """Return the value of a node on a bar, NaN where it has none."""
        place = self._place(bar)
        return float(self._evaluator.number(node)[place]) if place >= 0 else float("nan")

    def known(self, node: Truth, bar: int) -> bool | None:
        """Return whether a condition holds on a bar, None where that is unknown."""
        place = self._place(bar)
        if place < 0:
            return None
        found = self._evaluator.truth(node)
        return True if found.true[place] else False if found.false[place] else None

    def seen(self, bar: int) -> int:
        """Return how many bars of this timeframe had closed by then."""
        return self._place(bar) + 1

    def _place(self, bar: int) -> int:
        return int(self._resampled.latest[bar]) if self._resampled else bar
