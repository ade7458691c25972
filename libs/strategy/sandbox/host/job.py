"""A job: code, market, what is asked, and the limits. Decides what a job may ask for; runs nothing."""

import hashlib
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from libs.common.errors import BadInputError
from libs.strategy.sandbox.host.answer import MOST_COLUMNS
from libs.strategy.sandbox.host.asked import check_asked
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.wire import MAX_FRAME_HEADER_BYTES, JobHeader, Limits, Op, WireError, pack_code

_LARGEST_ID = 2**63 - 1
_DETAIL_BYTES = 64 * 1024
"""Room for what a classifier says about one bar."""
_DETAILS_BYTES = 2 * 1024 * 1024 + _DETAIL_BYTES
"""Room for all it says beside its hits: the child keeps to 2 MB. Reading JSON holds up every thread of the service."""


def longest_answer(op: Op, rows: Mapping[str, int], args: Mapping[str, Any]) -> int:
    """Return how many bytes an answer can need beside the default bound, so that little is read of one that cannot be right."""
    bars = sum(rows.values())
    payload = {
        "check": 0,
        "signals": bars * (1 + 8 * MOST_COLUMNS * bool(args.get("explain"))),
        "classify": bars + min(_DETAILS_BYTES, _DETAIL_BYTES * (len(rows) if args.get("last_only") else bars)),
        "batch": Limits().result_bytes,
    }
    return 8 + MAX_FRAME_HEADER_BYTES + payload[op]


class Job:
    """One run of one code. Owns a descriptor of the code and one of the market, which are closed exactly once.

    op: what is called. args: as the guest reads them. rows: bars of each symbol asked about, in the order of `args["symbols"]`.
    seed: 32 bit, from the hash of the code. A pool that is given a job closes it, whatever becomes of it.
    """

    def __init__(self, op: Op, code_fd: int, market_fd: int, rows: Mapping[str, int], header: JobHeader):
        """Take over both descriptors; `Job.of` is the way to make one."""
        self.op = op
        self.rows = dict(rows)
        self.limits = header.limits
        self.seed = header.seed
        self.args = header.args
        self._fds: tuple[int, int] | None = (code_fd, market_fd)
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        op: Op,
        code: str | bytes,
        market_fd: int,
        rows: Mapping[str, int],
        args: Mapping[str, Any],
        limits: Limits | None = None,
    ) -> "Job":
        """Return a job that owns `market_fd`; to run several on one market give each an `os.dup` of it.

        limits.result_bytes is lowered to what an honest answer can need. Raises BadInputError `sandbox.job` if the args are not what the op
        needs (`asked.py`), the code is not UTF-8 or the args would exceed 256 kB; the market is then closed as well.
        """
        try:
            check_asked(op, args, rows)
            source = code.encode() if isinstance(code, str) else code
            seed = int.from_bytes(hashlib.sha256(source).digest()[:4], "little")
            chosen = limits or Limits()
            chosen = replace(chosen, result_bytes=min(chosen.result_bytes, longest_answer(op, rows, args)))
            header = JobHeader(_LARGEST_ID, op, chosen, seed, dict(args))
            JobHeader.decode(replace(header, args={}).encode())
            return cls(op, sealed("code", [pack_code(seed, args, source)]), market_fd, rows, header)
        except (WireError, UnicodeEncodeError) as error:
            os.close(market_fd)
            raise BadInputError(
                f"the job cannot be sent: {error}"[:300],
                code="sandbox.job",
                hint="send fewer symbols or parameters at once, and code in UTF-8",
            ) from error
        except BaseException:
            os.close(market_fd)
            raise

    def message(self, job_id: int) -> bytes:
        """Return the header as a zygote reads it: nothing in it is the caller's."""
        return JobHeader(job_id, self.op, self.limits).encode()

    def fds(self) -> tuple[int, int]:
        """Return the descriptors of code and market, both rewound; raises ValueError once closed."""
        if self._fds is None:
            raise ValueError("the job is closed")
        for fd in self._fds:
            os.lseek(fd, 0, os.SEEK_SET)
        return self._fds

    def close(self) -> None:
        """Close both descriptors; more calls do nothing."""
        with self._lock:
            fds, self._fds = self._fds, None
        for fd in fds or ():
            os.close(fd)

    def __enter__(self) -> Self:
        """Return the job."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the descriptors."""
        self.close()
