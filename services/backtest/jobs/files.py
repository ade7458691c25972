"""The working files of jobs: one folder each, every file named by the SHA-256 of its bytes.

`<root>/<job id>/<first two>/<hash>.json`. A job's task is there from before its first piece is handed out until the job has
ended, so a worker that does not find it knows that nobody waits for it.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from services.backtest.reports import Reports


class JobFiles:
    """The folders of one profile's jobs."""

    def __init__(self, root: Path):
        """Keep them below `root`, which is made when needed."""
        self._root = root

    def save(self, job_id: str, body: bytes) -> str:
        """Store a file of a job and return its key; raises OSError when the disk refuses."""
        return self._of(job_id).save(body)

    def read(self, job_id: str, key: str) -> bytes:
        """Return a file of a job; raises NotFoundError, ConflictError when its bytes were changed."""
        return self._of(job_id).read(key)

    def has(self, job_id: str, key: str) -> bool:
        """Tell whether a file of a job is there."""
        return self._of(job_id).has(key)

    def forget(self, job_id: str) -> None:
        """Remove a job's folder, if it is there."""
        shutil.rmtree(self._folder(job_id), ignore_errors=True)

    def forget_all_but(self, job_ids: Iterable[str]) -> None:
        """Remove the folders of all other jobs: those that ended while nobody was there to tidy up."""
        kept = set(job_ids)
        for folder in self._root.glob("*") if self._root.is_dir() else ():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _of(self, job_id: str) -> Reports:
        return Reports(self._folder(job_id))

    def _folder(self, job_id: str) -> Path:
        return self._root / job_id
