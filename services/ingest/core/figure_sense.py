"""What must hold of company figures, and the two mistakes of well-known files that can be proved and put right.

Decides which rows make sense. Puts nothing right that the file itself does not prove wrong, and tells what it did.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from libs.market.figures import Figures
from libs.market.frame import FloatArray
from services.ingest.core.csv_types import BadCsvError, Faults

MAX_FIGURE = 1e18
"""Largest figure taken for one."""

_NOT_NEGATIVE = (
    "price",
    "market_cap",
    "dividend_yield",
    "total_debt",
    "current_ratio",
    "week_52_low",
    "week_52_high",
    "average_volume",
    "shares_outstanding",
    "float_shares",
    "short_ratio",
)

_LIKE_PERCENT = 5.0
"""A median debt_to_equity above this is not one of ratios: companies with five times more debt than equity are few."""

_FAR = 10.0
"""A ratio and a percentage lie 100 times apart; one within this factor of either is taken for it."""


def check_figures(
    numbers: dict[str, FloatArray], lines: npt.NDArray[np.int64], percent: Sequence[str], faults: Faults
) -> list[str]:
    """Note every line with a figure that cannot be, bring units in order in `numbers`, and return what was put right, in words."""
    for name, column in numbers.items():
        _note(faults, lines, np.abs(column) > MAX_FIGURE, f"{name} is beyond {MAX_FIGURE:.0e}")
    for name in _NOT_NEGATIVE:
        if name in numbers:
            _note(faults, lines, numbers[name] < 0, f"{name} is below 0")
    notes = [*_exchanged(numbers, lines, faults)]
    for name in percent:
        if name in numbers:
            numbers[name] = numbers[name] / 100
            notes.append(f"{name} was given in percent, as declared")
    if "debt_to_equity" not in percent:
        notes += _debt(numbers)
    return notes


def one_row_each(given: Figures, lines: Sequence[int], faults: Faults) -> tuple[Figures, int]:
    """Return the rows by symbol and time without identical repeats, and how many repeats there were.

    Notes lines that repeat a symbol and time with other figures.
    """
    order = sorted(range(len(given.symbols)), key=lambda row: (given.symbols[row], given.known_ms[row], lines[row]))
    kept: list[int] = []
    for row in order:
        if kept and _same_key(given, kept[-1], row):
            if not _same(given, kept[-1], row):
                faults.add(lines[row], f"{given.symbols[row]} came before with other figures")
            continue
        kept.append(row)
    return pick(given, kept), len(order) - len(kept)


def pick(figures: Figures, rows: Sequence[int]) -> Figures:
    """Return the chosen rows, in the order chosen."""
    chosen = np.array(rows, np.int64)
    texts = {name: tuple(column[row] for row in rows) for name, column in figures.texts.items()}
    symbols = tuple(figures.symbols[row] for row in rows)
    return Figures(symbols, figures.known_ms[chosen], figures.numbers, figures.values[chosen], texts, figures.sources)


def _exchanged(numbers: dict[str, FloatArray], lines: npt.NDArray[np.int64], faults: Faults) -> list[str]:
    if "week_52_low" not in numbers or "week_52_high" not in numbers:
        return []
    low, high = numbers["week_52_low"], numbers["week_52_high"]
    both = ~np.isnan(low) & ~np.isnan(high)
    wrong = both & (low > high)
    if wrong.sum() > 1 and not (low[both] < high[both]).any():
        numbers["week_52_low"], numbers["week_52_high"] = high, low
        return [
            f"week_52_low and week_52_high were exchanged: the low is above the high in {int(wrong.sum())} rows, below in none"
        ]
    _note(faults, lines, wrong, "week_52_low is above week_52_high")
    return []


def _debt(numbers: dict[str, FloatArray]) -> list[str]:
    """Bring debt_to_equity to ratios, row by row where debt, book value and shares tell which of the two it is."""
    given = numbers.get("debt_to_equity")
    if given is None:
        return []
    parts = [numbers.get(name) for name in ("total_debt", "book_value_per_share", "shares_outstanding")]
    if any(part is None for part in parts):
        if np.nanmedian(given) > _LIKE_PERCENT if (~np.isnan(given)).any() else False:
            raise BadCsvError(
                f"debt_to_equity looks like percentages: its median is {np.nanmedian(given):.1f}",
                pointer="/percent",
                hint="declare it: --percent debt_to_equity",
            )
        return []
    debt, book, shares = (part for part in parts if part is not None)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = given / (debt / (book * shares))
    is_ratio = (times > 1 / _FAR) & (times < _FAR)
    is_percent = (times >= _FAR) & (times < 100 * _FAR)
    unclear = ~np.isnan(given) & ~is_ratio & ~is_percent & (given != 0)
    if not is_percent.any():
        return []
    numbers["debt_to_equity"] = np.where(unclear, np.nan, np.where(is_percent, given / 100, given))
    told = f"debt_to_equity is a percentage in {int(is_percent.sum())} rows and a ratio in {int(is_ratio.sum())}"
    return [
        f"{told}, by their debt and equity; all are ratios now, {int(unclear.sum())} that cannot be told apart are missing"
    ]


def _same_key(figures: Figures, one: int, other: int) -> bool:
    return figures.symbols[one] == figures.symbols[other] and figures.known_ms[one] == figures.known_ms[other]


def _same(figures: Figures, one: int, other: int) -> bool:
    texts = all(column[one] == column[other] for column in figures.texts.values())
    return texts and np.array_equal(figures.values[one], figures.values[other], equal_nan=True)


def _note(faults: Faults, lines: npt.NDArray[np.int64], bad: npt.NDArray[np.bool_], reason: str) -> None:
    for row in np.flatnonzero(bad):
        faults.add(int(lines[row]), reason)
