"""Reports on disk, named by the SHA-256 of their bytes: `<root>/<first two>/<hash>.json`.

Promises: a report that can be found is whole and on the disk; the same bytes are stored once.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from libs.common.errors import BadInputError, ConflictError, NotFoundError

_KEY = re.compile(r"[0-9a-f]{64}")


class Reports:
    """The reports of one profile."""

    def __init__(self, root: Path):
        """Keep reports below `root`; folders are made when needed."""
        self._root = root

    def save(self, body: bytes) -> str:
        """Store `body` and return its key; raises OSError when the disk refuses."""
        key = hashlib.sha256(body).hexdigest()
        path = self._path(key)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, body)
        return key

    def read(self, key: str) -> bytes:
        """Return the report named `key`; raises BadInputError, NotFoundError, ConflictError when its bytes were changed."""
        if not _KEY.fullmatch(key):
            raise BadInputError("a report key is 64 hexadecimal digits", code="report.key", pointer="/report_key")
        try:
            body = self._path(key).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"no report {key} is stored", code="report.unknown", pointer="/report_key") from None
        if hashlib.sha256(body).hexdigest() != key:
            raise ConflictError(
                f"the report {key} was changed on the disk",
                code="report.damaged",
                hint="run the backtest again with force",
            )
        return body

    def has(self, key: str) -> bool:
        """Tell whether the report named `key` is stored."""
        return bool(_KEY.fullmatch(key)) and self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / f"{key}.json"


def write_whole(path: Path, body: bytes) -> None:
    """Let `path` have `body`, whole and on the disk with its name; any number of processes may write the same file.

    Raises OSError when the disk refuses; nothing is left then.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
