"""The fork server: loads the libraries once, locks itself down, then forks one child for each job and tells how it ended.

It never reads a strategy or a price, so nothing of one tenant is in the memory the next one inherits. It serves one job at a time and
ends when the socket to the service closes. Its process is started by exec with a small environment, so it holds no secret either.
"""

import fcntl
import gc
import importlib
import os
import platform
import socket
import sys
from collections.abc import Callable

from libs.strategy.sandbox.kernel import lockdown, pages, privileges
from libs.strategy.sandbox.kernel.prepare import prepare
from libs.strategy.sandbox.kernel.seccomp import RESULT_FD
from libs.strategy.sandbox.kernel.syscalls import LockError
from libs.strategy.sandbox.server import Guest, Server
from libs.strategy.sandbox.wire import Hello, Switches

MASKED = ("pyarrow", "numexpr", "bottleneck", "numba", "matplotlib")
"""Made unimportable before pandas looks for them: they start threads and reserve memory that code could fill past its limit."""
LEFT_OUT = ("scipy", "sklearn")
"""There for models alone: they would double what each child copies, and a strategy has to mean the same where they are not installed."""

_CONTROL_FROM = 16
"""Lowest number the socket to the service may have, above what children use."""
_REASON_CHARS = 500
_OBJECTS_MB = 28
"""What Python's small objects take once everything is loaded."""


def main(fd: int, switches: str = "{}") -> None:
    """Serve strategies on a socket until it closes. fd: one end of a SOCK_SEQPACKET pair; switches: JSON of `Switches`."""
    start(fd, Switches.decode(switches), strategies)


def start(fd: int, switches: Switches, load: Callable[[], Guest]) -> None:
    """Load what runs jobs, lock down, say hello, serve. Where the sandbox cannot stand, the hello says what is missing and it ends."""
    control = _control(fd)
    stretch = pages.stretch(_OBJECTS_MB)
    try:
        privileges.die_with_parent(os.getppid())
        guest = load()
        _quiet_console()
        prepared = prepare(switches)
    except Exception as error:
        reason = str(error) if isinstance(error, LockError) else f"{type(error).__name__}: {error}"
        control.send(Hello(ready=False, missing=reason[:_REASON_CHARS]).encode())
        raise
    gc.collect()
    gc.freeze()
    gc.disable()
    pages.join(prepared.jail.proc)
    hello = Hello(
        ready=True,
        python=platform.python_version(),
        numpy=_version("numpy"),
        pandas=_version("pandas"),
        capabilities=prepared.capabilities,
        self_test=prepared.self_test,
    )
    control.send(hello.encode())
    try:
        Server(control, prepared.jail, guest, switches).serve()
        stretch.clear()
    finally:
        os._exit(0 if sys.exc_info()[0] is None else 1)


def strategies() -> Guest:
    """Load everything a strategy may use; raises ImportError. A child can open no file, so what is not loaded here does not exist."""
    sys.modules.update(dict.fromkeys((*MASKED, *LEFT_OUT)))  # type: ignore[arg-type]  # None is how Python marks a module as not there
    run = importlib.import_module("libs.strategy.sandbox.guest.run")
    warmup = importlib.import_module("libs.strategy.sandbox.warmup")
    warmup.warm_up()
    return Guest(run.run, run.rehearse)


def _control(fd: int) -> socket.socket:
    """Move the socket away from the low numbers and keep the result's number taken, so that no descriptor of a job can clash with it."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _CONTROL_FROM)
    os.close(fd)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    if null != RESULT_FD:
        os.dup2(null, RESULT_FD, inheritable=False)
        os.close(null)
    return socket.socket(fileno=moved)


def _quiet_console() -> None:
    """Point standard input, output and error to the null device, whatever they were."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd in lockdown.NULL_FDS:
        os.dup2(null, fd)
    os.close(null)


def _version(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__version__", ""))
