import fcntl
import mmap
import os
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from libs.common.errors import BadInputError
from libs.common.values import Timeframe
from libs.market.frame import COLUMNS, Frame
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.layout import read_market
from libs.strategy.sandbox.wire import JobHeader, Limits, Op
from tests.unit.market.series import walk

ALL_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@pytest.fixture(autouse=True)
def no_descriptor_left() -> Iterator[None]:
    before = sorted(os.listdir("/proc/self/fd"))
    yield
    assert sorted(os.listdir("/proc/self/fd")) == before


def content(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    with mmap.mmap(fd, size, mmap.MAP_PRIVATE, mmap.PROT_READ) as file:
        return bytes(file)


def test_market_of_two_symbols_reads_back_column_by_column() -> None:
    frames = {"BTCUSDT": walk(70), "ETHUSDT": walk(13, seed=2), "NEWUSDT": Frame.empty()}
    fd = market_memfd(frames, Timeframe.H1, {"BTCUSDT": {"market_cap": 1e12, "sector": None}}, point_in_time=True)
    view = memoryview(content(fd))
    os.close(fd)
    index = read_market(view)
    assert (index.timeframe, index.timeframe_ms, index.point_in_time) == ("1h", 3_600_000, True)
    assert index.fundamentals == {"BTCUSDT": {"market_cap": 1e12, "sector": None}}
    for symbol, frame in frames.items():
        block = index.symbols[symbol]
        assert block.at % 64 == 0
        for name in ("ts", *COLUMNS):
            assert np.array_equal(np.asarray(block.column(view, name)), getattr(frame, name))


def test_market_of_strided_columns_equals_that_of_copies() -> None:
    names = ("ts", *COLUMNS)
    frame = walk(50)
    records = np.zeros(50, [(name, "<i8" if name == "ts" else "<f8") for name in names])
    for name in names:
        records[name] = getattr(frame, name)
    fds = [market_memfd({"BTCUSDT": each}, Timeframe.H1) for each in (frame, Frame(*(records[name] for name in names)))]
    assert content(fds[0]) == content(fds[1])
    for fd in fds:
        os.close(fd)


def test_market_of_more_columns_than_one_write_takes_is_whole() -> None:
    frames = {f"S{number}": walk(3, seed=number) for number in range(300)}
    fd = market_memfd(frames, Timeframe.D1)
    view = memoryview(content(fd))
    os.close(fd)
    index = read_market(view)
    assert all(
        np.array_equal(np.asarray(index.symbols[name].column(view, "close")), frame.close)
        for name, frame in frames.items()
    )


def test_market_with_a_nan_fundamental_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        market_memfd({"BTCUSDT": walk(3)}, Timeframe.H1, {"BTCUSDT": {"eps": float("nan")}})
    assert (caught.value.code, caught.value.pointer) == ("sandbox.market", "/fundamentals")


def test_sealed_file_can_be_changed_by_nobody() -> None:
    fd = sealed("code", [b"x = 1"])
    assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) == ALL_SEALS
    for act in (lambda: os.write(fd, b"y"), lambda: os.ftruncate(fd, 0), lambda: os.ftruncate(fd, 99)):
        with pytest.raises(PermissionError):
            act()
    with pytest.raises(PermissionError):
        mmap.mmap(fd, 5, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    os.close(fd)


def test_job_closes_both_descriptors_exactly_once() -> None:
    market = sealed("market", [])
    job = Job.of("check", "x = 1", market, {}, {})
    code = job.fds()[0]
    job.close()
    others = [sealed("others", []), sealed("others", [])]
    assert sorted(others) == sorted((market, code))
    job.close()
    for fd in others:
        os.fstat(fd)
        os.close(fd)
    with pytest.raises(ValueError, match="closed"):
        job.fds()


def test_job_message_reads_back_with_a_seed_from_the_code() -> None:
    with Job.of("signals", "a", sealed("market", []), {"X": 3}, {"symbols": ["X"], "parameters": {}}) as job:
        header = JobHeader.decode(job.message(7))
        assert (header.id, header.op, header.limits.cpu_s) == (7, "signals", Limits().cpu_s)
        assert header.limits.result_bytes == 8 + 65_536 + 3
        with Job.of("check", "b", sealed("market", []), {}, {}) as other:
            assert (header.seed, header.args) == (0, {})
            assert 0 <= job.seed < 2**32
            assert job.seed != other.seed


@pytest.mark.parametrize(
    ("code", "args"),
    [
        ("x = 1", {"parameters": {"x": "y" * 300_000}}),
        ("x = '\ud800'", {}),
        ("x = 1", {"parameters": {"x": float("inf")}}),
    ],
)
def test_job_that_cannot_travel_is_refused_and_its_market_closed(code: str, args: dict[str, object]) -> None:
    with pytest.raises(BadInputError) as caught:
        Job.of("check", code, sealed("market", []), {}, args)
    assert caught.value.code == "sandbox.job"


ASKED: dict[str, Any] = {"symbols": ["X"], "parameters": {}}
BATCH: dict[str, Any] = {**ASKED, "contract": "run_screening", "start_ms": 0, "end_ms": 9, "limit": 5, "asof_ms": [4]}


@pytest.mark.parametrize(
    ("op", "args", "pointer"),
    [
        ("signals", {}, "/symbols"),
        ("signals", {**ASKED, "symbols": ["X", "X"]}, "/symbols"),
        ("signals", {**ASKED, "symbols": ["Y"]}, "/symbols"),
        ("signals", {"symbols": ["X"]}, "/parameters"),
        ("classify", {**ASKED, "first": {"X": -1}}, "/first"),
        ("classify", {**ASKED, "first": [1]}, "/first"),
        ("batch", {**BATCH, "contract": "generate_signals"}, "/contract"),
        ("batch", {**BATCH, "start_ms": None}, "/start_ms"),
        ("batch", {**BATCH, "limit": 0}, "/limit"),
        ("batch", {**BATCH, "asof_ms": [4, 4]}, "/asof_ms"),
        ("batch", {**BATCH, "asof_ms": [4.0]}, "/asof_ms"),
    ],
)
def test_job_that_asks_nonsense_is_refused_with_the_place(op: Op, args: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Job.of(op, "x = 1", sealed("market", []), {"X": 3}, args)
    assert (caught.value.code, caught.value.pointer) == ("sandbox.job", pointer)


def test_job_that_asks_sense_is_made() -> None:
    for op, args in (("signals", ASKED), ("classify", {**ASKED, "first": {"X": 2}}), ("batch", BATCH), ("check", {})):
        Job.of(cast("Op", op), "x = 1", sealed("market", []), {"X": 3}, args).close()
    with pytest.raises(BadInputError):
        Job.of("check", "x = 1", sealed("market", []), {"X": -3}, {})
