"""The example publisher on a real bus: what it publishes are commands strategy_gen can read, and its answer is what was answered."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.nats import NatsServer
from libs.common.command import Command
from libs.common.commands import GenerateStrategy, SubmitStrategy
from libs.common.events import CommandDone, CommandRefused
from tests.conftest import ROOT

SCRIPT = ROOT / "examples" / "publish_strategy.py"


async def published(url: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    run = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), *arguments, "--url", url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await asyncio.wait_for(run.communicate(), 30)
    return int(run.returncode or 0), json.loads(out)


async def answering(client: Client, kind: type[Command], asked: list[Command], refusal: str = "") -> None:
    """Stand in for strategy_gen: read the command as strictly as it does, and answer it."""

    async def received(message: Msg) -> None:
        command = kind.parse(message.data, message.subject)
        asked.append(command)
        words: dict[str, Any] = {"service": "strategy_gen", "command_id": command.event_id}
        answer: CommandDone | CommandRefused = CommandDone.after(command, **words, result_ids=("s1",))
        if refusal:
            answer = CommandRefused.after(command, **words, code=refusal, detail="no")
        await client.publish(answer.subject_name(), answer.body())

    await client.subscribe(kind.subject, cb=received)
    await client.flush()


async def test_example_publishes_a_sentence_and_prints_the_answer(server: NatsServer, client: Client) -> None:
    asked: list[Command] = []
    await answering(client, GenerateStrategy, asked)
    code, answer = await published(server.url, "generate", "buy BTCUSDT when RSI is below 30", "--timeframe", "4h")
    assert (code, answer["result_ids"]) == (0, ["s1"])
    (command,) = asked
    assert isinstance(command, GenerateStrategy)
    assert (command.text, command.timeframe, command.asked_by) == ("buy BTCUSDT when RSI is below 30", "4h", "example")


@pytest.mark.parametrize("refusal", ["", "strategy.forbidden_import"])
async def test_example_publishes_a_file_and_fails_when_it_is_refused(
    server: NatsServer, client: Client, tmp_path: Path, refusal: str
) -> None:
    place = tmp_path / "my_cross.py"
    place.write_text("def generate_signals(df):\n    return [0] * len(df)\n")
    asked: list[Command] = []
    await answering(client, SubmitStrategy, asked, refusal)
    code, answer = await published(server.url, "submit", str(place), "--symbol", "BTCUSDT", "--symbol", "ETHUSDT")
    assert (code, answer.get("code", "")) == (bool(refusal), refusal)
    (command,) = asked
    assert isinstance(command, SubmitStrategy)
    assert (command.name, command.code, command.symbols) == ("my cross", place.read_text(), ["BTCUSDT", "ETHUSDT"])
