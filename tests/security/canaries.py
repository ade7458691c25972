"""What hostile code would try against the kernel, one row each: a name and an attempt that returns what it achieved, None for nothing.

Every attempt is harmless where it succeeds: signals are number 0, files lie in a directory of the test, privileged calls carry
arguments that change nothing. A call that answers -1, or ends the process, achieved nothing.
"""

import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from libs.strategy.sandbox.kernel.numbers import NUMBERS
from tests.security.canaries_raw import FOREIGN, RAW

X86 = platform.machine() == "x86_64"
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

Args = dict[str, Any]


@dataclass(frozen=True)
class Canary:
    """One attempt. teeth: it may also be tried where nothing holds it."""

    name: str
    attempt: Callable[[Args], str | None]
    teeth: bool = True


def number(name: str) -> int:
    """Return the number of a system call here, -1 where the machine has none."""
    return (FOREIGN.get(name) or NUMBERS[name])[0 if X86 else 1]


def syscall(name: str | int, *arguments: int | bytes | None) -> int:
    """Make a raw system call; -1 is failure."""
    which = number(name) if isinstance(name, str) else name
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(LIBC.syscall(ctypes.c_long(which), *passed))


def answered(value: int) -> str | None:
    return None if value == -1 else f"answered {value}"


@contextmanager
def quiet() -> Iterator[None]:
    """An exception of Python's is a failed attempt."""
    try:
        yield
    except (OSError, RuntimeError, ValueError):
        return


def _raw(name: str | int, arguments: tuple[Any, ...]) -> Callable[[Args], str | None]:
    def attempt(args: Args) -> str | None:
        filled = [_filled(each, args) for each in arguments]
        os.closerange(0, 2)
        answer = syscall(name, *filled)
        if answer == 0 and name in ("fork", "clone", "clone3"):
            os._exit(0)
        return answered(answer)

    return attempt


def _filled(value: Any, args: Args) -> Any:
    if isinstance(value, str):
        return args[value] if value in ("zygote", "service") else f"{args['dir']}/{value}\0".encode()
    return value


def _left_in_kernel(make: str, control: str, *arguments: int) -> Callable[[Args], str | None]:
    """An object that would outlive the process, removed at once where it could be made."""

    def attempt(_args: Args) -> str | None:
        made = syscall(make, *arguments)
        if made != -1:
            syscall(control, made, *((0, 0, 0) if control == "semctl" else (0, 0)))
        return answered(made)

    return attempt


def _queue(_args: Args) -> str | None:
    os.close(0)
    made = answered(syscall("mq_open", b"sentinel-canary\0", 0o102, 0o600, None))
    if made:
        syscall("mq_unlink", b"sentinel-canary\0")
    return made


def _connect(args: Args) -> str | None:
    os.close(0)
    with quiet():
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.connect(("127.0.0.1", args["port"]))
        return "connected"
    return None


def _thread(_args: Args) -> str | None:
    import _thread  # noqa: PLC0415 - loaded in every process

    done: list[int] = []
    with quiet():
        _thread.start_new_thread(done.append, (1,))
        time.sleep(0.02)
        return "a thread" if done else None
    return None


def _execute(_args: Args) -> str | None:
    with quiet():
        os.execve("/bin/true", ["true"], {})
    return None


def _spawn(_args: Args) -> str | None:
    with quiet():
        return f"process {os.posix_spawn('/bin/true', ['true'], {})}"
    return None


def _written(path: str, args: Args) -> str | None:
    os.close(0)
    with quiet(), open(path.format(**args), "w") as file:
        file.write("PWNED")
        return "wrote"
    return None


def _read(path: str, args: Args) -> str | None:
    os.close(0)
    with quiet(), open(path.format(**args), "rb") as file:
        return f"read {file.read(40)!r}"
    return None


def _listed(path: str, _args: Args) -> str | None:
    os.close(0)
    with quiet():
        return f"listed {len(os.listdir(path))}"
    return None


def _write_others(_args: Args) -> str | None:
    for fd in (fd for fd in range(64) if fd != 3):
        with quiet():
            os.write(fd, b"PWNED")
            return f"wrote to {fd}"
    return None


def _read_all(_args: Args) -> str | None:
    for fd in range(64):
        with quiet():
            if got := os.read(fd, 16):
                return f"read {got!r} from {fd}"
    return None


def _dup_all(_args: Args) -> str | None:
    for fd in range(4):
        with quiet():
            return f"{fd} became {os.dup2(fd, (fd + 1) % 3)}"
    return None


