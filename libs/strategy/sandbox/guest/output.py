"""What a strategy prints: kept up to a bound, the rest dropped. Decides nothing about what is shown to whom."""

from collections.abc import Callable

from libs.strategy.sandbox.guest.words import clean

KEPT_CHARACTERS = 64 * 1024
SHOWN_CHARACTERS = 4 * 1024


class Printed:
    """Collects the first 65,536 characters that are printed. is_muted: drops what is printed now."""

    def __init__(self) -> None:
        """Begin empty."""
        self._parts: list[str] = []
        self._left = KEPT_CHARACTERS
        self.is_muted = False

    def print_function(self) -> Callable[..., None]:
        """Return `print` for a strategy; another `file` than the answer is a TypeError."""

        def print(
            *values: object, sep: str | None = " ", end: str | None = "\n", file: None = None, flush: bool = False
        ) -> None:
            if file is not None:
                raise TypeError("print writes into the answer of the strategy, not into a file")
            if self._left > 0 and not self.is_muted:
                self._keep((" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end))

        return print

    def shown(self) -> str:
        """Return the first 4,096 characters, cleaned of what cannot be shown."""
        return clean("".join(self._parts)[:SHOWN_CHARACTERS], SHOWN_CHARACTERS)

    def _keep(self, text: str) -> None:
        part = str(text[: self._left])
        self._parts.append(part)
        self._left -= max(1, len(part))
