"""A sentence through the whole system, from every edge there is: command line, HTTP, Python, curl, the bus. Offline, on stored bars."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.client.documented import create_strategy_from_prompt, run_alert, run_backtest, run_screener
from libs.client.errors import RefusedByGatewayError
from libs.client.knowledge import KnowledgeIndexer
from libs.client.verbs.knowledge import QUOTED
from libs.market.catalog_writer import CatalogWriter
from services.gateway.settings import Settings
from tests.conftest import ROOT
from tests.support.live import PARITY, Live, live
from tests.support.swings import swinging

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

SERVICES = ("ingest", "strategy_gen", "backtest", "gateway")
IDEA = "buy BTCUSDT on the hourly chart when RSI is below 40, sell when RSI is above 60"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    folder = tmp_path_factory.mktemp("data")
    writer = CatalogWriter(Settings(data_dir=folder).catalog_dir)
    for seed, symbol in enumerate(("BTCUSDT", "ETHUSDT")):
        writer.append(symbol, "1h", swinging(1_500, seed), "test", simulated=False)
    async with live(folder, PARITY, SERVICES) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def api(system: Live, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway; programs started meanwhile find the same one."""
    monkeypatch.setenv("SENTINEL_GATEWAY_URL", system.system.gateway_url)
    patient = httpx.AsyncHTTPTransport(retries=6)  # a pulse may say ready a moment before the port is open
    async with httpx.AsyncClient(base_url=system.system.gateway_url, timeout=120, transport=patient) as client:
        yield client


async def program(*command: str | Path) -> tuple[int, str, str]:
    """Run a program in the repository; returns its exit code, output and errors."""
    piped = asyncio.subprocess.PIPE
    run = await asyncio.create_subprocess_exec(*map(str, command), stdout=piped, stderr=piped, cwd=ROOT, env=os.environ)
    try:
        out, err = await asyncio.wait_for(run.communicate(), 40)
    except TimeoutError:
        run.kill()
        await run.wait()
        raise
    return int(run.returncode or 0), out.decode(), err.decode()


async def sentinel(*arguments: str) -> tuple[int, str, str]:
    return await program(sys.executable, "-m", "libs.client.cli", *arguments)


async def test_command_line_makes_a_judged_strategy_out_of_a_sentence(api: httpx.AsyncClient, tmp_path: Path) -> None:
    place = tmp_path / "dip.py"
    code, out, err = await sentinel("generate", IDEA, "--offline", "--json", "--save", str(place))
    assert code == 0, err
    found = json.loads(out)
    best = found["strategies"][0]
    assert (best["engine"], best["symbols"], best["timeframe"]) == ("compiler", ["BTCUSDT"], "1h")
    assert best["verdict"] is not None, best["detail"]
    assert best["deciding_rule"].startswith(best["verdict"])
    assert "RSI is below 40" in best["code"]
    assert place.read_text() == best["code"]
    code, out, err = await sentinel("why", best["strategy_id"])
    assert (code, [line.strip("└─ ").split(" ")[0] for line in out.splitlines()]) == (
        0,
        ["strategy", "verdict", "attempt", "generation"],
    ), err
    code, out, _ = await sentinel("generate", IDEA, "--backtest")
    assert (code, f"strategy\t{best['strategy_id']}" in out, "Total return" in out) == (0, True, True)


async def test_sentence_that_is_not_understood_is_drawn_and_changes_nothing(api: httpx.AsyncClient) -> None:
    before = (await api.get("/api/v1/strategies")).json()["items"]
    text = "buy BTCUSDT hourly when the moon is full"
    code, out, err = await sentinel("generate", text)
    assert (code, out) == (1, "")
    lines = err.splitlines()
    assert lines[0] == "    " + text
    assert lines[0][lines[1].index("^") :].startswith("moon")
    reply = await api.post("/api/v1/strategies/generate", json={"text": text}, headers={"Prefer": "wait=20"})
    assert reply.status_code == 422, reply.text
    first = reply.json()["diagnostics"][0]
    assert text[first["start"] : first["end"]] == first["phrase"]
    assert (await api.get("/api/v1/strategies")).json()["items"] == before


