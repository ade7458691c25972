"""What one tenant's job leaves behind for the next: nothing. Neither in a fork server's memory nor in a child that looks at freed memory."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from libs.common.values import Timeframe
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from tests.security.corpus import reference
from tests.security.processes import descendants

WORD, SYMBOL, CODE_WORD = "tenant-one-parameter-5b1c", "TENANTONE5B1C", "tenant_one_code_5b1c"
SECRETS = tuple(text.encode() for text in (WORD, SYMBOL, CODE_WORD))
TENANT = f"def generate_signals(df, word=''):\n    {CODE_WORD} = word\n    return [0] * len(df)\n"
SEEN = 5
"""Looks from a spare, whose memory is the fork server's of a moment after a job, and so the likeliest to hold something."""

LOOKS = """
import numpy as np

def generate_signals(df):
    kept = []
    for _ in range(3):
        for size in [*range(16, 3_000, 16), 4_096, 8_192, 16_384, 32_000, 32_769, 32_800, 33_000, 65_536]:
            kept.append(np.empty(size, np.uint8))
            text = kept[-1].tobytes()
            for part in (b"one-param", b"NTONE5B"):
                if part in text:
                    raise ValueError("found what another left")
    return [0] * len(df)
"""


def run(pool: Pool, code: str, symbol: str, **parameters: Any) -> Outcome:
    frames = {symbol: reference.market(60)["AAA"]}
    args = {"symbols": [symbol], "parameters": parameters}
    return pool.run(Job.of("signals", code, market_memfd(frames, Timeframe.H1), {symbol: 60}, args))


def found_in(pid: int) -> set[bytes]:
    """Return the secrets that the memory of a process holds."""
    found: set[bytes] = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            start, end = (int(each, 16) for each in span.split("-"))
            if not rights.startswith("rw") or end - start > 1 << 30:
                continue
            memory.seek(start)
            data = memory.read(end - start)
            found |= {secret for secret in SECRETS if secret in data}
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of a process that hides it")
def test_fork_server_and_spare_hold_nothing_of_the_jobs_they_served() -> None:
    with Pool(1) as pool:
        for _ in range(5):
            assert run(pool, TENANT, SYMBOL, word=WORD).ok
        deadline = time.monotonic() + 5
        while len(descendants(os.getpid())) < 3 and time.monotonic() < deadline:
            os.sched_yield()
        seen = {pid: found_in(pid) for pid in descendants(os.getpid())}
    assert len(seen) >= 2
    assert set().union(*seen.values()) == set()


def test_next_tenant_finds_nothing_of_the_last_in_freed_memory() -> None:
    with Pool(1) as pool:
        spares = 0
        for _ in range(100):
            assert run(pool, TENANT, SYMBOL, word=WORD).ok
            looked = run(pool, LOOKS, "AAA")
            assert looked.ok, looked.detail
            spares += looked.spare
            if spares == SEEN:
                break
