"""Picks among several symbols, traded with one purse: what a classifier or a batch function over a universe is worth.

Decides which runs share their cash: those of code that picks. Signals and rules trade each symbol with its own share, as their agents do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libs.market.frame import Frame
from libs.strategy.code import horizon_of
from libs.strategy.signals import Signals
from libs.strategy.spec import Strategy
from services.backtest.core.curve import Curve, portfolio_curve
from services.backtest.core.engine import Terms
from services.backtest.core.engine_portfolio import MAX_POSITIONS, PortfolioResult, run_portfolio
from services.backtest.core.values import Floats


@dataclass(frozen=True, eq=False)
class Purse:
    """What to trade by symbol. picks: (T,) 1 where the code said yes. scores: (T,) of each bar, 0 where none was given. horizon: bars held."""

    frames: Mapping[str, Frame]
    picks: Mapping[str, NDArray[np.int8]]
    scores: Mapping[str, Floats]
    horizon: int

    def run(self, terms: Terms) -> PortfolioResult:
        """Return what one purse makes of the picks at `terms`: at most 20 positions of equal weight, the highest score first."""
        return run_portfolio(
            self.picks, self.frames, terms, horizon=self.horizon, max_positions=MAX_POSITIONS, scores=self.scores
        )

    def curve(self, terms: Terms) -> Curve:
        """Return the same as a curve."""
        return portfolio_curve(self.run(terms), self.frames, terms.initial_capital)


def purse_of(strategy: Strategy, said: Mapping[str, Signals]) -> Purse | None:
    """Return the purse that a strategy's signals by symbol are traded with; None where every symbol has its own share."""
    hits = {symbol: signals.hits for symbol, signals in said.items() if signals.hits is not None}
    if len(said) < 2 or len(hits) < len(said):
        return None
    return Purse(
        {symbol: signals.frame for symbol, signals in said.items()},
        {symbol: own.astype(np.int8) for symbol, own in hits.items()},
        {symbol: _scores(signals) for symbol, signals in said.items()},
        horizon_of(strategy.code or ""),
    )


def _scores(signals: Signals) -> Floats:
    scores = np.zeros(len(signals))
    for row, detail in signals.details.items():
        scores[row] = detail.score or 0.0
    return scores