async def test_documented_functions_work_against_the_running_system(api: httpx.AsyncClient) -> None:
    strategy = await create_strategy_from_prompt("buy ETHUSDT hourly when RSI is below 35, sell when RSI is above 60")
    assert strategy.verdict is not None
    assert (await api.get(f"/api/v1/strategies/{strategy.strategy_id}")).json()["in_words"] == strategy.in_words
    tested = await run_backtest(strategy.strategy_id, symbols=["ETHUSDT"])
    assert tested["execution_mode"] == "backtest"
    screened = await run_screener(strategy.strategy_id, limit=20)
    assert screened["universe_size"] == 2
    told = await run_alert(strategy.strategy_id)
    assert told["symbols_monitored"] == 2
    with pytest.raises(RefusedByGatewayError) as caught:
        await create_strategy_from_prompt("buy BTCUSDT hourly when the moon is full")
    assert caught.value.diagnostics


async def test_knowledge_is_indexed_asked_and_added_to(api: httpx.AsyncClient) -> None:
    stats = await asyncio.to_thread(KnowledgeIndexer().index_all)
    assert set(stats) == {"technical", "sentiment", "fundamental", "risk", "papers"}
    assert all(stats.values())
    text = "# Zebra rule\n\nThe zebra rule closes every position at the sixth stripe of the zebra."
    added = await api.post("/api/v1/knowledge/documents", json={"domain": "risk", "name": "zebra", "text": text})
    assert added.status_code == 201, added.text
    code, out, _ = await sentinel("ask", "what is the zebra rule?", "--domain", "risk", "--limit", "1")
    assert code == 0
    assert "risk/zebra.md#0 (added here)" in out
    assert QUOTED in out
    assert await documents(api, "risk/zebra.md", there=True)
    assert (await api.delete("/api/v1/knowledge/documents/risk/zebra")).status_code == 200
    assert await documents(api, "risk/zebra.md", there=False)
    assert (await api.delete("/api/v1/knowledge/documents/risk/zebra")).status_code == 404


async def documents(api: httpx.AsyncClient, name: str, *, there: bool) -> bool:
    """Tell whether the list comes to have, or not to have, a document of that name; facts may be on their way."""
    async with asyncio.timeout(10):
        while True:
            items = (await api.get("/api/v1/knowledge/documents", params={"limit": 1000})).json()["items"]
            if (name in [item["document"] for item in items]) == there:
                return True
            await asyncio.sleep(0.05)


async def test_curl_and_any_client_of_the_bus_do_the_same(api: httpx.AsyncClient, system: Live) -> None:
    idea = "buy BTCUSDT on the hourly chart when RSI is below 25, sell when RSI is above 55"
    code, out, err = await program("sh", ROOT / "examples" / "curl" / "generate.sh", idea)
    assert code == 0, err + out
    job = json.loads(out)["id"]
    code, out, err = await program("sh", ROOT / "examples" / "curl" / "wait.sh", job)
    assert code == 0, err + out
    identity = json.loads(out)["strategies"][0]["strategy_id"]
    script = ROOT / "examples" / "publish_strategy.py"
    code, out, err = await program(sys.executable, script, "generate", idea, "--url", system.system.nats_url)
    assert code == 0, err + out
    result = await finished(api, json.loads(out)["result"]["job_id"])
    assert [one["strategy_id"] for one in result["strategies"]] == [identity]
    assert result["strategies"][0]["duplicate"] is True
    ended = await api.delete(f"/api/v1/jobs/{job}")
    assert (ended.status_code, ended.json()["code"]) == (409, "job.ended")


async def finished(api: httpx.AsyncClient, job_id: str) -> Any:
    async with asyncio.timeout(60):
        while True:
            reply = await api.get(f"/api/v1/jobs/{job_id}/result")
            if reply.status_code == 200:
                return reply.json()
            assert reply.json()["code"] in ("job.running", "job.unknown"), reply.text
            await asyncio.sleep(0.1)
