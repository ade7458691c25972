"""How numbers look in reasons: plain digits, few, but never so few that the reason looks untrue."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise


def plain(value: float, digits: int) -> str:
    """Return the number with `digits` significant ones and no exponent."""
    shown = f"{value:.{digits}g}"
    return f"{Decimal(shown):f}" if "e" in shown else shown


def apart(value: float, other: float, digits: int) -> tuple[str, str]:
    """Return both numbers in plain digits, as few as `digits` significant ones but enough to look different."""
    for count in range(digits, 18):
        shown = plain(value, count), plain(other, count)
        if shown[0] != shown[1]:
            return shown
    return plain(value, 17), plain(other, 17)


def in_order(values: Sequence[float], written: Sequence[str | None], digits: int) -> list[str]:
    """Return numbers as few as `digits` significant ones, but enough that neighbours compare as the exact ones do.

    written: the text of those that stand in a condition as they are, None for the others.
    """
    shown: list[str] = []
    for count in range(digits, 18):
        shown = [text or plain(value, count) for value, text in zip(values, written, strict=True)]
        if _signs([float(text) for text in shown]) == _signs(values):
            break
    return shown


def digits_of(value: float) -> int:
    """Return how many significant digits show the whole part and one more place, at least 3."""
    return min(17, max(3, len(f"{abs(value):.0f}") + 1))


def _signs(values: Sequence[float]) -> list[int]:
    return [(a > b) - (a < b) for a, b in pairwise(values)]
