"""What several documents share: the health check under both keys, and the trade object.

Every documented body is made from the same facts as `/api/v1`: naming and scale differ, nothing else. Trades: `action` upper case,
`confidence` 0-100, `asset` without its quote. Unknown stays null.
"""

from typing import Any

from libs.common.values import base_asset
from services.gateway.queries import Body, Fact

ROOT = {"msg": "FastAPI is working", "message": "Backend is running!"}
"""What `GET /` says to programs: one body under the two documented keys."""


def trade(fill: Fact) -> Body:
    """Return a fill as the documented trade object. `id` counts facts as they arrived here, so it is whole and ascending."""
    body = fill.body
    words = body["symbol"], body["side"], body["price"], body["reasoning"], body["confidence"]
    return trade_object(fill.seq, body["at"], *words)


def trade_object(  # noqa: PLR0913  one argument per documented field
    number: int, at: str, symbol: str, side: str, price: float, reasoning: str, confidence: float | None
) -> Body:
    """Return the documented trade; confidence: 0..1, None where there is none."""
    shown: dict[str, Any] = {
        "id": number,
        "timestamp": at,
        "asset": base_asset(symbol),
        "action": side.upper(),
        "price": price,
        "reasoning": reasoning,
        "confidence": None if confidence is None else round(confidence * 100),
    }
    return shown
