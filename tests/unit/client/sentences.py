"""What a gateway answers about a sentence: the job on its way, and what came of it."""

from typing import Any

TEXT = "Buy BTCUSDT hourly when the RSI is below 30 and the moon is full"
CODE = "def generate_signals(df):\n    # RSI is below 30\n    return [0] * len(df)\n"
PHRASE = {
    "code": "prompt.not_understood",
    "message": "these words are not understood",
    "phrase": "the moon is full",
    "start": 48,
    "end": 64,
    "line": 1,
    "column": 49,
    "nearest": ["the volume is high", "the trend is up"],
    "hint": "leave it out, or say it with prices, volume or indicators",
}
PROBLEM = {
    "status": 422,
    "code": "prompt.not_understood",
    "detail": "1 phrase is not understood",
    "errors": [{"pointer": "/text", "detail": "1 phrase is not understood"}],
    "diagnostics": [PHRASE],
}
ATTEMPT: dict[str, Any] = {
    "variant": 1,
    "number": 1,
    "engine": "compiler",
    "model": None,
    "step": "judge",
    "strategy_id": "s1",
    "citations": [],
    "findings": [],
    "tokens_in": None,
    "tokens_out": None,
    "cost_usd": None,
    "estimated": False,
}
FAILED_ATTEMPT = {
    **ATTEMPT,
    "engine": "llm",
    "model": "m-1",
    "step": "check",
    "strategy_id": None,
    "findings": [{"code": "strategy.forbidden_import", "message": "os may not be imported"}, {"code": "x"}],
    "tokens_in": 900,
    "tokens_out": 120,
    "cost_usd": 0.002,
    "estimated": True,
}
BEST: dict[str, Any] = {
    "id": "s1",
    "strategy_id": "s1",
    "variant": 1,
    "attempts": 1,
    "engine": "compiler",
    "model": None,
    "name": "rsi dip",
    "kind": "python.signals",
    "code": CODE,
    "symbols": ["BTCUSDT"],
    "timeframe": "1h",
    "in_words": "Buys when RSI(14) is below 30.",
    "verdict": "good",
    "deciding_rule": "good: return 21 % >= 15 %",
    "metrics": {"total_return": 0.21, "sharpe": 1.5, "max_drawdown": -0.04, "closed_trades": 40},
    "gate": ["alert", "paper"],
    "simulated": True,
    "backtest_id": "bt-1",
    "duplicate": False,
    "detail": "",
}
CLOSED = {"stage": "paper", "check": "verdict", "met": False, "words": "paper: poor is below average"}
SECOND = {**BEST, "strategy_id": "s2", "variant": 2, "attempts": 2, "engine": "llm", "model": "m-1", "verdict": None}
SECOND |= {"metrics": None, "gate": None, "deciding_rule": None, "backtest_id": None, "detail": "no bars are stored"}
RESULT: dict[str, Any] = {
    "job_id": "g1",
    "text": TEXT,
    "in_words": "Buys when RSI(14) is below 30.",
    "assumptions": [{"phrase": "RSI", "meaning": "RSI over 14 bars"}],
    "citations": [
        {"document": "risk/stops.md", "chunk": 2, "heading": "Stops", "quote": "A stop is a price", "score": 0.7}
    ],
    "warnings": ["no 1h bars of ETHUSDT are stored"],
    "symbols": ["BTCUSDT"],
    "cost_usd": 0.0,
    "strategies": [BEST],
    "attempts": [ATTEMPT],
}
RUNNING: dict[str, Any] = {
    "id": "g1",
    "mode": "generate",
    "state": "running",
    "text": TEXT,
    "variants": 1,
    "progress": {"phase": "judge", "done": 0, "total": 1, "rate": None},
    "attempts": [ATTEMPT],
}
DONE = {**RUNNING, "state": "done", "result": "/api/v1/jobs/g1/result"}
HIT = {
    "document": "risk/stops.md",
    "chunk": 2,
    "domain": "risk",
    "title": "Stops",
    "heading": "Where to put it",
    "text": "A stop is a price.\n- far enough",
    "score": 0.7123,
    "own": True,
}
