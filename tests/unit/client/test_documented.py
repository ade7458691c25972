"""The documented functions: what they ask of the gateway, and the objects they return."""

from typing import Any

import pytest

from libs.client import work
from libs.client.documented import create_strategy_from_prompt, run_alert, run_backtest, run_screener
from libs.client.errors import RefusedByGatewayError, UnreachableError
from tests.unit.client import sentences as told
from tests.unit.client.test_cli import gateway

__all__ = ["gateway"]

GENERATE = ("POST", "/api/v1/strategies/generate")
JOBS = ("POST", "/api/v1/jobs")


async def test_strategy_of_a_sentence_has_its_id_code_and_verdict(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LOOK_S", 0.0)
    server = gateway(
        {
            GENERATE: (202, told.RUNNING),
            ("GET", "/api/v1/jobs/g1"): (200, told.DONE),
            ("GET", "/api/v1/jobs/g1/result"): (200, told.RESULT),
        }
    )
    strategy = await create_strategy_from_prompt(told.TEXT, symbols=["BTCUSDT"], variants=2)
    assert (strategy.strategy_id, strategy.code, strategy.verdict) == ("s1", told.CODE, "good")
    assert (strategy.symbols, strategy.timeframe) == (("BTCUSDT",), "1h")
    assert strategy.in_words == "Buys when RSI(14) is below 30."
    assert strategy.result["assumptions"][0]["phrase"] == "RSI"
    assert server.asked[0][2] == {"text": told.TEXT, "symbols": ["BTCUSDT"], "variants": 2}


async def test_sentence_that_is_not_understood_raises_with_its_phrases(gateway: Any) -> None:
    gateway({GENERATE: (422, told.PROBLEM)})
    with pytest.raises(RefusedByGatewayError) as caught:
        await create_strategy_from_prompt(told.TEXT)
    assert (caught.value.code, caught.value.diagnostics) == ("prompt.not_understood", (told.PHRASE,))


@pytest.mark.parametrize(
    ("function", "mode"), [(run_backtest, "backtest_universe"), (run_screener, "screen"), (run_alert, "alert")]
)
async def test_documented_function_asks_for_its_job_by_documented_names(gateway: Any, function: Any, mode: str) -> None:
    server = gateway({JOBS: (200, {"id": "j1", "state": "done", "result": {"success": True}})})
    found = await function("s1", universe=["AAPL", "MSFT"], end_date="2024-01-01", limit=20)
    assert found == {"success": True}
    asked = {"mode": mode, "strategy_id": "s1", "symbols": ["AAPL", "MSFT"], "end": "2024-01-01", "limit": 20}
    assert server.asked[0][2] == asked


async def test_named_universe_stays_a_name(gateway: Any) -> None:
    server = gateway({JOBS: (200, {"id": "j1", "state": "done", "result": {}})})
    await run_screener(7, universe="sp500")  # type: ignore[arg-type]  # the documents have whole numbers
    assert server.asked[0][2] == {"mode": "screen", "strategy_id": "7", "universe": "sp500"}


async def test_gateway_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_GATEWAY_URL", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError):
        await create_strategy_from_prompt("buy")
