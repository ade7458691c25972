"""Progress of long work, on standard error and only for a person at a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def spinning(text: str) -> Iterator[None]:
    """Show that something without a known end is going on."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it

    with Console(stderr=True).status(text):
        yield


@contextmanager
def bar(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how much of `total` is done; yields the function that is told so."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import Progress  # noqa: PLC0415 - the same

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(text, total=total)
        yield lambda done: progress.update(task, completed=done)