def _environment(args: Args) -> str | None:
    block = ctypes.POINTER(ctypes.c_char_p).in_dll(LIBC, "environ")
    texts, at = [], 0
    while block[at]:
        texts.append(block[at])
        at += 1
    return "the secret" if args["secret"].encode() in b"\n".join(filter(None, texts)) else None


def _limit(_args: Args) -> str | None:
    with quiet():
        resource.setrlimit(resource.RLIMIT_CPU, resource.getrlimit(resource.RLIMIT_CPU))
        return "set a limit"
    return None


def _ignore(_args: Args) -> str | None:
    with quiet():
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        return "ignored SIGXCPU"
    return None


def _sleep(_args: Args) -> str | None:
    begun = time.monotonic()
    with quiet():
        time.sleep(0.01)
    return "slept" if time.monotonic() - begun > 0.009 else None


def _exec_memory(_args: Args) -> str | None:
    with quiet():
        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        return "mapped code"
    return None


def _made_exec(_args: Args) -> str | None:
    page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    at = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return answered(syscall("mprotect", at, 4096, 5))


def _peek(call: str) -> Callable[[Args], str | None]:
    def attempt(args: Args) -> str | None:
        here = ctypes.create_string_buffer(b"12345678", 8)
        piece = struct.pack("@PN", ctypes.addressof(here), 8)
        return answered(syscall(call, args["zygote"], piece, 1, piece, 1, 0))

    return attempt


def _handle(args: Args) -> str | None:
    os.close(0)
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 64, 0), 80)
    mount = ctypes.create_string_buffer(4)
    path = f"{args['dir']}/kept\0".encode()
    named = LIBC.syscall(number("name_to_handle_at"), -100, path, handle, mount, 0)
    return answered(named) or answered(LIBC.syscall(number("open_by_handle_at"), -100, handle, 0))


def _int80(args: Args) -> str | None:
    return answered(ctypes.CFUNCTYPE(ctypes.c_int)(args["int80"])()) if args["int80"] else None


def _kill_self(_args: Args) -> str | None:
    return answered(syscall("kill", os.getpid(), 0))


def _second_filter(_args: Args) -> str | None:
    allow = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000), 8)
    return answered(syscall("seccomp", 1, 0, struct.pack("@HP", 1, ctypes.addressof(allow))))


def _each(verb: str, attempt: Callable[[str, Args], str | None], *paths: str) -> Iterator[Canary]:
    for path in paths:
        yield Canary(f"{verb} {path}", partial(attempt, path))


CANARIES = [
    *(Canary(name, _raw(call, arguments)) for name, call, arguments in RAW),
    Canary("vfork", _raw("vfork", ()), teeth=False),
    Canary("shmget", _left_in_kernel("shmget", "shmctl", 0, 4096, 0o1600)),
    Canary("semget", _left_in_kernel("semget", "semctl", 0, 1, 0o1600)),
    Canary("msgget", _left_in_kernel("msgget", "msgctl", 0, 0o1600)),
    Canary("mq_open", _queue),
    Canary("connect to loopback", _connect),
    Canary("thread", _thread),
    Canary("execve", _execute),
    Canary("posix_spawn", _spawn),
    *_each("write", _written, "{dir}/made", "{dir}/kept", "/proc/self/oom_score_adj"),
    *_each("read", _read, *(f"/proc/{who}/{what}" for who in ("{zygote}", "{service}") for what in ("environ", "mem"))),
    *_each("read", _read, "/proc/self/environ", "/proc/self/maps", "/proc/self/mem"),
    *_each("read", _read, "{dir}/kept", "/etc/passwd", "/sys/kernel/ostype", "/dev/zero", "/dev/shm"),
    *_each("list", _listed, "/", "/proc", "."),
    Canary("write to every other descriptor", _write_others),
    Canary("read every descriptor", _read_all),
    Canary("dup2 over every descriptor", _dup_all),
    Canary("environment block", _environment),
    Canary("setrlimit", _limit),
    Canary("ignore SIGXCPU", _ignore),
    Canary("sleep", _sleep),
    Canary("map code", _exec_memory),
    Canary("make memory executable", _made_exec),
    Canary("process_vm_readv zygote", _peek("process_vm_readv")),
    Canary("process_vm_writev zygote", _peek("process_vm_writev")),
    Canary("open by handle", _handle),
    Canary("int 0x80", _int80),
    Canary("kill itself", _kill_self),
    Canary("second filter", _second_filter),
]

BY_NAME = {each.name: each for each in CANARIES}


def attempt(args: Args) -> str | None:
    """Try the canary named in the arguments."""
    return BY_NAME[args["canary"]].attempt(args)
