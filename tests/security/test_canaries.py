"""The kernel alone holds: no checker, no guards, and no attempt achieves anything, whoever started the service."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.bare import SECRET, Bare
from tests.security.canaries import CANARIES
from tests.security.shapes import SHAPES, WITHOUT_ANYTHING, WITHOUT_SECCOMP, Shape

TRY = b"from tests.security.canaries import attempt; told['effect'] = attempt(args)"
FILES = {"kept": "kept", "removed": "removed", "renamed": "renamed", "truncated": "truncated"}


class World:
    """What hostile code could touch: files, a listening socket, a process with a secret."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.chmod(0o777)
        for name, text in FILES.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o666)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)

    def effects(self) -> dict[str, str]:
        """Return what changed outside."""
        files = {path.name: path.read_text() for path in self.folder.iterdir()} if self._is_flat() else {"": "folder"}
        found = {} if files == FILES else {"files": str(files)}
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return found
        return found | {"listener": "a connection"}

    def _is_flat(self) -> bool:
        return all(path.is_file() for path in self.folder.iterdir())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SENTINEL_SECRET", SECRET)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o111)
    made = World(tmp_path)
    yield made
    made.listener.close()


def leaks(zygote: Bare, world: World, *, teeth: bool = False) -> dict[str, str]:
    """Return what each canary achieved, those that achieved nothing left out."""
    inside = zygote.hello.capabilities["namespaces"] == "yes"
    args = {
        "dir": str(world.folder),
        "port": world.listener.getsockname()[1],
        "zygote": 1 if inside else zygote.process.pid,
        "service": os.getpid(),
        "secret": SECRET,
        "int80": int(
            zygote.run(source=b"from tests.security.standin import int80; told['at'] = int80()").answer["told"]["at"]
        ),
    }
    found = {}
    for canary in CANARIES:
        if teeth and not canary.teeth:
            continue
        ended = zygote.run({**args, "canary": canary.name}, TRY)
        if ended.status.signal is not None:
            continue
        effect = ended.answer["told"]["effect"] if ended.written else f"exit {ended.status.exit} without an answer"
        if effect is not None:
            found[canary.name] = effect
    return found


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_canaries_under_the_kernel_alone_achieve_nothing(shape: Shape, world: World) -> None:
    with shape.start() as zygote:
        assert zygote.hello.self_test == "passed"
        assert leaks(zygote, world) == {}
        assert world.effects() == {}
        assert zygote.run(source=b"told['served'] = 1").answer["told"] == {"served": 1}


def test_canaries_with_seccomp_off_leak(world: World) -> None:
    with WITHOUT_SECCOMP.start() as zygote:
        assert len(leaks(zygote, world, teeth=True)) >= 25


def test_canaries_with_every_layer_off_leak_and_are_seen_outside(world: World) -> None:
    with WITHOUT_ANYTHING.start() as zygote:
        found = leaks(zygote, world, teeth=True)
    assert len(found) >= 60
    assert world.effects().keys() == {"files", "listener"}
