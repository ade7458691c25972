"""The probes, the pulse, the root page."""

import base64
import hashlib
import re

from libs.common.events import ServiceBeat
from tests.api.world import World
from tests.support.build import START


def beat(service: str, **changes: object) -> ServiceBeat:
    fields = {"service": service, "version": "0.1.0", "config_hash": "c", "pid": 7, "ready": True, **changes}
    return ServiceBeat.first(key=service, at=START, **fields)


async def test_services_never_heard_are_said_to_be_unheard(world: World) -> None:
    world.outlet.pulses = [beat("executor", lag=3), beat("ingest", ready=False)]
    await world.gateway.pulse.watch_beats(world.outlet.beats())
    items = {item["service"]: item for item in (await world.get("/api/v1/system/services"))["items"]}
    assert (items["executor"]["state"], items["executor"]["lag"]) == ("ready", 3)
    assert items["ingest"]["state"] == "starting"
    assert items["agents"] == {"service": "agents", "state": "unheard", "age_s": None}
    assert len(items) == 7


async def test_readiness_needs_database_and_bus(world: World) -> None:
    assert await world.get("/healthz") == {"status": "ok"}
    reply = await world.client.get("/readyz")
    assert (reply.status_code, reply.json()["checks"]) == (503, {"database": True, "bus": False})
    world.outlet.pulses = [beat("gateway")]
    await world.gateway.pulse.watch_beats(world.outlet.beats())
    assert (await world.client.get("/readyz")).status_code == 200


async def test_root_speaks_json_to_programs_and_html_to_browsers(world: World) -> None:
    assert await world.get("/") == {"msg": "FastAPI is working", "message": "Backend is running!"}
    page = await world.client.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "http://" not in page.text.replace("http://www.w3.org/2000/svg", "")
    assert "innerHTML" not in page.text


async def test_answers_forbid_framing_and_sniffing(world: World) -> None:
    reply = await world.client.get("/healthz")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in reply.headers
