"""Run a command that ends when its parent does: `python -I -S child.py PARENT_PID SIGNAL COMMAND...`.

A wrapper that replaces itself, because code between fork and exec in the launcher is unsafe beside threads. Only Linux
can promise the end (PR_SET_PDEATHSIG); the launcher uses it only there. Imports nothing of ours, so that it starts in 10 ms.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the command; raises OSError when it cannot be run."""
    parent, number, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the kernel knew that we care
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
