"""Where the fork server's memory lies: one stretch for Python's small objects, large pages where the kernel has them."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from libs.strategy.sandbox.kernel.pages import LARGE, join

ROOT = Path(__file__).resolve().parents[4]
STRETCHED = """
import sys
sys.path.insert(0, sys.argv[1])
from libs.strategy.sandbox.kernel.pages import stretch
def own():
    with open("/proc/self/maps") as maps:
        spans = [line.split()[0].split("-") for line in maps if len(line.split()) == 5]
    return [int(end, 16) - int(start, 16) for start, end in spans]
before = max(own())
kept = stretch(8)
print(before, max(own()), len(kept))
"""


def test_stretch_lies_in_one_piece_and_stays() -> None:
    ran = subprocess.run(
        [sys.executable, "-s", "-P", "-c", STRETCHED, str(ROOT)], capture_output=True, check=True, text=True
    )
    before, after, kept = (int(each) for each in ran.stdout.split())
    assert before < 8 << 20 <= after
    assert kept > 8


def test_join_puts_filled_memory_into_large_pages_and_changes_no_byte() -> None:
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    with mmap.mmap(-1, 4 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(bytes(range(256)) * (len(memory) // 256))
        joined = join(proc)
        assert memory[:] == bytes(range(256)) * (len(memory) // 256)
    os.close(proc)
    if not joined:
        pytest.skip("the kernel joins no pages")
    assert joined >= 3


def test_join_without_a_list_of_maps_does_nothing(tmp_path: Path) -> None:
    nothing = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    assert join(nothing) == 0
    os.close(nothing)
