"""alerts: what it asks the gateway for, what it shows."""

from typing import Any

from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

ALERTS = ("GET", "/api/v1/alerts")
ONE = {
    "id": "a1",
    "at": "2017-02-02T00:00:00Z",
    "message": "AMD buy at 12.06: classify_symbol says yes",
    "strategy_id": "s1",
    "simulated": False,
}


def test_alerts_of_one_strategy_are_listed(gateway: Any, run: Any) -> None:
    server = gateway({ALERTS: (200, {"items": [ONE], "next_cursor": None})})
    status, out, _ = run("alerts", "s1")
    assert status == 0
    assert out.splitlines() == [
        "at\tmessage\tstrategy_id\tid",
        "2017-02-02T00:00:00Z\tAMD buy at 12.06: classify_symbol says yes\ts1\ta1",
    ]
    assert server.asked[0][1] == "/api/v1/alerts?limit=20&strategy_id=s1"


def test_alerts_of_made_up_prices_say_so(gateway: Any, run: Any) -> None:
    gateway({ALERTS: (200, {"items": [{**ONE, "simulated": True}], "next_cursor": None})})
    assert run("alerts")[1].splitlines()[-1] == "SIMULATED prices"
