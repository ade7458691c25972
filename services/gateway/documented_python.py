"""The bodies of `POST /run_backtest` and `POST /update_verdict`, from the answers of the commands they become.

Shares are fractions, 0.2 is 20 %; the drawdown is a positive one. A verdict set by hand stands before the computed one.
"""

from collections.abc import Mapping
from typing import Any

from libs.common.errors import BadInputError
from libs.common.values import Verdict
from services.gateway.documented_market import Chosen
from services.gateway.shapes import API

BY_HAND = "set by hand through /update_verdict"
"""The reason kept with a verdict whose body gives none."""

_PERFORMANCE = {
    "cumulative_return": "total_return",
    "drawdown": "max_drawdown",
    "trades": "closed_trades",
    "win_rate": "win_rate",
    "avg_trade": "average_trade",
    "sharpe": "sharpe",
    "calmar": "calmar",
}
"""Documented name -> metric; the two ratios are what the document asks for next."""

_BESIDE = (
    "backtest_id",
    "timeframe",
    "bars",
    "deciding_rule",
    "gate",
    "reasons",
    "evidence",
    "duplicate_of",
    "initial_capital",
    "final_equity",
    "metrics",
    "simulated",
)


def require_code(body: Mapping[str, Any]) -> None:
    """Raise BadInputError for a body without code."""
    if body.get("strategy_code", body.get("code")) is None:
        raise BadInputError(
            "there is no strategy_code",
            code="input.missing",
            pointer="/strategy_code",
            hint="send Python that defines generate_signals(df)",
        )


def performance(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the documented performance; null where a metric is undefined."""
    shown = {name: metrics.get(metric) for name, metric in _PERFORMANCE.items()}
    drawdown = shown["drawdown"]
    return {**shown, "drawdown": None if drawdown is None else abs(drawdown)}


def verdict_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdict that counts, and the computed one beside it."""
    by_hand = result["verdict_set"]
    return {"verdict": by_hand["verdict"] if by_hand else result["verdict"], "computed_verdict": result["verdict"]}


def dates(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the window of a backtest, UTC with Z."""
    window = {"start_date": result["window_start"], "end_date": result["window_end"]}
    return {name: moment.replace("+00:00", "Z") for name, moment in window.items()}


def links(result: Mapping[str, Any]) -> dict[str, str]:
    """Return where the backtest and its report are."""
    place = f"{API}/backtests/{result['backtest_id']}"
    return {"self": place, "report": f"{place}/report.html"}


def backtest_reply(result: Mapping[str, Any], chosen: Chosen | None) -> dict[str, Any]:
    """Return the reply to a backtest of code; chosen: the market it ran on if nobody named one."""
    message = str(result["message"])
    if chosen is not None and not chosen.is_documented:
        prices = ", simulated prices" if result["simulated"] else ""
        message += f"; no hourly BTC-USD bars are stored, so it ran on {chosen.symbol} {chosen.timeframe.value}{prices}"
    return {
        "status": result["status"],
        "message": message,
        "performance": performance(result["metrics"]),
        **verdict_of(result),
        "preview": result["preview"],
        "code_hash": result["code_hash"],
        "symbol": result["symbols"][0],
        **dates(result),
        **{name: result[name] for name in _BESIDE},
        **links(result),
    }


def verdict_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the command that sets a verdict; raises BadInputError naming the verdicts there are."""
    missing = next((name for name in ("code_hash", "verdict") if body.get(name) is None), None)
    if missing:
        raise BadInputError(f"there is no {missing}", code="input.missing", pointer=f"/{missing}")
    given = body["verdict"]
    verdict = given.strip().lower() if isinstance(given, str) else None
    if verdict not in [known.value for known in Verdict]:
        raise BadInputError(
            "there is no such verdict",
            code="input.verdict",
            pointer="/verdict",
            hint=f"use one of {', '.join(Verdict)}",
        )
    return {"reason": BY_HAND, **body, "verdict": verdict}


def verdict_reply(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the confirmation of a verdict set by hand."""
    computed = result["computed"]
    return {
        "status": "success",
        "message": f"the verdict of {result['backtest_id']} is {result['verdict']}, computed was {computed}",
        "code_hash": result["code_hash"],
        "verdict": result["verdict"],
        "computed_verdict": computed,
        "backtest_id": result["backtest_id"],
        "reason": result["reason"],
    }
