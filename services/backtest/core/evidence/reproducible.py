"""Whether a strategy says the same when asked twice. One that does not has no backtest: it has one of many."""

from dataclasses import dataclass

from libs.market.frame import Frame
from services.backtest.core.evidence.probe import Actions, Change, SignalsOf, asked, first_change


@dataclass(frozen=True)
class Reproducible:
    """passed: the second run equalled the first. change: the first bar that differed; None where the strategy refused outright."""

    passed: bool
    change: Change | None


def reproducible(signals_of: SignalsOf, frame: Frame, signals: Actions) -> Reproducible:
    """Ask `signals_of` for `frame` again, with whatever seeds it fixes itself; signals: (T,) its first answer."""
    (answer,) = asked(signals_of, [frame])
    if isinstance(answer, Exception):
        return Reproducible(False, None)
    change = first_change(frame.ts, signals, answer, int(frame.ts[-1]))
    return Reproducible(change is None, change)
