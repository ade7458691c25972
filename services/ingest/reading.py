"""Bytes of a file that a person named: opened without following links, unpacked within bounds, watched for changes."""

import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from libs.common.errors import BadInputError, ConflictError, NotFoundError
from services.ingest.core.csv_types import BadCsvError, CsvLimits
from services.ingest.progress import Seen

CHUNK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_OURS_TO_WAIT_OUT = (5, 12, 23, 24, 28)
"""EIO, ENOMEM, ENFILE, EMFILE, ENOSPC: faults of this machine, not of the path."""


def read_chunks(path: str, limits: CsvLimits, seen: Seen | None = None) -> Iterator[bytes]:
    """Yield the text bytes of a regular file, plain or gzip-compressed, in chunks of at most 1 MiB.

    seen: told how many of the file's own bytes have been read.
    Raises BadInputError or NotFoundError for a path that is not an absolute one to a readable regular file, BadCsvError
    for damaged gzip data or a file above the limit, ConflictError when the file changes meanwhile.
    """
    descriptor = _open(path)
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise _refused(path, "is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if before.st_size > limits.max_bytes:
            raise BadCsvError(f"the file is larger than {limits.max_bytes:,} bytes", hint="split the file")
        raw = _counted(iter(lambda: file.read(CHUNK_BYTES), b""), before.st_size, seen)
        first = next(raw, b"")
        if first.startswith(_GZIP):
            yield from _unpacked(first, raw)
        else:
            yield first
            yield from raw
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ConflictError("the file changed while it was read", pointer="/path", hint="import it once it is complete")


def _counted(raw: Iterator[bytes], total: int, seen: Seen | None) -> Iterator[bytes]:
    done = 0
    for chunk in raw:
        done += len(chunk)
        if seen is not None:
            seen(done, total)
        yield chunk


def file_name(path: str) -> str:
    """Return the last part of a path."""
    return PurePosixPath(path).name


def _open(path: str) -> int:
    if "\0" in path or not path.isprintable():
        raise _refused(path, "has characters that no path here has")
    if "://" in path:
        raise _refused(path, "is an address, not a path")
    if not path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise _refused(path, "is not an absolute path without ..")
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFoundError(f"no file {path[:160]!r}", code="import.no_file", pointer="/path") from None
    except OSError as error:
        if error.errno in _OURS_TO_WAIT_OUT:
            raise
        raise _refused(path, f"cannot be read: {error.strerror}") from None


def _unpacked(first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    packed = first
    try:
        while packed:
            while packed and not unpacker.eof:
                yield unpacker.decompress(packed, CHUNK_BYTES)
                packed = unpacker.unconsumed_tail
            if unpacker.eof:
                packed = unpacker.unused_data or packed
                packed = packed or next(raw, b"")
                if packed:
                    unpacker = zlib.decompressobj(_GZIP_WINDOW)
            else:
                packed = next(raw, b"")
    except zlib.error as error:
        raise BadCsvError(f"the gzip data is damaged: {str(error)[:80]}") from None
    if not unpacker.eof:
        raise BadCsvError("the gzip data is cut off", hint="fetch the file again")


def _refused(path: str, why: str) -> BadInputError:
    return BadInputError(
        f"{path[:160]!r} {why}",
        code="import.path",
        pointer="/path",
        hint="give the absolute path of a CSV, plain or .gz",
    )
