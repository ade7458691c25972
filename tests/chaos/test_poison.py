"""Nonsense on every subject of every row, in the middle of a replay: each row buries its own copy with a reason, and nothing else changes."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.common.bus.dead import KEPT_BYTES, DeadMessage, list_dead, retry_dead, show_dead
from libs.common.commands import (
    COMMANDS,
    DeleteStrategy,
    HaltTrading,
    IndexKnowledge,
    PromoteStrategy,
    ReduceTrading,
    ResumeTrading,
    RetireStrategy,
    RunBacktest,
    SubmitStrategy,
    WatchSymbols,
)
from libs.common.errors import BadMessageError, NotFoundError
from libs.common.events import (
    AlertRaised,
    BacktestFailed,
    CommandRefused,
    GapFound,
    OrderFilled,
    RoundDecided,
    SignalRaised,
)
from libs.common.streams import stored_in
from tests.conftest import ROOT
from tests.support.build import hour
from tests.support.live import PARITY, Live, M, live
from tests.support.parity import Replayed, certify, hours, imbalances, prepare, write_walks
from tests.support.poison import MALFORMED, Row, all_rows, foreign_to

SYMBOLS = ("AUSDT", "BUSDT")
BARS = 120
GOLDEN: dict[str, dict[str, Any]] = {
    entry["class"]: entry for entry in orjson.loads((ROOT / "tests/contract/golden/messages-0.1.json").read_bytes())
}


SHOWN = (GapFound, AlertRaised, BacktestFailed)
"""Good facts that a replay does not bring about; only the gateway reads them."""


@dataclass
class Sent:
    """What was put on the bus, and which row must bury which body."""

    graves: Counter[tuple[str, str]] = field(default_factory=Counter)
    bodies: dict[str, bytes] = field(default_factory=dict)
    count: int = 0

    def expect(self, row: str, body: bytes) -> None:
        digest = sha256(body).hexdigest()
        self.graves[row, digest] += 1
        self.bodies[digest] = body

    async def send(self, system: Live, rows: Sequence[Row], body: bytes) -> None:
        """Publish a body on a subject that rows of one class listen to; STATE keeps one message a subject, so it gets new ones."""
        self.count += 1
        template = rows[0].message.wildcard()
        name = f"poison-{self.count}" if stored_in(template) == "STATE" else SYMBOLS[0]
        await publish(system, template.replace("*", name), body)
        for row in rows:
            self.expect(row.name, body)


async def publish(system: Live, subject: str, body: bytes) -> None:
    await system.link.client.jetstream(timeout=5).publish(subject, body)


def by_class(rows: Sequence[Row]) -> list[list[Row]]:
    kinds = sorted({row.message for row in rows}, key=lambda kind: kind.__name__)
    return [[row for row in rows if row.message is kind] for kind in kinds]


async def poison(system: Live, rows: Sequence[Row], sent: Sent) -> None:
    """Send every malformed and foreign body to every class of message, and facts that read well but that nobody can carry out."""
    for listeners in by_class(rows):
        kind = listeners[0].message
        real = orjson.dumps(GOLDEN[kind.__name__]["body"])
        await asyncio.gather(*(sent.send(system, listeners, b) for b in (*MALFORMED.values(), *foreign_to(kind, real))))
    for kind, changes in ((RoundDecided, {"decisions": 10**9}),):
        golden = GOLDEN[kind.__name__]
        body = orjson.dumps(golden["body"] | changes)
        await publish(system, golden["subject"], body)
        sent.expect(f"executor-{kind.__name__}", body)


async def facts(system: Live, kind: type[M]) -> list[M]:
    """Return the messages of a class that can be read, in order."""
    found = []
    for subject, body in await system.raw(kind.wildcard()):
        try:
            found.append(kind.parse(body, subject))
        except BadMessageError:
            continue
    return found


async def buried(system: Live, count: int) -> list[DeadMessage]:
    """Return the graves once there are so many."""
    async with asyncio.timeout(30):
        while True:
            found = await list_dead(system.link.client, 10_000)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


async def live_one_life(system: Live, number: int) -> None:
    """Take a strategy through its life, and the trading state through all of its own: one good command for every row that takes one."""
    rules = {"symbol": SYMBOLS[0], "indicators": {"rsi": {"period": 10 + number, "buy_below": 30, "sell_above": 70}}}
    done = await system.ask(SubmitStrategy, rules=rules)
    strategy_id = done.result["strategy_id"]
    await system.ask(RunBacktest, strategy_id=strategy_id, start=hour(0), end=hour(BARS))
    await system.system.drained()
    await system.ask(PromoteStrategy, strategy_id=strategy_id, account=f"life-{number}", override_reason="a test")
    await system.ask(RetireStrategy, strategy_id=strategy_id)
    await system.ask(DeleteStrategy, strategy_id=strategy_id)
    for command in (HaltTrading, ReduceTrading, ResumeTrading):
        await system.ask(command, reason="a test")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "SubmitStrategy": ({"kind": "horoscope"}, "/kind"),
    "GenerateStrategy": ({"text": "Buy AUSDT when RSI is below 30", "timeframe": "a fortnight"}, "/timeframe"),
    "CancelGeneration": ({"job_id": "nobody"}, "/job_id"),
    "IndexKnowledge": ({"rebuild": "perhaps"}, "/rebuild"),
    "AddDocument": ({"domain": "risk", "name": "nothing", "text": "  "}, "/text"),
    "RemoveDocument": ({"domain": "risk", "name": "nobody"}, "/name"),
    "SearchKnowledge": ({"query": "  "}, "/query"),
    "RunBacktest": ({"strategy_id": "nobody"}, "/strategy_id"),
    "SetVerdict": ({"backtest_id": "nobody", "verdict": "good", "reason": "a test"}, "/backtest_id"),
    "RunScreen": ({"strategy_id": "nobody"}, "/strategy_id"),
    "RunAlert": ({"strategy_id": "nobody"}, "/strategy_id"),
    "BacktestUniverse": ({"strategy_id": "nobody"}, "/strategy_id"),
    "SweepParameters": ({"strategy_id": "nobody", "space": {"fast": [1, 2]}}, "/strategy_id"),
    "WalkForward": ({"strategy_id": "nobody", "space": {"fast": [1, 2]}}, "/strategy_id"),
    "CancelJob": ({"job_id": "nobody"}, "/job_id"),
    "TrainModel": ({"symbol": "NOPE"}, "/symbol"),
    "ImportFundamentals": ({"path": "/nowhere/at/all.csv"}, "/path"),
    "DefineUniverse": ({"name": "../x", "symbols": ["AUSDT"]}, "/name"),
    "RemoveUniverse": ({"name": "nobody"}, "/name"),
    "ImportBars": ({"path": "/nowhere/at/all.csv"}, "/path"),
    "WatchSymbols": ({"symbols": ["NOPE"]}, "/symbols/0"),
    "UnwatchSymbols": ({"watch_id": "nobody"}, "/watch_id"),
    "PromoteStrategy": ({"strategy_id": "nobody"}, "/strategy_id"),
    "RetireStrategy": ({"strategy_id": "nobody"}, "/strategy_id"),
    "DeleteStrategy": ({"strategy_id": "nobody"}, "/strategy_id"),
    "HaltTrading": ({"reason": ""}, "/reason"),
    "ReduceTrading": ({"reason": 5}, "/reason"),
    "ResumeTrading": ({}, "/reason"),
}
"""A command of each class that cannot be carried out, sent without an envelope but for its id, and the place it must be told."""


async def refuse(system: Live, sent: Sent, rows: Sequence[Row]) -> None:
    """Send every command once with a wrong value, and once with a field too many."""
    for command in COMMANDS:
        wrong = orjson.dumps({"event_id": f"wrong-{command.__name__}", **REFUSED[command.__name__][0]})
        more = orjson.dumps({"event_id": f"more-{command.__name__}", "is_admin": True})
        await publish(system, command.subject, wrong)
        await publish(system, command.subject, more)
        row = next(row.name for row in rows if row.message is command)
        sent.expect(row, more)
        if command.service() == "executor" or command is IndexKnowledge:
            sent.expect(row, wrong)


async def check_answers(system: Live) -> None:
    """Each of those commands was answered once, with a reason and the place."""
    answers = await facts(system, CommandRefused)
    for command in COMMANDS:
        wrong = next((a for a in answers if a.command_id == f"wrong-{command.__name__}"), None)
        assert wrong, command
        assert wrong.pointer == REFUSED[command.__name__][1], wrong
        (more,) = [a for a in answers if a.command_id == f"more-{command.__name__}"]
        assert more.pointer, more
        assert wrong.detail
        assert more.detail


async def retried(system: Live, graves: Sequence[DeadMessage], body: bytes) -> None:
    """Retry one row's grave of a body: the row that dug it, and no other on the subject, buries the same bytes again."""
    digest = sha256(body).hexdigest()
    old = next(g for g in graves if g.sha256 == digest and g.row == "gateway-SignalRaised")
    assert any(g.sha256 == digest and g.subject == old.subject and g.row != old.row for g in graves)
    assert await show_dead(system.link.client, old.seq) == old
    sent_as = await retry_dead(system.link.client, old.seq)
    with pytest.raises(NotFoundError):
        await show_dead(system.link.client, old.seq)
    await system.system.drained()
    again = await buried(system, len(graves))
    assert len(again) == len(graves)
    assert (again[0].row, again[0].sha256, again[0].stream_seq) == (old.row, digest, sent_as)


