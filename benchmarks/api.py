"""`POST /run_backtest` as a client sees it: 90 hourly days of real BTC-USD, all evidence, through gateway, bus, sandbox and engine.

`python -m benchmarks.api [--count 30] [--data DIR] [--folder DIR]`. Prints a table; asserts nothing. Uses the real system: nats-server and
seven processes.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks.live import show
from tests.conftest import DATA
from tests.support.live import PARITY, live

GOAL_MS = 500
AT_ONCE = 10
BARS = "BTC-USD_coinbase_1h_2017-2019.csv.gz"

CODE = """
import pandas as pd

def generate_signals(df):
    fast, slow = df["close"].rolling({fast}).mean(), df["close"].rolling({slow}).mean()
    signals = pd.Series(0, index=df.index)
    signals[fast > slow] = 1
    signals[fast < slow] = -1
    return signals
"""


class Asker:
    """A client that never sends the same code twice, unless asked to."""

    def __init__(self, client: httpx.AsyncClient):
        """Ask through `client`."""
        self._client = client
        self._asked = 0

    async def fresh(self, **more: Any) -> float:
        """Return the seconds that a backtest of new code takes."""
        self._asked += 1
        return await self.post("success", fast=2 + self._asked, slow=40 + self._asked, **more)

    async def post(self, status: str, *, fast: int = 2, slow: int = 40, **more: Any) -> float:
        """Return the seconds until the reply, which must have this status."""
        body = {"strategy_code": CODE.format(fast=fast, slow=slow), **more}
        began = time.perf_counter()
        reply = await self._client.post("/run_backtest", json=body)
        spent = time.perf_counter() - began
        if reply.status_code != httpx.codes.OK or reply.json()["status"] != status:
            raise SystemExit(f"HTTP {reply.status_code}: {reply.text[:500]}")
        return spent


async def measure(client: httpx.AsyncClient, count: int) -> list[tuple[str, str]]:
    """Return the rows of the table."""
    asker = Asker(client)
    first = await asker.post("success")
    bare = [await asker.fresh(evidence="none") for _ in range(count)]
    full = [await asker.fresh() for _ in range(count)]
    known = [await asker.post("duplicate") for _ in range(count)]
    began = time.perf_counter()
    together = await asyncio.gather(*(asker.fresh() for _ in range(AT_ONCE)))
    spent = time.perf_counter() - began
    return [
        ("the first after a start, the engine being compiled", f"{first * 1e3:,.0f} ms"),
        *_percentiles(f"with all evidence (goal p50 {GOAL_MS} ms)", full),
        *_percentiles("without evidence", bare),
        *_percentiles("known code, answered as duplicate", known),
        (f"{AT_ONCE} at once, all answered: the last after", f"{spent * 1e3:,.0f} ms"),
        (f"{AT_ONCE} at once, the first after", f"{min(together) * 1e3:,.0f} ms"),
    ]


def _percentiles(what: str, spent: Sequence[float]) -> list[tuple[str, str]]:
    ordered = sorted(spent)
    return [
        (f"{what}, p{p}", f"{ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1e3:,.0f} ms") for p in (50, 95)
    ]


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30, help="requests of each kind")
    parser.add_argument("--data", type=Path, default=DATA / "crypto", help="folder with the prices")
    parser.add_argument("--folder", type=Path, help="where data goes; default a temporary folder")
    asked = parser.parse_args()
    bars = {"path": str((asked.data / BARS).resolve()), "symbol": "BTC-USD", "timeframe": "1h"}
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        async with live(Path(folder) / "data", PARITY) as running:
            patient = httpx.AsyncHTTPTransport(retries=6)
            async with httpx.AsyncClient(base_url=running.system.gateway_url, timeout=300, transport=patient) as client:
                (await client.post("/api/v1/market/imports", json=bars)).raise_for_status()
                rows = await measure(client, asked.count)
    show("POST /run_backtest, 90 hourly days of BTC-USD, one request after the other", rows)


if __name__ == "__main__":
    asyncio.run(main())
