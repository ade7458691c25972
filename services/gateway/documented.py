"""The bodies the documents promise, made from the same facts as `/api/v1`: naming and scale differ, nothing else.

Trades: `action` upper case, `confidence` 0-100, `asset` without its quote. Unknown stays null.
"""

from typing import Any

from libs.common.values import base_asset
from services.gateway.backtests import utc
from services.gateway.queries import Body, Fact

ROOT = {"msg": "FastAPI is working", "message": "Backend is running!"}
"""What `GET /` says to programs: one body under the two documented keys."""


def trade(fill: Fact) -> Body:
    """Return a fill as the documented trade object. `id` counts facts as they arrived here, so it is whole and ascending."""
    body = fill.body
    return _trade(
        fill.seq, body["at"], body["symbol"], body["side"], body["price"], body["reasoning"], body["confidence"]
    )


def _trade(  # noqa: PLR0913  one argument per documented field
    number: int, at: str, symbol: str, side: str, price: float, reasoning: str, confidence: float | None
) -> Body:
    return {
        "id": number,
        "timestamp": at,
        "asset": base_asset(symbol),
        "action": side.upper(),
        "price": price,
        "reasoning": reasoning,
        "confidence": None if confidence is None else round(confidence * 100),
    }


def backtest_summary(body: Body) -> Body:
    """Return a completed backtest as the documented summary; shares stay fractions."""
    metrics: dict[str, Any] = body["metrics"]
    return {
        "id": body["backtest_id"],
        "name": body["name"],
        "strategy_id": body["strategy_id"],
        "code_hash": body["code_hash"],
        "symbol": body["symbols"][0],
        "timeframe": body["timeframe"],
        "start_date": body["window_start"],
        "end_date": body["window_end"],
        "initial_capital": body["initial_capital"],
        "final_value": body["final_equity"],
        "total_return": metrics.get("total_return"),
        "sharpe_ratio": metrics.get("sharpe"),
        "max_drawdown": metrics.get("max_drawdown"),
        "verdict": body["verdict"],
        "metrics": metrics,
        "simulated": body["simulated"],
        "created_at": body["at"],
    }


def backtest_details(report: Body) -> Body:
    """Return equity curve and trades of a report in the documented form: two trades for each closed round trip.

    A backtest has no confidence, so it is null.
    """
    curve = report["curve"]
    points = zip(curve["times"], curve["equity"], curve["buy_and_hold"], strict=True)
    equity = [{"timestamp": utc(at), "value": value, "benchmark": benchmark} for at, value, benchmark in points]
    return {"equity_curve": equity, "trades": _legs(report["trades"])}


def _legs(log: list[Body]) -> list[Body]:
    legs: list[tuple[int, str, str, float, str]] = []
    for entry in log:
        legs.append((entry["entry_time"], entry["symbol"], "buy", entry["entry_price"], entry["entry_reason"]))
        if not entry["open"]:
            legs.append((entry["exit_time"], entry["symbol"], "sell", entry["exit_price"], entry["exit_reason"]))
    legs.sort(key=lambda leg: leg[0])
    return [
        _trade(number, utc(at) or "", symbol, side, price, reason, None)
        for number, (at, symbol, side, price, reason) in enumerate(legs, start=1)
    ]
