"""How soon the command answers."""

import os
import subprocess
import sys

from tests.conftest import ROOT


def test_help_of_the_command_takes_under_200_ms() -> None:
    def cpu_seconds() -> float:
        before = os.times().children_user + os.times().children_system
        done = subprocess.run(
            [sys.executable, "-m", "libs.client.cli", "--help"], capture_output=True, cwd=ROOT, check=True
        )
        assert b"Usage: sentinel" in done.stdout
        return os.times().children_user + os.times().children_system - before

    assert min(cpu_seconds() for _ in range(3)) < 0.2  # CPU time: a busy machine makes the wall clock a liar
