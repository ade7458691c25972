"""The documented functions for programs: a sentence becomes a strategy, which is backtested, screened and watched.

    from libs.client.documented import create_strategy_from_prompt, run_backtest, run_screener, run_alert

    strategy = await create_strategy_from_prompt("Find stocks with RSI below 30 and volume spike above 2x average")
    result = await run_backtest(strategy.strategy_id)

They speak to the gateway of the profile that runs (`SENTINEL_GATEWAY_URL` names another) and wait for the whole result, in a thread, so
that an event loop goes on. Each raises UnreachableError, and RefusedByGatewayError with the gateway's code and diagnostics.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from libs.client import work
from libs.client.client import Body, Client
from libs.client.places import data_dir, gateway_url

_NAMES = {"start_date": "start", "end_date": "end"}


@dataclass(frozen=True)
class Strategy:
    """A strategy made out of a sentence. verdict: None where it could not be judged. result: everything the generation said, as the API has it."""

    strategy_id: str
    name: str
    code: str
    in_words: str
    verdict: str | None
    symbols: tuple[str, ...]
    timeframe: str
    result: dict[str, Any]


async def create_strategy_from_prompt(text: str, **options: Any) -> Strategy:
    """Return the best strategy that came of a trading idea in plain English, judged on stored bars.

    options: symbols, universe, timeframe, engine (`auto`, `offline`, `llm`), variants (1 to 10), kind, name, as of
    `POST /api/v1/strategies/generate`. A sentence that is not understood raises RefusedByGatewayError, whose `diagnostics` quote the phrases.
    """
    result = await _run("/strategies/generate", {"text": text, **options})
    best = result["strategies"][0]
    return Strategy(
        strategy_id=best["strategy_id"],
        name=best["name"],
        code=best["code"],
        in_words=best["in_words"] or result["in_words"],
        verdict=best["verdict"],
        symbols=tuple(best["symbols"]),
        timeframe=best["timeframe"],
        result=result,
    )


async def run_backtest(strategy_id: str, **options: Any) -> dict[str, Any]:
    """Return a strategy's backtest on every symbol of a universe, by default all stored ones over the newest two years.

    options: start_date, end_date, universe (a name, or a list of symbols), symbols, and whatever the job takes beside. The result has `instances`, `summary` and
    `performance_metrics`.
    """
    return await _job("backtest_universe", strategy_id, options)


async def run_screener(strategy_id: str, **options: Any) -> dict[str, Any]:
    """Return the symbols that a strategy picks now, best first: `ranked_results`, `scores`, `universe_size`. options: universe, symbols, limit, end_date."""
    return await _job("screen", strategy_id, options)


async def run_alert(strategy_id: str, **options: Any) -> dict[str, Any]:
    """Return what a strategy says of every symbol now: `alerts`, `signals`, `symbols_monitored`. options: universe, symbols, end_date."""
    return await _job("alert", strategy_id, options)


async def _job(mode: str, strategy_id: str, options: dict[str, Any]) -> dict[str, Any]:
    wish = {_NAMES.get(name, name): value for name, value in options.items()}
    if isinstance(wish.get("universe"), list | tuple):
        wish["symbols"] = list(wish.pop("universe"))
    return await _run("/jobs", {"mode": mode, "strategy_id": str(strategy_id), **wish})


async def _run(path: str, wish: Body) -> dict[str, Any]:
    def run() -> dict[str, Any]:
        with Client(gateway_url(data_dir(None))) as client:
            return work.run(client, path, wish)

    return await asyncio.to_thread(run)
