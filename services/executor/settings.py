"""What the executor's owner decides: costs of the paper venue, limits, and what an account starts with."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, FiniteFloat

from libs.common.settings import CommonSettings
from services.executor.core.state import Rules
from services.executor.risk import Limits
from services.executor.venues.paper import Costs

Share = Annotated[FiniteFloat, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[FiniteFloat, Field(ge=0, lt=0.1)]
Positive = Annotated[Decimal, Field(gt=0, le=1_000_000_000, decimal_places=8)]


class Settings(CommonSettings):
    """Of the limits, a share of 1 and a count of 0 mean no limit."""

    initial_cash: Positive = Field(default=Decimal(10_000), description="dollars a new paper account starts with")
    paper_fee: Rate = Field(default=0.001, description="fee of a paper fill, fraction of its notional")
    paper_slippage: Rate = Field(default=0.0002, description="how much worse than the open a paper order is filled")
    max_order_fraction: Share = Field(default=0.10, description="largest entry, share of the account's equity")
    max_position_fraction: Share = Field(default=0.25, description="largest position, share of the account's equity")
    max_open_positions: Count = Field(default=10, description="positions an account may have at a time")
    max_orders_per_minute: Count = Field(default=30, description="entries need fewer orders in the last minute")
    max_symbol_orders_per_minute: Count = Field(default=10, description="the same, counted for one symbol")
    price_collar: Share = Field(default=0.02, description="how far a decision's price may be from the last close")
    max_daily_loss: Share = Field(default=0.03, description="loss of a UTC day that stops entries until the next")
    min_notional: Positive = Field(default=Decimal(1), description="smallest entry, in the quote asset")

    def rules(self) -> Rules:
        """Return the rules the core works by."""
        limits = Limits(
            order_fraction=self.max_order_fraction,
            position_fraction=self.max_position_fraction,
            open_positions=self.max_open_positions,
            orders_per_minute=self.max_orders_per_minute,
            symbol_orders_per_minute=self.max_symbol_orders_per_minute,
            price_collar=self.price_collar,
            daily_loss=self.max_daily_loss,
            min_notional=self.min_notional,
        )
        return Rules(limits, Costs(self.paper_fee, self.paper_slippage), self.initial_cash)
