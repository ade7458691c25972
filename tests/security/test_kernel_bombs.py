"""What eats memory, time or output ends as declared, and the next job is served. Layers 1 and 2 are off."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from libs.strategy.sandbox.wire import Limits, Switches, WireError, unpack_frame
from tests.security.bare import Bare

LIMITS = Limits(cpu_s=1, wall_s=6, memory_mb=128)
SHORT = Limits(cpu_s=1, wall_s=0.2, memory_mb=128)
CAP = 256 * 1024

RAW_MAPS = """
from tests.security.canaries import syscall
held = 0
while syscall('mmap', None, 1 << 20, {prot}, {flags}, -1, 0) != -1:
    held += 1
    {after}
told['megabytes'] = held
"""
HANG_WITHOUT_CPU = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"
HELD_SIGNALS = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(signal.valid_signals()))\nwhile True: pass"


@dataclass(frozen=True)
class Bomb:
    """Code, and how it ends: a signal, the code of a caught error, or `broken` for a frame that is none."""

    code: str
    signal: int | None = None
    error: str | None = None
    kind: str | None = None
    broken: bool = False
    limits: Limits = LIMITS


BOMBS = {
    "bytearrays": Bomb("held = []\nwhile True: held.append(bytearray(1 << 20))", error="strategy.memory"),
    "one string of 1 GB": Bomb("'x' * (1 << 30)", error="strategy.memory"),
    "arrays": Bomb("import numpy\nnumpy.ones(1 << 28)", error="strategy.memory"),
    "python for ever": Bomb("while True: pass", signal=signal.SIGXCPU),
    "signals blocked": Bomb(HELD_SIGNALS, signal=signal.SIGKILL),
    "huge number": Bomb("10 ** (10 ** 8)", signal=signal.SIGXCPU),
    "lock for ever": Bomb(HANG_WITHOUT_CPU, signal=signal.SIGKILL, limits=SHORT),
    "result closed, then lock": Bomb(
        f"import os\nos.close(3)\n{HANG_WITHOUT_CPU}", signal=signal.SIGKILL, limits=SHORT
    ),
    "sleep": Bomb("import time\ntime.sleep(1000)", error="strategy.raised", kind="PermissionError"),
    "fork bomb": Bomb("import os\nwhile True: os.fork()", signal=signal.SIGSYS),
    "flood of output": Bomb("import os\nwhile True: os.write(3, bytes(65536))", signal=signal.SIGPIPE),
    "flood of print": Bomb("for _ in range(10000): print('x' * 1000)"),
    "recursion": Bomb("def f(): return f()\nf()", error="strategy.raised", kind="RecursionError"),
    "recursion in C": Bomb(
        "import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n def __repr__(self): return repr(self)\nrepr(A())",
        signal=signal.SIGSEGV,
    ),
    "null pointer": Bomb("import ctypes\nctypes.string_at(0)", signal=signal.SIGSEGV),
    "leaves without answer": Bomb("import os\nos._exit(0)", broken=True),
    "system exit": Bomb("raise SystemExit(0)", error="strategy.raised", kind="SystemExit"),
    "forged length": Bomb("import os\nos.write(3, b'\\xff' * 16)\nos._exit(0)", broken=True),
    "two frames": Bomb(
        "import os\nfrom libs.strategy.sandbox.wire import pack_frame\nos.write(3, pack_frame({'ok': True}))",
        broken=True,
    ),
    "error without text": Bomb(
        "class E(Exception):\n def __str__(self): raise E\nraise E", error="strategy.raised", kind="E"
    ),
}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Bare]:
    with Bare(Switches(unguarded=True)) as running:
        assert running.hello.ready, running.hello
        yield running


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bomb_ends_as_declared_and_the_next_job_is_served(zygote: Bare, bomb: Bomb) -> None:
    ended = zygote.run(source=bomb.code.encode(), limits=bomb.limits, cap=CAP)
    assert ended.status.signal == bomb.signal
    assert ended.status.wall_limit is (bomb.limits is SHORT)
    if bomb.signal == signal.SIGXCPU or bomb.code == HELD_SIGNALS:
        assert ended.status.cpu_s > 0.4  # of 1 s; a spare's rehearsal counts towards the limit and not here
    if bomb.signal is None and not bomb.broken:
        told = ended.answer
        assert (told.get("error") or {}).get("code") == bomb.error
        assert bomb.kind in (None, told.get("error", {}).get("type"))
    if bomb.broken:
        with pytest.raises(WireError):
            unpack_frame(ended.written)
    assert zygote.run(source=b"told['served'] = 1").answer["told"] == {"served": 1}


@pytest.mark.parametrize(
    ("prot", "flags", "after", "most"),
    [
        pytest.param(3, 0x22, "", 128, id="private"),
        pytest.param(0, 0x22, "", 128, id="reserved without access"),
        pytest.param(3, 0x4022, "", 128, id="without reserve"),
        pytest.param(3, 0x21, "", 0, id="shared"),
    ],
)
def test_mapped_memory_in_every_form_stays_under_the_limit(
    zygote: Bare, prot: int, flags: int, after: str, most: int
) -> None:
    ended = zygote.run(source=RAW_MAPS.format(prot=prot, flags=flags, after=after or "pass").encode(), limits=LIMITS)
    assert most - 8 <= ended.answer["told"]["megabytes"] <= most
