"""How facts look in `/api/v1`: the fact itself, its id as `id`, and links to itself and to its causes."""

from typing import Any

from services.gateway.queries import Body, Fact

API = "/api/v1"

_LINEAGE = {
    "OrderFilled": "fill",
    "OrderChanged": "order",
    "DecisionMade": "decision",
    "SignalRaised": "signal",
    "AlertRaised": "alert",
}


def resource(body: Body, path: str, identity: str | None = None, lineage: str | None = None) -> Body:
    """Return `body` as the resource at `path`; lineage: the kind under which its causes are told."""
    name = identity or body["event_id"]
    shown = {"id": name, **{key: value for key, value in body.items() if key not in ("event_id", "schema_version")}}
    links: dict[str, Any] = {"self": f"{API}/{path}/{name}"}
    if lineage:
        links["lineage"] = f"{API}/lineage/{lineage}/{name}"
    return shown | links


def listed(fact: Fact, path: str) -> Body:
    """Return a stored fact as a resource, with its lineage where its kind has one."""
    return resource(fact.body, path, lineage=_LINEAGE.get(fact.kind))
