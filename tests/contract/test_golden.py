"""Messages of every release stay readable: adding a field with a default is fine, renaming or removing one is red here."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import COMMANDS
from libs.common.events import FACTS
from libs.common.messages import Message
from libs.common.streams import stream_of

GOLDEN = sorted((Path(__file__).parent / "golden").glob("messages-*.json"))
CLASSES: dict[str, type[Message]] = {kind.__name__: kind for kind in (*FACTS, *COMMANDS)}
SAMPLES: list[dict[str, Any]] = [sample for path in GOLDEN for sample in json.loads(path.read_text())]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["class"])
def test_message_of_a_release_is_still_read_and_loses_nothing(sample: dict[str, Any]) -> None:
    message = CLASSES[sample["class"]].parse(json.dumps(sample["body"]).encode(), sample["subject"])
    assert json.loads(message.body()) == sample["body"] | {
        k: v for k, v in json.loads(message.body()).items() if k not in sample["body"]
    }


def test_every_stored_message_has_a_sample() -> None:
    stored = {name for name, kind in CLASSES.items() if stream_of(kind.subject)}
    assert stored == {sample["class"] for sample in SAMPLES}
