"""Which company figures there are, in which unit, and how a version of them looks on the disk. Shared by reader and writer.

`<root>/<hash>.npy` holds one row per company and date: when it was known, then the figures, NaN where missing. `<root>/<hash>.json`
says whose row it is, and holds the texts. The hash is of both, so equal figures have one name. `<root>/current` names the one
that counts.
"""

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadInputError, NotFoundError, StoreUnavailableError

Figure: TypeAlias = float | str | None
"""A number, a text (sector), or None for what is not known; never a 0 for a missing one."""

Unit = Literal["money", "percent", "ratio", "shares", "text"]

ALWAYS = -np.inf
"""When figures without a date were known: nobody can tell, so they are given out at any time and never count as point in time."""

CURRENT = "current"

FIELDS: dict[str, Unit] = {
    "sector": "text",
    "industry": "text",
    "name": "text",
    "price": "money",
    "market_cap": "money",
    "enterprise_value": "money",
    "pe_ratio": "ratio",
    "forward_pe": "ratio",
    "peg_ratio": "ratio",
    "pb_ratio": "ratio",
    "ps_ratio": "ratio",
    "ev_to_revenue": "ratio",
    "ev_to_ebitda": "ratio",
    "eps": "money",
    "dividend_yield": "percent",
    "revenue": "money",
    "revenue_per_share": "money",
    "revenue_growth": "percent",
    "earnings_growth": "percent",
    "gross_profit": "money",
    "ebitda": "money",
    "net_income": "money",
    "profit_margin": "percent",
    "operating_margin": "percent",
    "return_on_assets": "percent",
    "return_on_equity": "percent",
    "total_cash": "money",
    "total_cash_per_share": "money",
    "total_debt": "money",
    "debt_to_equity": "ratio",
    "current_ratio": "ratio",
    "book_value_per_share": "money",
    "operating_cash_flow": "money",
    "free_cash_flow": "money",
    "beta": "ratio",
    "week_52_low": "money",
    "week_52_high": "money",
    "average_volume": "shares",
    "shares_outstanding": "shares",
    "float_shares": "shares",
    "short_ratio": "ratio",
}
"""Field -> unit. percent: 2.5 is 2.5 %. ratio: a debt_to_equity of 0.5 is half as much debt as equity. money: in the currency
of the shares."""

TEXTS = tuple(name for name, unit in FIELDS.items() if unit == "text")
NUMBERS = tuple(name for name, unit in FIELDS.items() if unit != "text")

_FORMAT = 1


@dataclass(frozen=True)
class Figures:
    """N rows of company figures, sorted by symbol, then time; a symbol has one row without a time, or rows with different ones.

    symbols: (N,). known_ms: (N,) epoch ms from which a row was known, ALWAYS without one. numbers: the names of the F columns of `values`, in the order of NUMBERS.
    values: (N, F), NaN where missing. texts: field -> (N,). sources: where they are from, sorted.
    """

    symbols: tuple[str, ...]
    known_ms: npt.NDArray[np.float64]
    numbers: tuple[str, ...]
    values: npt.NDArray[np.float64]
    texts: dict[str, tuple[str | None, ...]]
    sources: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the figures there are, texts first."""
        return (*self.texts, *self.numbers)


NONE = Figures((), np.empty(0), (), np.empty((0, 0)), {}, ())
"""No figures."""


def current(root: Path) -> str | None:
    """Return the version that counts below `root`, None when nothing was ever imported; raises StoreUnavailableError."""
    try:
        return (root / CURRENT).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(error) from error


def load(root: Path, version: str) -> Figures:
    """Return the figures of a version.

    Raises NotFoundError when it is not stored, BadInputError (code data.bad_fundamentals) when it was changed on the disk,
    StoreUnavailableError when the disk cannot be read.
    """
    if not (version.isascii() and version.isalnum()):
        raise NotFoundError(f"no company figures {version[:64]!r}", code="data.unknown_fundamentals")
    try:
        table, about = ((root / f"{version}{end}").read_bytes() for end in (".npy", ".json"))
    except FileNotFoundError:
        raise NotFoundError(
            f"no company figures {version[:64]!r} are stored",
            code="data.unknown_fundamentals",
            hint="import them: sentinel ingest fundamentals FILE --replace",
        ) from None
    except OSError as error:
        raise _unreadable(error) from error
    return _decode(version, table, about)


def encode(figures: Figures) -> tuple[str, bytes, bytes]:
    """Return the version's name and its two files, .npy and .json; equal figures give equal bytes."""
    table = np.ascontiguousarray(np.column_stack((figures.known_ms, figures.values)), "<f8")
    out = io.BytesIO()
    np.save(out, table, allow_pickle=False)
    said = {
        "format": _FORMAT,
        "numbers": figures.numbers,
        "sources": figures.sources,
        "symbols": figures.symbols,
        "texts": figures.texts,
    }
    about = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    return _name(out.getvalue(), about), out.getvalue(), about


def _decode(version: str, table: bytes, about: bytes) -> Figures:
    if _name(table, about) != version:
        raise BadInputError(
            f"the company figures {version[:12]} were changed on the disk",
            code="data.bad_fundamentals",
            hint="import them again, with --replace",
        )
    said = json.loads(about)
    if said["format"] != _FORMAT:
        raise BadInputError(
            f"the company figures have format {said['format']}, this release reads {_FORMAT}",
            code="data.bad_fundamentals",
            hint="import them again, with --replace",
        )
    rows = np.load(io.BytesIO(table), allow_pickle=False)
    texts = {name: tuple(column) for name, column in said["texts"].items()}
    return Figures(
        tuple(said["symbols"]), rows[:, 0], tuple(said["numbers"]), rows[:, 1:], texts, tuple(said["sources"])
    )


def _unreadable(error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(f"the company figures cannot be read: {os.strerror(error.errno or 0)}")


def _name(table: bytes, about: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(table).digest() + about).hexdigest()
