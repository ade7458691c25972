"""Where a profile lives on this machine: its data directory, its gateway, its bus."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "http://127.0.0.1:3000"
BUS = "nats://127.0.0.1:4222"
PROFILES = {"simulated": "simulated", "files": "real"}
"""Feed -> name of its data directory under `data`; simulated and real never mix."""


def data_dir_of(feed: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data directory of a feed's profile; SENTINEL_DATA_DIR outranks it."""
    named = environment.get("SENTINEL_DATA_DIR")
    return Path(named).absolute() if named else ROOT / "data" / PROFILES[feed]


def data_dir(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data directory to talk about: the one given, SENTINEL_DATA_DIR, else the profile that runs, else simulated."""
    if given is not None:
        return given.absolute()
    candidates = [data_dir_of(feed, environment) for feed in PROFILES]
    return next((folder for folder in candidates if (folder / "gateway.port").exists()), candidates[0])


def gateway_url(folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return where the gateway listens: SENTINEL_GATEWAY_URL, else the port it left in the data directory, else 3000."""
    named = environment.get("SENTINEL_GATEWAY_URL")
    if named:
        return named.rstrip("/")
    port = _text(folder / "gateway.port")
    return f"http://127.0.0.1:{port}" if port.isdecimal() else GATEWAY


def bus_url(folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return where the bus listens: SENTINEL_NATS_URL, else what the launcher left in the data directory, else 4222."""
    return environment.get("SENTINEL_NATS_URL") or _text(folder / "nats.url") or BUS


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
