"""The texts a profile has added: one Markdown file each, `<domain>/<name>.md` below one folder, written whole or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libs.common.errors import NotFoundError
from libs.common.values import Domain
from libs.market.durable import Disk
from services.strategy_gen.knowledge.errors import BadDocumentError, IndexUnavailableError, UnreadableError
from services.strategy_gen.knowledge.reading import read

MAX_CHARACTERS = 200_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class OwnTexts:
    """The folder of added texts."""

    def __init__(self, folder: Path):
        """Keep them below `folder`, which need not exist."""
        self._folder = folder

    @contextmanager
    def adding(self, domain: Domain, name: str, text: str) -> Iterator[None]:
        """Have the text in its file within the block and after it; when the block raises, the file is as it was.

        Raises BadDocumentError for a name that is not 1-64 letters, digits, `_` or `-`, for a text without anything to read, and where
        the domain's folder or the file is a link, through which a text would leave the folder.
        """
        path = self._path(domain, name)
        if not text.strip() or len(text) > MAX_CHARACTERS:
            raise BadDocumentError(f"a text has 1 to {MAX_CHARACTERS:,} characters", pointer="/text")
        try:
            body = text.encode()
            read(path.name, body)
        except (UnreadableError, UnicodeEncodeError) as error:
            raise BadDocumentError(f"the text cannot be read: {error}"[:300], pointer="/text") from None
        with _restoring(path):
            _write(path, body)
            yield

    @contextmanager
    def removing(self, domain: Domain, name: str) -> Iterator[None]:
        """Have the text gone within the block and after it; when the block raises, the file is as it was. Raises NotFoundError."""
        path = self._path(domain, name)
        if not path.is_file():
            raise NotFoundError(
                f"no text {name!r} was added to {domain}",
                pointer="/name",
                hint="texts in the knowledge folders are removed as files",
            )
        with _restoring(path):
            with _telling():
                path.unlink()
            yield

    def _path(self, domain: Domain, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadDocumentError("a name has 1 to 64 letters, digits, `_` or `-`", pointer="/name")
        path = self._folder / Domain(domain) / f"{name}.md"
        if path.is_symlink() or path.parent.is_symlink():
            raise BadDocumentError(f"{domain}/{name} is a link in the folder of added texts", pointer="/name")
        return path


@contextmanager
def _restoring(path: Path) -> Iterator[None]:
    with _telling():
        before = path.read_bytes() if path.is_file() else None
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            _write(path, before)
        raise


def _write(path: Path, body: bytes) -> None:
    disk = Disk()
    disk.make_folder(path.parent)
    disk.replace(path, body)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexUnavailableError(f"the knowledge folder cannot be written: {error.strerror}") from error
