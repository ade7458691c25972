"""Columns of number cells, read in bulk; a cell that is not a plain number is looked at on its own."""

import re
from collections.abc import Sequence

import numpy as np

from libs.market.frame import FloatArray

Problems = list[tuple[int, str]]
"""(place in the column, reason) of cells that were refused."""

_PLAIN = re.compile(r"[0-9.eE+\-\n]*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})", re.ASCII)


def read_numbers(cells: Sequence[str]) -> tuple[FloatArray, Problems]:
    """Return the numbers (NaN where refused) and the refusals.

    A number is written 1, 1.5, .5 or 1e-7; thousands may be grouped by commas where that cannot be mistaken (1,234.5 or
    1,234,567; 1,234 alone could be a decimal comma). NaN, inf, N/A, currency signs and brackets are refused.
    """
    if _PLAIN.fullmatch("\n".join(cells)):
        try:
            values = np.array(list(map(float, cells)))
        except ValueError:
            return _one_by_one(cells)
        if np.isfinite(values).all():
            return values, []
    return _one_by_one(cells)


def _one_by_one(cells: Sequence[str]) -> tuple[FloatArray, Problems]:
    values = np.full(len(cells), np.nan)
    problems: Problems = []
    for place, cell in enumerate(cells):
        text = cell.strip()
        if _NUMBER.fullmatch(text):
            values[place] = float(text)
        elif _GROUPED.fullmatch(text):
            values[place] = float(text.replace(",", ""))
        if not np.isfinite(values[place]):
            problems.append((place, f"{cell[:40]!r} is not a number" if text else "is empty"))
    return values, problems
