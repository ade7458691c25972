"""The life of a fork server: it serves whatever its children do, leaks nothing, refuses to serve unprotected, and ends with its service."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from libs.strategy.sandbox.wire import JobHeader, Status, Switches
from tests.security.bare import ROOT, Bare, levels, spare_of, until

OPEN = Switches(unguarded=True)
SERVED = b"told['served'] = 1"
FOREVER = b"while True: pass"


def gone_within(pids: list[int], seconds: float) -> bool:
    """Wait until none of the processes is there."""
    deadline = time.monotonic() + seconds
    for pid in pids:
        with suppress(ProcessLookupError):
            fd = os.pidfd_open(pid)
            over = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]
            os.close(fd)
            if not over:
                return False
    return True


def by_spare(zygote: Bare) -> bool:
    """Run jobs on a rested zygote until a spare took one."""
    return any(spare_of(zygote) and zygote.run(source=SERVED).status.spare for _ in range(10))


@pytest.fixture
def zygote() -> Iterator[Bare]:
    with Bare(OPEN) as running:
        assert running.hello.ready, running.hello
        yield running


def test_zygote_after_200_jobs_has_as_many_descriptors_as_before() -> None:
    with Bare(Switches(unguarded=True, spares=0)) as zygote:
        pid = zygote.threads()[-1]
        try:
            before = sorted(os.listdir(f"/proc/{pid}/fd"))
        except PermissionError:
            pytest.skip("descriptors of a hidden process are for root")
        for _ in range(200):
            assert zygote.run(source=SERVED).status.exit == 0
        assert sorted(os.listdir(f"/proc/{pid}/fd")) == before


def test_zygote_with_spares_after_40_jobs_has_no_more_descriptors(zygote: Bare) -> None:
    pid = zygote.threads()[levels(zygote) - 1]
    try:
        os.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        pytest.skip("descriptors of a hidden process are for root")
    for _ in range(40):
        zygote.run(source=SERVED)
    spare_of(zygote)
    after_some = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(40):
        zygote.run(source=SERVED)
    spare_of(zygote)
    assert until(lambda: 1 if len(os.listdir(f"/proc/{pid}/fd")) == after_some else None)


def test_job_for_a_rested_zygote_is_run_by_its_spare(zygote: Bare) -> None:
    assert by_spare(zygote)


def test_random_numbers_of_a_job_come_from_its_seed(zygote: Bare) -> None:
    source = b"import random, numpy\ntold['drawn'] = [random.random(), float(numpy.random.random())]"
    drawn = {str(zygote.run(source=source).answer["told"]) for _ in range(4)}
    assert len(drawn) == 1


def test_spare_killed_while_waiting_costs_no_job(zygote: Bare) -> None:
    for _ in range(4):
        os.kill(spare_of(zygote), signal.SIGKILL)
        assert zygote.run(source=SERVED).answer["told"] == {"served": 1}
    assert by_spare(zygote)


def test_spare_that_does_not_answer_is_replaced_by_a_fork(zygote: Bare) -> None:
    assert by_spare(zygote)
    frozen = spare_of(zygote)
    os.kill(frozen, signal.SIGSTOP)
    ended = zygote.run(source=SERVED)
    assert ended.answer["told"] == {"served": 1}
    assert not ended.status.spare
    assert ended.wall_s > 0.9
    assert gone_within([frozen], 1)
    assert zygote.run(source=SERVED).answer["told"] == {"served": 1}


def test_rehearsal_that_always_fails_leaves_forks() -> None:
    broken = "from tests.security.standin import load_badly as load"
    with Bare(OPEN, load=broken) as zygote:
        for _ in range(10):
            status = zygote.run(source=SERVED).status
            assert (status.exit, status.spare) == (0, False)


def test_zygote_ends_when_its_socket_closes() -> None:
    zygote = Bare(OPEN)
    family = zygote.threads()
    assert zygote.close() == 0
    assert gone_within(family, 5)


def test_zygote_ends_with_its_job_when_its_socket_closes() -> None:
    zygote = Bare(Switches(unguarded=True, spares=0))
    send(zygote, FOREVER)
    until(lambda: 1 if len(zygote.threads()) > levels(zygote) else None)
    family = zygote.threads()
    zygote.close()
    assert gone_within(family, 5)


def test_killed_launcher_takes_zygote_and_job_along() -> None:
    zygote = Bare(Switches(unguarded=True, spares=0))
    send(zygote, FOREVER)
    until(lambda: 1 if len(zygote.threads()) > levels(zygote) else None)
    family = zygote.threads()
    zygote.process.kill()
    assert gone_within(family, 5)
    zygote.close()


@pytest.mark.parametrize("namespaces", [True, False])
def test_killed_service_takes_everything_along(namespaces: bool) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.security.bare import Bare\n"
        f"from libs.strategy.sandbox.wire import Switches\n"
        f"zygote = Bare(Switches(unguarded=True, namespaces={namespaces})); zygote.run(source=b'')\n"
        "print(*zygote.threads(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        family = [int(each) for each in service.stdout.readline().split()]
        service.kill()
    assert family
    assert gone_within(family, 5)


def test_broken_job_is_refused_and_the_next_one_served(zygote: Bare) -> None:
    reader, writer = os.pipe()
    for message, fds in (
        (b"{}", [writer] * 3),
        (JobHeader(1, "check").encode(), [writer]),
        (b"x" * 40_000, [writer] * 3),
    ):
        socket.send_fds(zygote.control, [message], fds)
        status = Status.decode(zygote.control.recv(4096))
        assert status.refused
    os.close(reader)
    os.close(writer)
    assert zygote.run(source=SERVED).status.exit == 0


def test_job_on_what_is_no_file_is_refused_by_the_child(zygote: Bare) -> None:
    reader, writer = os.pipe()
    socket.send_fds(zygote.control, [JobHeader(1, "check").encode()], [reader, reader, writer])
    assert Status.decode(zygote.control.recv(4096)).exit == 71
    assert os.read(reader, 100).startswith(b"LOCKFAIL job descriptors (ESPIPE)")
    os.close(reader)
    os.close(writer)


def send(zygote: Bare, source: bytes) -> None:
    """Give a job without waiting for its end."""
    code, reader_writer = os.memfd_create("code"), os.pipe()
    os.write(code, source)
    socket.send_fds(zygote.control, [JobHeader(1, "check").encode()], [code, code, reader_writer[1]])
    for fd in (code, *reader_writer):
        os.close(fd)
