"""How strategies have done with real or paper money: closed trades, counted per strategy and symbol."""

from dataclasses import dataclass

from libs.common.events import OrderFilled
from libs.common.values import Side

ENOUGH_TRADES = 20
"""Below so many closed trades a strategy's own record says less than its backtest."""


@dataclass(frozen=True)
class Record:
    """Closed trades of one strategy on one symbol. A win is a realised profit above zero, both fees paid."""

    closed: int = 0
    wins: int = 0

    def after(self, fill: OrderFilled) -> "Record":
        """Return the record with a fill counted; only a sell that closed something changes it."""
        if fill.side is not Side.SELL or fill.realized_pnl is None:
            return self
        return Record(self.closed + 1, self.wins + (fill.realized_pnl > 0))

    def win_rate(self, prior: float | None) -> float | None:
        """Return the share of wins in [0, 1], or the backtest's `prior` while there are fewer than 20 closed trades."""
        return self.wins / self.closed if self.closed >= ENOUGH_TRADES else prior
