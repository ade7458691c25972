"""Asks a strategy again on other bars, for evidence. Decides what else it can see then: nothing that lies outside the bars it is asked about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from libs.market.frame import Frame
from libs.strategy.python import View
from libs.strategy.runtime import evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import Strategy
from services.backtest.core.evidence.probe import Actions, Answer
from services.backtest.core.examine import Ask


@dataclass(frozen=True)
class Asking:
    """A strategy with all the bars of its run, by symbol, and the company figures it may look at."""

    strategy: Strategy
    frames: Mapping[str, Frame]
    sandbox: Pool | None
    view: View = View()  # noqa: RUF009 - an empty frozen value

    def on(self, symbol: str) -> Ask:
        """Return the strategy as a function of the bars of `symbol`."""
        apart = self.strategy.kind in ("python.signals", "model")
        return Ask(lambda frame: self._alone(symbol, frame), self._together if apart else None)

    def _alone(self, symbol: str, frame: Frame) -> Actions:
        """Ask about one frame in a process of its own; of the other symbols it sees what lies between its first and last bar."""
        first, stop = int(frame.ts[0]), int(frame.ts[-1]) + 1
        peers = {name: peer.between(first, stop) for name, peer in self.frames.items()}
        frames = peers | {symbol: frame}
        said = evaluate_all(self.strategy, frames, self.sandbox, focus=(symbol,), view=self.view)
        return said.only(symbol).actions

    def _together(self, frames: list[Frame]) -> list[Answer]:
        """Ask about several frames in one process, each under a name that means nothing."""
        named = {f"B{place}": frame for place, frame in enumerate(frames)}
        strategy = replace(self.strategy, symbols=tuple(named))
        said = evaluate_all(strategy, named, self.sandbox)
        return [said.faults[name].error() if name in said.faults else said.signals[name].actions for name in named]
