"""What became of a job. The exit status decides first; only a child that ended by itself with code 0 is listened to."""

import signal
from dataclasses import dataclass
from typing import Literal, TypeAlias

from libs.strategy.sandbox.host.answer import read_answer
from libs.strategy.sandbox.host.answers import Answer, CodeError, Failure
from libs.strategy.sandbox.host.availability import unavailable_text
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.strict import ProtocolError, line_of
from libs.strategy.sandbox.wire import LOCKED, LOCKFAIL, LOCKFAIL_EXIT, Status

OutcomeCode: TypeAlias = Literal[
    "ok",
    "error",
    "cpu_timeout",
    "wall_timeout",
    "memory",
    "crash",
    "security_violation",
    "output_limit",
    "protocol",
    "unavailable",
]

Verdict: TypeAlias = tuple[OutcomeCode, str]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a job.

    code: see the module. detail: one plain sentence, empty when ok. answer: there when ok. failure: there when error or memory and the
    code itself said why. cpu_s, max_rss_kb: of the child, from the kernel. waited_s, ran_s: in the queue, and from hand-over to end.
    spare: a rehearsed child ran it. sandbox: on, or off for resource limits alone.
    """

    code: OutcomeCode
    detail: str = ""
    answer: Answer | None = None
    failure: Failure | None = None
    cpu_s: float = 0.0
    max_rss_kb: int = 0
    waited_s: float = 0.0
    ran_s: float = 0.0
    spare: bool = False
    sandbox: Literal["on", "off"] = "on"

    @property
    def ok(self) -> bool:
        """Tell whether there is an answer."""
        return self.code == "ok"

    @property
    def error(self) -> CodeError | None:
        """Return what the code itself said went wrong."""
        return None if self.failure is None else self.failure.error


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it wrote until then."""

    status: Status
    written: bytes
    over_limit: bool

    @property
    def locked(self) -> bool:
        """Tell whether its protections were up: from then on what it writes and how it ends is the doing of the code."""
        return self.written.startswith(LOCKED)


def judge(job: Job, ended: Ended) -> tuple[Verdict, Answer | Failure | None]:
    """Return the verdict on a job whose child ended, and its answer or failure if it gave one."""
    found = _ending(job, ended)
    if found is not None:
        return found, None
    try:
        answer = read_answer(job.op, job.args, job.rows, ended.written.removeprefix(LOCKED))
    except ProtocolError as error:
        return ("protocol", f"the child answered outside the protocol: {line_of(str(error), 200)}"), None
    if not isinstance(answer, Failure):
        return ("ok", ""), answer
    code: OutcomeCode = "memory" if answer.error.code == "strategy.memory" else "error"
    where = f" in line {answer.error.line}" if answer.error.line else ""
    return (code, f"{answer.error.type or answer.error.code}{where}: {answer.error.message}"), answer


def killed_from_outside(job: Job, status: Status) -> bool:
    """Tell whether neither the code nor a limit of the job ended the child: the kernel did, short of memory, or a person."""
    return status.signal == signal.SIGKILL and not status.wall_limit and status.cpu_s < job.limits.cpu_s


def _ending(job: Job, ended: Ended) -> Verdict | None:
    status, limits = ended.status, job.limits
    if status.refused:
        return "unavailable", f"the fork server did not run it: {line_of(status.refused, 200)}"
    if ended.over_limit:
        return "output_limit", f"the answer is longer than {limits.result_bytes:,} bytes"
    if status.wall_limit:
        return "wall_timeout", f"it ran longer than {limits.wall_s:g} s"
    if status.signal is not None:
        return _killed(job, status)
    if status.exit == LOCKFAIL_EXIT and not ended.locked:
        reason = ended.written.removeprefix(LOCKFAIL) if ended.written.startswith(LOCKFAIL) else b"no reason given"
        return "unavailable", unavailable_text(line_of(reason[:400].decode("utf-8", "replace"), 200))
    if status.exit != 0:
        return "crash", f"the child ended with code {status.exit}"
    return None


def _killed(job: Job, status: Status) -> Verdict:
    number = status.signal or 0
    if number == signal.SIGSYS:
        return "security_violation", "it made a system call that no strategy makes"
    if number == signal.SIGXCPU or (number == signal.SIGKILL and not killed_from_outside(job, status)):
        return "cpu_timeout", f"it used more than {job.limits.cpu_s} s of processor time"
    names = {each.value: each.name for each in signal.Signals}
    return "crash", f"the child was ended by {names.get(number, f'signal {number}')}"
