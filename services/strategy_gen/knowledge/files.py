"""Which files of the knowledge folders are read: `<domain>/**` and those directly under a folder, `.md`, `.txt` and `.pdf`, up to 5 MB each.

Nothing outside the folders is ever opened: a symbolic link counts only if its target lies in the same folder, linked folders not at all. What is not
read is named with the reason. Does not look into files.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.common.values import Domain
from services.strategy_gen.knowledge.cleaning import is_seen
from services.strategy_gen.knowledge.errors import UnreadableError

SUFFIXES = (".md", ".txt", ".pdf")
MAX_BYTES = 5_000_000
MAX_FILES = 5_000
LONGEST_NAME = 200
_ABOUT = frozenset({"readme.md", "readme.txt", "license", "license.md", "license.txt"})
"""Files directly under a folder that tell of the folder and are no knowledge."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that may be read. name: its path below the domain's folder; domain: None where it lies outside the five; own: added to this profile."""

    path: Path
    name: str
    domain: Domain | None
    own: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """A file or folder that is not read, and why."""

    name: str
    reason: str


def find(folders: Sequence[Path], own: Path) -> Iterator[File | Passed]:
    """Give every file below `own` and `folders`, those that count first: own before the others, a later folder before an earlier one."""
    count = 0
    for folder in (own, *reversed(folders)):
        if not folder.is_dir():
            if folder != own:
                yield Passed(folder.name, "there is no such folder")
            continue
        for found in _below(folder, folder, "", is_own=folder == own):
            count += 1
            if count > MAX_FILES:
                yield Passed("further files", f"more than {MAX_FILES:,} files")
                return
            yield found


def content(file: File) -> bytes:
    """Return the bytes of `file`; raises UnreadableError when it is too large, empty or cannot be read."""
    try:
        with file.path.open("rb") as handle:
            body = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    if len(body) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES // 1_000_000} MB")
    if not body:
        raise UnreadableError("empty")
    return body


def _below(root: Path, folder: Path, prefix: str, *, is_own: bool) -> Iterator[File | Passed]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Passed(prefix or root.name, f"cannot be listed: {error.strerror}")
        return
    for entry in entries:
        name = prefix + entry.name
        if name.lower() in _ABOUT:
            continue
        if reason := _refused(entry, root, name):
            yield Passed("".join(one if is_seen(one) else "?" for one in name[:LONGEST_NAME]), reason)
        elif entry.is_dir():
            yield from _below(root, Path(entry.path), f"{name}/", is_own=is_own)
        else:
            domain, below = _domain(name)
            yield File(Path(entry.path).resolve(), below, domain, is_own)


def _refused(entry: "os.DirEntry[str]", root: Path, name: str) -> str:
    if entry.name.startswith("."):
        return "hidden"
    if not is_seen(name) or len(name) > LONGEST_NAME:
        return f"its name has unseen characters or more than {LONGEST_NAME}"
    if entry.is_symlink() and not _stays(Path(entry.path), root):
        return "a link that leaves the folder"
    if entry.is_dir():
        if entry.is_symlink():
            return "a linked folder"
        return "" if "/" in name or name in set(Domain) else f"not a domain; the folders are {', '.join(Domain)}"
    if not entry.is_file():
        return "not a file"
    return "" if Path(name).suffix.lower() in SUFFIXES else f"not one of {', '.join(SUFFIXES)}"


def _stays(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a circle of links
        return False


def _domain(name: str) -> tuple[Domain | None, str]:
    first, slash, rest = name.partition("/")
    return (Domain(first), rest) if slash else (None, name)
