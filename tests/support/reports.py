"""Reports as trees, for what reads them: as many bars, trades and symbols as a test needs, and a stranger's words where it wants them."""

import math
from typing import Any

from libs.common.values import to_epoch_ms
from tests.support.build import START

MS = to_epoch_ms(START)
HOUR = 3_600_000

HOSTILE = '</script><script>window.broken=1</script><img src=x onerror="window.broken=1">\u2028\u202e&amp;${1}`'
"""A name that would run script in a page that does not escape it, end a JSON block, and turn the text around."""


def price(n: int) -> float:
    return round(100 + 10 * math.sin(n / 40) + 3 * math.sin(n / 7), 4)


def trade(entry: int, bars: int = 5, symbol: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    """A round trip that enters on bar `entry`."""
    start, end = price(entry), price(entry + bars)
    gain = end / start - 1
    return {
        "symbol": symbol,
        "open": False,
        "side": "long",
        "entry_time": MS + entry * HOUR,
        "entry_price": start,
        "entry_cost": 10_000.0,
        "entry_fee": 10.0,
        "entry_reason": "rsi(14) 27.4 < 30",
        "entry_values": {"rsi(14)": 27.4},
        "exit_time": MS + (entry + bars) * HOUR,
        "exit_price": end,
        "exit_proceeds": 10_000.0 * (1 + gain),
        "exit_fee": 10.0,
        "exit_reason": "rsi(14) 71.2 > 70",
        "quantity": 100.0,
        "pnl": round(10_000 * gain, 6),
        "gain": gain,
        "bars": bars,
        "mae": -0.01,
        "mfe": 0.02,
        **changes,
    }


def still_open(entry: int, **changes: Any) -> dict[str, Any]:
    return trade(entry, **{"open": True, "exit_time": None, "exit_reason": None, **changes})


def candles(count: int) -> dict[str, Any]:
    closes = [price(n) for n in range(count)]
    opens = [closes[max(0, n - 1)] for n in range(count)]
    return {
        "every_bars": 1,
        "times": [MS + n * HOUR for n in range(count)],
        "open": opens,
        "high": [max(pair) + 0.5 for pair in zip(opens, closes, strict=True)],
        "low": [min(pair) - 0.5 for pair in zip(opens, closes, strict=True)],
        "close": closes,
    }


EVIDENCE: dict[str, Any] = {
    "level": "full",
    "asked": [
        {
            "symbol": "BTCUSDT",
            "look_ahead": {"passed": True, "changes": [], "unchecked": [], "reruns": 40},
            "lookback": {"bars": 82, "change": None, "reruns": 16},
            "reproducible": {"passed": True, "change": None},
        }
    ],
    "lookback": 82,
    "luck": {"tries": 37, "dsr": 0.41, "sharpe": 0.02, "expected_best": 0.03, "psr": 0.9, "min_bars": None},
    "overfit": {"pbo": 0.3, "median_rank": 0.6, "members": 37, "blocks": 16, "splits": 12_870, "bars": 2_160},
    "random_entry": {"total_return": 0.1, "percentile": 0.93, "median": 0.01, "best": 0.2, "draws": 1_000},
    "doubled_costs": {
        "fee": 0.002,
        "slippage": 0.0004,
        "total_return": -0.02,
        "verdict": "poor",
        "deciding_rule": "poor",
    },
    "walk_forward": [
        {"kind": "rolling", "gap": 83, "folds": [], "test_return": 0.03, "positive_folds": 3, "efficiency": None}
    ],
    "holdout": {
        "boundary_ms": MS + 150 * HOUR,
        "bars_before": 150,
        "bars_after": 50,
        "return_before": 0.1,
        "return_after": -0.011,
        "sharpe_before": 0.02,
        "sharpe_after": None,
        "closed_after": 9,
    },
    "undefined": {
        "luck.min_bars": "the Sharpe ratio is too low",
        "walk_forward.0.efficiency": "training did not earn",
        "holdout.sharpe_after": "all returns are equal",
    },
}


def report(
    bars: int = 200,
    trades: list[dict[str, Any]] | None = None,
    symbols: tuple[str, ...] = ("BTCUSDT",),
    **metadata: Any,
) -> dict[str, Any]:
    """A whole report on `bars` hourly bars; metadata: fields of its metadata to change."""
    log = [trade(10), trade(40), still_open(bars - 10)] if trades is None else trades
    equity = [10_000 * price(n) / price(0) for n in range(bars)]
    peaks = [max(equity[: n + 1]) for n in range(bars)] if bars <= 3_000 else [max(equity)] * bars
    return {
        "report_version": 1,
        "metadata": {
            "backtest_id": "bt-1",
            "strategy_id": "s1",
            "name": "dip buyer",
            "kind": "rules.json",
            "code_hash": "c" * 64,
            "data_hash": "d" * 64,
            "signal_hash": "e" * 64,
            "symbols": list(symbols),
            "timeframe": "1h",
            "window_start": "2024-01-01T00:00:00+00:00",
            "window_end": "2024-01-09T08:00:00+00:00",
            "bars": bars,
            "initial_capital": 10_000.0,
            "simulated": False,
            "rules": {"indicators": {"rsi": {"period": 14}}},
            "code": None,
            "parameters": {"fast": 5},
            "signal_mode": "action",
            "sandbox": None,
            "sources": dict.fromkeys(symbols, "binance"),
            "symbols_without_bars": [],
            "market": "crypto",
            "periods_per_year": 8_760,
            "costs": {"fee": 0.001, "slippage": 0.0002, "stop_loss": 0.0, "initial_capital": 10_000.0},
            "engine_version": "2",
            **metadata,
        },
        "metrics": {
            "total_return": 0.1,
            "benchmark_return": 0.05,
            "max_drawdown": -0.04,
            "win_rate": 0.5,
            "closed_trades": 2,
            "open_trades": 1,
            "winning_trades": 1,
            "profit_factor": None,
        },
        "undefined": {"profit_factor": "no closed trade lost"},
        "verdict": {
            "verdict": "reject",
            "deciding_rule": "reject: 2 closed trades < 30",
            "checks": [
                {"rule": "reject", "name": "closed trades", "value": 2, "relation": "<", "limit": 30, "met": True},
                {"rule": "good", "name": "total return", "value": 0.1, "relation": ">=", "limit": 0.15, "met": False},
            ],
            "gate": ["alert"],
            "reasons": [
                {"stage": "alert", "check": "look_ahead", "met": True, "words": "alert: no look-ahead found"},
                {"stage": "live", "check": "dsr", "met": False, "words": "live: DSR 0.41 < 0.95 after 37 tries"},
            ],
        },
        "evidence": EVIDENCE,
        "trades": log,
        "curve": {
            "every_bars": 1,
            "times": [MS + n * HOUR for n in range(bars)],
            "equity": equity,
            "buy_and_hold": [10_000 * price(n) / price(0) for n in range(bars)],
            "drawdown": [value / peak - 1 for value, peak in zip(equity, peaks, strict=True)],
            "exposure": [1.0] * bars,
        },
        "bars": {symbol: candles(bars) for symbol in symbols},
        "signals": {symbol: {"from": [MS, MS + 10 * HOUR, MS + 15 * HOUR], "action": [0, 1, -1]} for symbol in symbols},
        "code": {"faults": {}, "warnings": [], "printed": ""},
        "end": {symbol: {"cash": 0.0, "pending": None, "ruined_at": None} for symbol in symbols},
    }


def hostile(text: str = HOSTILE) -> dict[str, Any]:
    """A report in which every word is a stranger's."""
    tree = report(
        trades=[trade(10, symbol=text, entry_reason=text, exit_reason="=1+1"), still_open(30, entry_reason=text)]
    )
    tree["metadata"] |= {
        "name": text,
        "code": f"# {text}\nx = 1",
        "symbols": [text],
        "strategy_id": text,
        "parameters": {text: text},
    }
    tree["metadata"] |= {"sources": {text: text}, "timeframe": text, "sandbox": text, "backtest_id": text}
    tree["verdict"] |= {"deciding_rule": text, "verdict": text}
    tree["verdict"]["checks"][0] |= {"name": text, "rule": text, "relation": text}
    tree["verdict"]["reasons"][0] |= {"words": text}
    tree["undefined"]["profit_factor"] = text
    tree["bars"] = {text: tree["bars"]["BTCUSDT"]}
    tree["code"] = {"faults": {text: {"message": text, "line": text}}, "warnings": [text], "printed": text}
    tree["end"] = {text: {"pending": text, "ruined_at": text}}
    tree["metrics"][text] = 1.0
    return tree
