"""The body of `POST /backtest/`: final balance, trades, their number, symbol and dates, from an answer and its report.

A trade is the documents' TradeLog. `roi` and `drawdown` of a trade are percent, as there; `duration` is seconds. A backtest has no
confidence, so that is null.
"""

from collections.abc import Mapping
from typing import Any

from services.gateway.backtests import utc
from services.gateway.documented_python import dates, links, performance, verdict_of

RESULTS = 10
"""Trades that `GET /backtest/results` shows."""


def rules_reply(result: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reply to a backtest of rules; report: of the same run."""
    trades = [trade_log(trade, result["name"]) for trade in report["trades"]]
    return {
        "symbol": result["symbols"][0],
        **dates(result),
        "initial_balance": result["initial_capital"],
        "final_balance": result["final_equity"],
        "total_trades": len(trades),
        "trades": trades,
        "status": result["status"],
        "message": result["message"],
        "performance": performance(result["metrics"]),
        **verdict_of(result),
        "deciding_rule": result["deciding_rule"],
        "code_hash": result["code_hash"],
        "backtest_id": result["backtest_id"],
        "timeframe": result["timeframe"],
        "simulated": result["simulated"],
        **links(result),
    }


def trade_log(trade: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a round trip of a report as a TradeLog; what only its exit tells is null while it is open."""
    is_open = trade["open"]
    reasons = [trade["entry_reason"], *([] if is_open else [trade["exit_reason"]])]
    return {
        "symbol": trade["symbol"],
        "entry_time": utc(trade["entry_time"]),
        "exit_time": utc(trade["exit_time"]),
        "entry_price": trade["entry_price"],
        "exit_price": None if is_open else trade["exit_price"],
        "position_type": trade["side"],
        "result": None if is_open else _result(trade["pnl"]),
        "strategy_name": name,
        "indicators_used": sorted(trade["entry_values"]),
        "confidence_score": None,
        "roi": trade["gain"] * 100,
        "drawdown": abs(trade["mae"]) * 100,
        "duration": None if is_open else (trade["exit_time"] - trade["entry_time"]) // 1_000,
        "notes": "; ".join(reason for reason in reasons if reason),
    }


def _result(profit: float) -> str:
    return "win" if profit > 0 else "loss" if profit < 0 else "breakeven"
