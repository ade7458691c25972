"""Run a command that ends when its parent does: `python -I -S child.py PARENT_PID COMMAND...`.

A wrapper that replaces itself, because code between fork and exec in the launcher is unsafe beside threads. Only Linux
can promise the end (PR_SET_PDEATHSIG); the launcher uses it only there. Imports nothing of ours, so that it starts in 10 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the command; raises OSError when it cannot be run."""
    parent, command = int(arguments[0]), arguments[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew that we care
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
