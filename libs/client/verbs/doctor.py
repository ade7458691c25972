"""doctor: what is wrong with this machine or this profile, each line a fact, why it matters, and what to do."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from libs.client import render
from libs.client.places import bus_url, data_dir, gateway_url
from libs.client.verbs.options import DataDir, Json
from libs.common.errors import SentinelError

OLDEST_PYTHON = (3, 11)
OLDEST_NATS = (2, 14)
LEAST_FREE_BYTES = 1_000_000_000
SANDBOX_WITHIN_S = 10.0


@dataclass(frozen=True)
class Finding:
    """One fact; `why` and `fix` are empty where it is fine."""

    ok: bool
    fact: str
    why: str = ""
    fix: str = ""


def doctor(folder: DataDir = None, json: Json = False) -> None:
    """Check Python, disk, bus, ports and the stored bars; exit 1 when something is wrong."""
    place = data_dir(folder)
    found = [*_python(), *_disk(place), *_nats(), *_sandbox(), *_ports(place), *_bars(place)]
    if json:
        render.as_json({"items": [asdict(finding) for finding in found]})
    else:
        render.table(("ok", "fact", "why it matters", "fix"), [(f.ok, f.fact, f.why, f.fix) for f in found], str(place))
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding(
        ok, f"Python {version}", "" if ok else "3.11 is the oldest that works", "" if ok else "run ./sentinel"
    )


def _disk(place: Path) -> Iterator[Finding]:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    roomy = free >= LEAST_FREE_BYTES
    yield Finding(
        roomy,
        f"{free / 1e9:.1f} GB free",
        "" if roomy else "a full disk stops the bus and the databases; nothing is lost, nothing goes on",
        "" if roomy else f"free space on the disk of {existing}",
    )
    writable = os.access(existing, os.W_OK)
    yield Finding(
        writable,
        f"{existing} is {'' if writable else 'not '}writable",
        "" if writable else "bars, databases and logs are kept there",
        "" if writable else "choose another place with --data-dir",
    )


def _nats() -> Iterator[Finding]:
    from deploy.nats import find_binary, version_of  # noqa: PLC0415 - starts the bus library, which --help must not pay

    try:
        binary = find_binary()
    except SentinelError as error:
        yield Finding(False, error.detail, "it is the bus; nothing runs without it", error.hint or "")
        return
    version = version_of(binary)
    ok = version[:2] >= OLDEST_NATS
    why = "" if ok else "resuming after a crash needs the consumer reset of 2.14"
    yield Finding(
        ok, f"nats-server {'.'.join(map(str, version))} at {binary}", why, "" if ok else "run ./sentinel again"
    )


def _sandbox() -> Iterator[Finding]:
    from libs.strategy.sandbox.host.pool import Pool  # noqa: PLC0415 - numpy costs 115 ms

    with Pool(1) as pool:
        found = pool.start(SANDBOX_WITHIN_S)
    if found["sandbox"] == "on":
        layers = ", ".join(f"{name} {value}" for name, value in sorted(found.items()) if name != "sandbox")
        yield Finding(True, f"the sandbox works: {layers}")
    else:
        why = "Python strategies do not run; rules.json strategies do"
        fact = found.get("reason", "the sandbox did not start")
        yield Finding(False, fact, why, "run it on Linux 4.14 or later, or in docker")


def _ports(place: Path) -> Iterator[Finding]:
    from deploy.local import GATEWAY_PORT, pid_file  # noqa: PLC0415 - as above
    from deploy.locks import holder  # noqa: PLC0415 - as above
    from deploy.nats import DEFAULT_PORT, is_free  # noqa: PLC0415 - as above

    pid = holder(pid_file(place))
    if pid is not None:
        yield Finding(True, f"running as process {pid}: gateway {gateway_url(place)}, bus {bus_url(place)}")
        return
    for name, port in (("gateway", GATEWAY_PORT), ("bus", DEFAULT_PORT)):
        free = is_free(port)
        state = "is free" if free else "is taken; `sentinel up` will use another one"
        yield Finding(True, f"not running; port {port} of the {name} {state}")


def _bars(place: Path) -> Iterator[Finding]:
    from libs.client.bars import Series, inspect  # noqa: PLC0415 - numpy costs 115 ms

    series: list[Series] = inspect(place / "catalog")
    bars = sum(one.bars for one in series)
    gaps = sum(one.gaps for one in series)
    missing = sum(one.bars_missing for one in series)
    yield Finding(True, f"{len(series)} series with {bars} bars; {gaps} gaps, {missing} bars missing in the sources")
    for one in series:
        if one.problem:
            why = "every result on this series is wrong"
            yield Finding(
                False, f"{one.symbol} {one.timeframe}: {one.problem}", why, "remove its files and import it again"
            )
