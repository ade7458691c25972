"""Every row of every service, and what nobody should ever send to one."""

import importlib
import json
import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import SERVICES
from libs.common.bus import On
from libs.common.messages import MAX_BODY_BYTES, Message
from libs.common.runtime import durable_of
from tests.support.build import bar, signal


@dataclass(frozen=True)
class Row:
    """One row of a running service."""

    service: str
    on: On
    name: str

    @property
    def message(self) -> type[Message]:
        return self.on.message


BUILDERS = {"backtest": "services.backtest.roles"}
"""Where a service is put together, if not in its `app`."""


def all_rows(folder: Path) -> list[Row]:
    """Return the rows of all services, from the tables the services themselves are built with."""
    found = []
    for name in SERVICES:
        settings = importlib.import_module(f"services.{name}.settings").Settings(data_dir=folder)
        service = importlib.import_module(BUILDERS.get(name, f"services.{name}.app")).build(settings)
        found += [Row(name, on, durable_of(name, on).name) for on in service.table]
    return found


def _deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


MALFORMED: Mapping[str, bytes] = {
    "empty": b"",
    "one NUL": b"\x00",
    "bad UTF-8": b'{"a":"\xff\xfe"}',
    "cut": b'{"event_id":"x","at":"2024-01-01T0',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "too large for a float": b'{"a":1e999}',
    "duplicate key": b'{"a":1,"a":2}',
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "deeper than orjson goes": _deep(600),
    "deeper than Python goes": _deep(20_000),
    "number of 400 digits": b'{"a":' + b"9" * 400 + b"}",
    "number of 5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "lone surrogate": rb'{"a":"\ud800"}',
    "lone surrogate as a key": rb'{"\ud800":1}',
    "key of 200 KB": json.dumps({"event_id": "long-key", "k" * 200_000: 1}).encode(),
    "id that is no id": b'{"event_id":"a.b.>","a":1}',
    "id that is no text": b'{"event_id":["a"],"a":1}',
    "time before the first": b'{"event_id":"e","root_id":"e","a":1,"at":"0001-01-01T00:00:00+14:00"}',
    "pickle": pickle.dumps({"a": 1}),
    "gzip": zlib.compress(b"{}", wbits=31),
    "oversized": b'{"a":"' + b"x" * (MAX_BODY_BYTES - 7) + b'"}',
}
"""Bodies that are no message of any class. The last is one byte too long."""


def foreign_to(message: type[Message], real: bytes) -> Iterator[bytes]:
    """Yield valid JSON that does not belong on a subject of `message`; real: a body of that class with another subject."""
    yield b'{"type":"Unknown","hello":"world"}'
    stranger = bar(1, "AUSDT")
    yield signal(stranger).body() if message.__name__ == "BarClosed" else stranger.body()
    if "{" in message.subject:
        yield real
