"""From a freshly loaded process to a zygote that may serve: everything done once, and the report of what this machine gave.

Mandatory parts raise LockError where they are missing; Landlock, namespaces and another user are used where they are allowed.
"""

import os
import platform
import sys
from dataclasses import dataclass
from typing import NoReturn

from libs.strategy.sandbox.kernel import landlock, lockdown, namespaces, privileges, seccomp, selftest
from libs.strategy.sandbox.kernel.syscalls import LockError, machine, symbol
from libs.strategy.sandbox.wire import Switches

_OOM_FIRST = "1000"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A zygote's jail for its children, what it runs under by name, and how the self-test went."""

    jail: lockdown.Jail
    capabilities: dict[str, str]
    self_test: str


def prepare(switches: Switches) -> Prepared:
    """Lock the zygote itself down and prepare for its children; raises LockError. Modules have to be loaded before.

    Where namespaces work, the calling process stays outside as launcher and never returns; the first process inside returns.
    """
    arch = machine()
    _require_one_thread()
    _require_fixed_hashes()
    oom = _offer_to_oom_killer()
    lockdown.few_files()
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    common = {"arch": arch, "kernel": platform.release(), "rlimits": "yes", "oom_score_adj": oom}
    if switches.sandbox == "off":
        jail = lockdown.Jail(os.getpid(), proc, b"", -1)
        return Prepared(jail, {"sandbox": "off", **common}, "not run: the sandbox is off")
    if switches.seccomp:
        seccomp.require()
    found = {"sandbox": "on", "namespaces": _namespaces(switches), "uid": _uid(switches), **common}
    jail = lockdown.Jail(os.getpid(), proc, seccomp.assemble(arch) if switches.seccomp else b"", _ruleset(switches))
    found |= {"seccomp": _yes(switches.seccomp), "landlock": _landlock(jail), "no_new_privileges": "yes"}
    if not switches.seccomp:
        return Prepared(jail, found, "not run: seccomp is off")
    selftest.run(jail)
    return Prepared(jail, found, "passed")


def _namespaces(switches: Switches) -> str:
    reason = namespaces.probe() if switches.namespaces else "off"
    if reason:
        return f"no ({reason})"
    host = os.getppid()
    inner = namespaces.enter()
    if inner:
        _launcher(inner, host)
    privileges.die_with_parent(0)
    namespaces.empty_root()
    return "yes"


def _launcher(inner: int, host: int) -> NoReturn:
    """Wait for the zygote inside and end as it ended; dying with the host, take it along."""
    code = 1
    try:
        privileges.die_with_parent(host)
        os.closerange(3, lockdown.MAX_FILES)
        code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    finally:
        os._exit(code if code >= 0 else 128 - code)


def _uid(switches: Switches) -> str:
    parent, stays = os.getppid(), ""
    if os.geteuid() == 0:
        privileges.bound()
        stays = "" if not switches.drop_uid or privileges.become_nobody() else " (EPERM)"
    privileges.drop_capabilities()
    privileges.no_new_privileges()
    privileges.die_with_parent(parent)
    privileges.hide_memory()
    return f"{os.geteuid()}{stays}"


def _ruleset(switches: Switches) -> int:
    version = landlock.abi() if switches.landlock else 0
    return landlock.create(version) if version else -1


def _landlock(jail: lockdown.Jail) -> str:
    return f"abi {landlock.abi()}" if jail.ruleset >= 0 else "no"


def _require_one_thread() -> None:
    with open("/proc/self/status") as status:
        threads = next(line.split()[1] for line in status if line.startswith("Threads:"))
    if threads != "1":
        raise LockError(f"a single thread ({threads} run after the imports)")


def _require_fixed_hashes() -> None:
    if sys.flags.hash_randomization:
        raise LockError("PYTHONHASHSEED=0 (start Python with -s -P, because -I ignores the environment)")


def _offer_to_oom_killer() -> str:
    """Be the first to go when the machine is out of memory; children inherit it."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write(_OOM_FIRST)
    except OSError as error:
        return f"no ({symbol(error)})"
    return _OOM_FIRST


def _yes(there: bool) -> str:
    return "yes" if there else "no"
