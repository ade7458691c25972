"""How many bars make a year: what annualised metrics are scaled by.

Crypto trades 365 x 24 h; a US stock session has 6.5 h on 252 days a year, its last bar may be short.
"""

from typing import Literal

from libs.common.values import Timeframe, base_asset

Market = Literal["crypto", "stocks"]

_DAYS = {"crypto": 365, "stocks": 252}
_DAY_SECONDS = {"crypto": 24 * 3_600, "stocks": 390 * 60}


def market_of(symbol: str) -> Market:
    """Return the market a symbol trades on: a pair with a known quote asset is crypto, anything else a stock."""
    return "crypto" if base_asset(symbol) != symbol else "stocks"


def days_per_year(market: Market) -> int:
    """Return trading days per year: 365 or 252."""
    return _DAYS[market]


def bars_per_year(timeframe: Timeframe, market: Market) -> int:
    """Return bars per year: 8,760 for hourly crypto; 252 x 7 for hourly stocks, whose session has seven hourly bars."""
    return _DAYS[market] * -(-_DAY_SECONDS[market] // timeframe.seconds)
