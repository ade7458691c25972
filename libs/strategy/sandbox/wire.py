"""What service, zygote and child say to each other: the words of every message, packed and unpacked strictly.

Decides formats and their bounds (the market file has its own, in `layout.py`). Decides nothing about meaning: whether signals fit a strategy is the host's business. Standard library
only, because the child has it loaded while a stranger's code runs. Everything a child wrote is hostile until unpacked here.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, TypeVar, cast, get_args

Op: TypeAlias = Literal["check", "signals", "classify", "batch"]

OPS: tuple[Op, ...] = get_args(Op)
MAX_JOB_BYTES = 32 * 1024
"""Length of a job header as JSON."""
MAX_HELLO_BYTES = 8 * 1024
MAX_STATUS_BYTES = 4 * 1024
MAX_FRAME_HEADER_BYTES = 64 * 1024
"""Length of the JSON header of a result frame."""
LOCKFAIL_EXIT = 71
"""Exit code of a child that could not lock itself down; it ran nothing."""
LOCKFAIL = b"LOCKFAIL "
"""What such a child writes into the result pipe, followed by the reason."""
LOCKED = b"\x06"
"""What every other child writes first: the protections are up, and whatever it does from here on is the doing of the code."""
MAX_ASKED_BYTES = 256 * 1024
"""Length of what a job asks, as JSON."""

_LENGTHS = struct.Struct("<II")
_ASKED = struct.Struct("<II")
_M = TypeVar("_M")


class WireError(ValueError):
    """A message breaks its format; the text says how."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use: seconds of processor, seconds of wall clock, megabytes (2**20) beyond the start, bytes of result."""

    cpu_s: int = 30
    wall_s: float = 35.0
    memory_mb: int = 128
    result_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class JobHeader:
    """One job; travels with three descriptors: code memfd, market memfd, write end of the result pipe.

    seed: 32 bit, from the hash of the code. args: by op, see the host. Neither travels in the header, nor do code and market: what a
    fork server reads is in the memory that the next job inherits. See `pack_code`.
    """

    id: int
    op: Op
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    args: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the message; raises WireError above 32 kB."""
        return dump(asdict(self), MAX_JOB_BYTES, "job header")

    @classmethod
    def decode(cls, data: bytes) -> "JobHeader":
        """Return the header of a message; raises WireError."""
        job = make(cls, parse(data, MAX_JOB_BYTES))
        if job.op not in OPS or not isinstance(job.args, dict):
            raise WireError(f"op {str(job.op)[:40]!r} or its args are unknown")
        limits = make(Limits, job.limits)
        for number in (job.id, job.seed, limits.cpu_s, limits.memory_mb, limits.result_bytes):
            if type(number) is not int or number < 0:
                raise WireError(f"{str(number)[:40]} is not a whole number from 0")
        if type(limits.wall_s) not in (int, float) or min(limits.cpu_s, limits.memory_mb, limits.wall_s) <= 0:
            raise WireError("a limit is not above 0")
        return cls(job.id, job.op, limits, job.seed, job.args)


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of a zygote: what it found, or why it refuses to serve.

    capabilities: by name ("sandbox", "seccomp", "landlock", "namespaces", "uid", ...), "yes", "no (reason)" or a value.
    """

    ready: bool
    missing: str = ""
    python: str = ""
    numpy: str = ""
    pandas: str = ""
    capabilities: dict[str, str] = field(default_factory=dict)
    self_test: str = ""

    def encode(self) -> bytes:
        """Return the message."""
        return dump(asdict(self), MAX_HELLO_BYTES, "hello")

    @classmethod
    def decode(cls, data: bytes) -> "Hello":
        """Return the hello of a message; raises WireError."""
        return make(cls, parse(data, MAX_HELLO_BYTES))


@dataclass(frozen=True, slots=True)
class Status:
    """How a child ended: exit code or signal, never what it answered.

    wall_limit: the zygote ended it at the wall limit. cpu_s, max_rss_kb: from wait4, of this child alone. spare: a rehearsed
    spare ran it. refused: the zygote did not run the job at all, and why.
    """

    id: int
    exit: int | None
    signal: int | None
    wall_limit: bool = False
    cpu_s: float = 0.0
    max_rss_kb: int = 0
    spare: bool = False
    refused: str = ""

    def encode(self) -> bytes:
        """Return the message."""
        return dump(asdict(self), MAX_STATUS_BYTES, "status")

    @classmethod
    def decode(cls, data: bytes) -> "Status":
        """Return the status of a message; raises WireError."""
        return make(cls, parse(data, MAX_STATUS_BYTES))