async def same_id_again(system: Live, fill: OrderFilled, folder: Path) -> None:
    """Send a fill under the id of another: the first one counts, and the log says so."""
    await publish(system, fill.subject_name(), fill.model_copy(update={"price": fill.price * 2}).body())
    await system.system.drained()
    log = (folder / "data" / "sentinel.log").read_text()
    assert f"the id {fill.event_id} came again with another body; the first one counts" in log
    assert read_model(folder, f"select body from facts where event_id = '{fill.event_id}'") == [(fill.body().decode(),)]


def read_model(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'sql' / 'gateway.db'}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


@pytest.mark.timeout(180)
async def test_poison_on_every_subject_is_buried_by_each_row_and_stops_nothing(tmp_path: Path) -> None:
    rows, sent = all_rows(tmp_path / "unused"), Sent()
    window = hours(SYMBOLS, BARS)
    write_walks(tmp_path / "walks.csv.gz", SYMBOLS, BARS)
    async with live(tmp_path / "data", PARITY | {"SENTINEL_JIT": "0"}) as system:
        before = {name: beat.pid for name, beat in system.system.watch.beats.items()}
        lines = await prepare(system, tmp_path / "walks.csv.gz", window, tmp_path / "data")
        await live_one_life(system, 1)
        await system.ask(WatchSymbols, symbols=list(SYMBOLS), timeframe="1h", start=window.start, end=window.end)
        await poison(system, rows, sent)
        for kind in SHOWN:
            await publish(system, GOLDEN[kind.__name__]["subject"], orjson.dumps(GOLDEN[kind.__name__]["body"]))
        await refuse(system, sent, rows)
        await system.system.drained()
        await check_answers(system)

        graves = await buried(system, sent.graves.total())
        assert Counter((g.row, g.sha256) for g in graves) == sent.graves
        assert {g.row for g in graves} == {row.name for row in rows}
        assert all(g.reason and g.code and g.body == sent.bodies[g.sha256][:KEPT_BYTES] for g in graves)

        await live_one_life(system, 2)
        replayed = Replayed(lines, await facts(system, SignalRaised), await facts(system, OrderFilled), {})
        assert {
            s: c.differences for s, c in certify(replayed, window, tmp_path / "data").items() if c.differences
        } == {}
        assert len(replayed.fills) > BARS / 20

        assert {kind for (kind,) in read_model(tmp_path, "select kind from facts")} >= {k.__name__ for k in SHOWN}
        for body in (MALFORMED["empty"], MALFORMED["oversized"]):
            await retried(system, await list_dead(system.link.client, 10_000), body)
        await same_id_again(system, replayed.fills[-1], tmp_path)
        assert {name: beat.pid for name, beat in system.system.watch.beats.items()} == before
        assert all(beat.ready for beat in system.system.watch.beats.values())
        assert set(system.system.restarts.values()) == {0}
    assert await imbalances(tmp_path / "data") == []
