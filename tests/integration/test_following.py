"""The progress bar of a long job, over a real bus."""

import asyncio
import io
import threading
from pathlib import Path

import pytest
from nats.aio.client import Client
from rich.console import Console

from deploy.nats import NatsServer
from libs.client.verbs.following import following, job_of
from libs.common.commands import ImportBars
from libs.common.events import JobProgressed
from tests.unit.ingest.csv_cases import NOW


def progressed(job_id: str, done: int) -> JobProgressed:
    command = ImportBars.first(key="x", at=NOW, path="/x.csv")
    words = {"service": "ingest", "job_id": job_id, "phase": "storing symbols", "done": done, "total": 400, "rate": 2e6}
    return JobProgressed.after(command, key=str(done), **words)


async def test_bar_shows_the_phase_share_and_rate_of_its_own_job(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "nats.url").write_text(server.url)
    screen, shown, over = io.StringIO(), threading.Event(), threading.Event()
    job_id = job_of("ImportBars", "key")

    def follow() -> None:
        console = Console(file=screen, force_terminal=True, width=120)
        with following(tmp_path, "ingest", job_id, "importing x.csv", console):
            shown.set()
            over.wait(20)

    watching = asyncio.create_task(asyncio.to_thread(follow))
    await asyncio.to_thread(shown.wait, 20)
    await client.publish(f"progress.ingest.{job_id}", b"not a message")
    for other in ("other", job_id):
        event = progressed(other, 100 if other == job_id else 300)
        await client.publish(event.subject_name(), event.body())
    async with asyncio.timeout(20):
        while "storing symbols" not in screen.getvalue():
            await asyncio.sleep(0.01)
    over.set()
    await watching
    assert "importing x.csv: storing symbols" in screen.getvalue()
    assert " 25%" in screen.getvalue()
    assert "2.0 M/s" in screen.getvalue()
    assert " 75%" not in screen.getvalue()


def test_without_a_bus_the_work_goes_on_unseen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nats.url").write_text("nats://127.0.0.1:1")
    with following(tmp_path, "ingest", "job", "importing"):
        pass
    assert capsys.readouterr().err == ""
