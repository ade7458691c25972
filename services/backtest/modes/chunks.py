"""How work is cut into pieces of about equal size. Decides sizes only."""

from collections.abc import Mapping, Sequence

from libs.market.frame import Frame

WEIGHT = 40_000
"""Bars, or calls of a classifier, in one piece: a tenth of a second or two, so that a cancelled job ends soon and every worker has some."""


def by_weight(symbols: Sequence[str], frames: Mapping[str, Frame], most: int = WEIGHT) -> list[list[str]]:
    """Return the symbols in order, cut so that each piece has at most `most` bars, and at least one symbol."""
    chunks: list[list[str]] = []
    weight = most + 1
    for symbol in symbols:
        own = max(1, len(frames[symbol]))
        if weight + own > most:
            chunks.append([])
            weight = 0
        chunks[-1].append(symbol)
        weight += own
    return chunks


def evenly(items: Sequence[str], most: int) -> list[list[str]]:
    """Return the items in order, cut into pieces of at most `most`."""
    return [list(items[start : start + most]) for start in range(0, len(items), most)]