@dataclass(frozen=True, slots=True)
class Switches:
    """How a zygote protects itself; defaults are the only form a service uses, the others are for tests and for `off`.

    sandbox: "off" runs children under rlimits alone. unguarded: child runs code without checker and guards. spares: children
    forked ahead, 0 or 1.
    """

    sandbox: Literal["on", "off"] = "on"
    unguarded: bool = False
    seccomp: bool = True
    landlock: bool = True
    namespaces: bool = True
    drop_uid: bool = True
    spares: int = 1

    def encode(self) -> str:
        """Return the JSON a zygote is started with."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def decode(cls, text: str) -> "Switches":
        """Return the switches of a JSON text, absent ones at their default; raises WireError."""
        return make(cls, parse(text.encode(), MAX_JOB_BYTES))


def pack_code(seed: int, args: Mapping[str, Any], source: bytes) -> bytes:
    """Return the code file of a job, which its child alone reads: seed, length of the args, args as JSON, source.

    Raises WireError if the args are above 256 kB or not JSON.
    """
    asked = dump(args, MAX_ASKED_BYTES, "what the job asks")
    return _ASKED.pack(seed, len(asked)) + asked + source


def unpack_code(header: JobHeader, data: bytes) -> tuple[JobHeader, bytes]:
    """Return the header with seed and args, and the source, of a code file; raises WireError."""
    if len(data) < _ASKED.size:
        raise WireError(f"a code file of {len(data)} bytes is too short")
    seed, length = _ASKED.unpack_from(data)
    start = _ASKED.size + length
    return replace(header, seed=seed, args=parse(data[_ASKED.size : start], MAX_ASKED_BYTES)), data[start:]


def pack_frame(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """Return a result frame: two lengths, header as JSON, payload; raises WireError if the header is above 64 kB or not JSON."""
    text = dump(header, MAX_FRAME_HEADER_BYTES, "frame header")
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


def unpack_frame(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and payload of a whole frame; raises WireError unless the lengths match exactly and the header is a JSON object."""
    if len(data) < _LENGTHS.size:
        raise WireError(f"frame of {len(data)} bytes is too short")
    header_bytes, payload_bytes = _LENGTHS.unpack_from(data)
    if len(data) != _LENGTHS.size + header_bytes + payload_bytes:
        raise WireError(f"frame of {len(data)} bytes announces {header_bytes} + {payload_bytes}")
    start = _LENGTHS.size + header_bytes
    return parse(data[_LENGTHS.size : start], MAX_FRAME_HEADER_BYTES), data[start:]


def parse(data: bytes, limit: int) -> dict[str, Any]:
    """Return a JSON object of at most `limit` bytes; raises WireError, also for NaN, infinities and nesting too deep."""
    if len(data) > limit:
        raise WireError(f"{len(data)} bytes, at most {limit} are allowed")
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {str(error)[:200]}") from error
    if not isinstance(value, dict):
        raise WireError("not a JSON object")
    return cast("dict[str, Any]", value)


def dump(value: object, limit: int, what: str) -> bytes:
    """Return compact JSON of at most `limit` bytes; raises WireError, naming `what`."""
    try:
        data = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"{what} is not JSON: {str(error)[:200]}") from error
    if len(data) > limit:
        raise WireError(f"{what} of {len(data)} bytes, at most {limit} are allowed")
    return data


def make(cls: type[_M], raw: object) -> _M:
    """Return a dataclass of a JSON object; raises WireError for fields missing or unknown."""
    known = {each.name for each in fields(cast("Any", cls))}
    if not isinstance(raw, dict) or not raw.keys() <= known:
        raise WireError(f"{cls.__name__} has fields {sorted(known)}")
    try:
        return cls(**raw)
    except TypeError as error:
        raise WireError(str(error)) from error


def _refuse(text: str) -> float:
    raise WireError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise WireError(f"{text[:40]} is too large")
    return value
