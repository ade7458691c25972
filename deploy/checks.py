"""Everything that must hold before a change is done: style, types, import contracts, tests. `sentinel test` runs it.

Decides which checks there are and what runs side by side. `quick` leaves out what starts processes.
"""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALONE = ("tests/chaos", "tests/e2e")
"""Test folders that start whole systems; they come last, so that nothing else competes with them."""
QUICK = ("tests/unit", "tests/architecture")
WORKERS = 2
_NO_TESTS = 5


def steps(*, quick: bool, pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the name and the command of every check, in order."""
    found = [
        ("style", [_tool("ruff"), "check", "."]),
        ("format", [_tool("ruff"), "format", "--check", "--quiet", "."]),
        ("types", [_tool("mypy")]),
        ("imports", [_tool("lint-imports")]),
    ]
    pytest = [sys.executable, "-m", "pytest", "-q"]
    if pytest_arguments:
        return [*found, ("tests", [*pytest, *pytest_arguments])]
    if quick:
        return [*found, ("tests", [*pytest, *QUICK])]
    alone = [folder for folder in ALONE if (ROOT / folder).is_dir()]
    ignored = [f"--ignore={folder}" for folder in alone]
    pytest += ["-n", str(WORKERS), "--dist", "loadfile"]
    found.append(("tests", [*pytest, *ignored, "tests"]))
    return [*found, ("system tests", [*pytest, *alone])] if alone else found


def run(*, quick: bool = False, pytest_arguments: Sequence[str] = ()) -> int:
    """Run every check, print one line for each, and return 0 when all passed, else 1."""
    lines: list[str] = []
    failed = False
    for name, command in steps(quick=quick, pytest_arguments=pytest_arguments):
        say(f"== {name}: {' '.join([Path(command[0]).name, *command[1:]])}")
        began = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        passed = code in (0, _NO_TESTS) if name == "system tests" else code == 0
        failed = failed or not passed
        lines.append(f"{name:<13} {'ok' if passed else 'FAILED'}  {time.monotonic() - began:.1f} s")
    say("\n".join(["", *lines]))
    return 1 if failed else 0


def say(text: str) -> None:
    """Print a line now, before the next check writes its own."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _tool(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts"), name))
