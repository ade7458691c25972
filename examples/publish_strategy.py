"""Publish a strategy, or a sentence to make one of, straight on the bus: what any NATS client in any language can do.

    python examples/publish_strategy.py submit examples/strategies/sma_cross.py --symbol BTCUSDT
    python examples/publish_strategy.py generate "buy BTCUSDT on the hourly chart when RSI is below 30"

The bus listens at nats://127.0.0.1:4222; `sentinel up` writes another address into `nats.url` of its data directory. A bare body would be enough, as
in `nats pub cmd.strategy_gen.submit '{"rules": ...}'`; with an envelope the id is known, and so is where the answer comes.
"""

import argparse
import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import nats.errors

ANSWER_WITHIN_S = 30


async def publish(url: str, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Send a command to strategy_gen and return its answer: `result_ids` and `result`, or `code` and `detail` of a refusal."""
    identity = str(uuid.uuid4())
    envelope = {"event_id": identity, "root_id": identity, "at": datetime.now(UTC).isoformat(), "asked_by": "example"}
    client = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=1, error_cb=_unsaid)
    try:
        answers = await client.subscribe(f"answers.strategy_gen.{identity}")
        body = json.dumps({**fields, **envelope}).encode()
        await client.jetstream().publish(f"cmd.strategy_gen.{verb}", body, headers={"Nats-Msg-Id": identity})
        message = await answers.next_msg(timeout=ANSWER_WITHIN_S)
        return dict(json.loads(message.data))
    finally:
        await client.close()


async def _unsaid(error: Exception) -> None:
    """Say nothing of a link that fails: `publish` raises it."""


def read() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description="Publish a strategy, or a sentence, on Sentinel's bus.")
    parser.add_argument("verb", choices=("submit", "generate"))
    parser.add_argument("what", help="a Python file with the strategy; or the sentence")
    parser.add_argument("--symbol", action="append", default=[], help="may be repeated")
    parser.add_argument("--timeframe", help="1m 5m 15m 1h 4h 1d")
    parser.add_argument("--url", default="nats://127.0.0.1:4222")
    return parser.parse_args()


def main() -> int:
    """Publish, print the answer as JSON, and return the exit code: 1 for a refusal."""
    asked = read()
    fields: dict[str, Any] = {"symbols": asked.symbol} | ({"timeframe": asked.timeframe} if asked.timeframe else {})
    try:
        if asked.verb == "submit":
            place = Path(asked.what)
            fields |= {"name": place.stem.replace("_", " "), "code": place.read_text()}
        else:
            fields["text"] = asked.what
        answer = asyncio.run(publish(asked.url, asked.verb, fields))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except nats.errors.Error as error:
        sys.stderr.write(
            f"{error}: is {asked.url} the bus? `sentinel up` writes it into nats.url of its data directory\n"
        )
        return 4
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    return 1 if "code" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
