"""POST /strategies/validate: what would become of a submission, and nothing comes of it."""

from typing import Any

from tests.api.facts import proposed
from tests.api.world import World, nothing_asked, refused

PATH = "/api/v1/strategies/validate"
GOOD = "def generate_signals(df, fast=5):\n    return (df['close'] > df['close'].shift(fast)).astype(int)\n"


async def checked(world: World, **body: Any) -> dict[str, Any]:
    reply = await world.client.post(PATH, json=body)
    assert reply.status_code == 200, reply.text
    assert nothing_asked(world)
    return dict(reply.json())


async def test_good_code_is_described(world: World) -> None:
    found = await checked(world, code=GOOD, symbols=["btc/usdt"])
    assert (found["ok"], found["error"], found["kind"], found["contracts"]) == (
        True,
        None,
        "python.signals",
        ["python.signals"],
    )
    assert found["parameters"] == {"fast": 5}
    assert len(found["code_hash"]) == 64
    assert len(found["strategy_id"]) == 12
    assert found["duplicate_of"] is None


async def test_refused_code_has_every_finding_with_its_place(world: World) -> None:
    found = await checked(world, code="import os\n" + GOOD)
    assert (found["ok"], found["error"]["code"], found["strategy_id"]) == (False, "strategy.rejected", None)
    (finding,) = found["diagnostics"]
    assert (finding["line"], finding["column"], finding["severity"]) == (1, 8, "error")
    assert finding["hint"]


async def test_known_strategy_is_named_and_missing_symbols_leave_it_nameless(world: World) -> None:
    first = await checked(world, code=GOOD, symbols=["BTCUSDT"])
    await world.fold(proposed(first["strategy_id"]))
    assert (await checked(world, code=GOOD, symbols=["BTCUSDT"]))["duplicate_of"] == first["strategy_id"]
    assert (await checked(world, code=GOOD))["strategy_id"] is None


async def test_rules_are_read_with_their_pointer(world: World) -> None:
    assert (await checked(world, rules={"indicators": {"rsi": {"period": 14}}}))["ok"] is True
    found = await checked(world, rules={"indicators": {"rsi": {"period": 0}}})
    assert (found["ok"], found["error"]["pointer"]) == (False, "/rules/indicators/rsi/period")


async def test_refusal_of_a_submission_carries_the_findings(world: World) -> None:
    finding = {"code": "import.refused", "line": 1, "column": 1, "message": "os", "hint": None, "severity": "error"}
    world.outlet.answer = lambda command: refused(command, "strategy.rejected", pointer="/code", diagnostics=(finding,))
    reply = await world.client.post("/api/v1/strategies", json={"code": "import os", "symbols": ["BTCUSDT"]})
    assert reply.status_code == 422
    assert reply.json()["diagnostics"] == [finding]
