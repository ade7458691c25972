"""Which column of a CSV of company figures is what: spellings of headers, and the columns a file must have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from libs.market.figures import FIELDS
from services.ingest.core.csv_types import BadCsvError, CsvLimits

_SYMBOL = ("symbol", "ticker")
_DATE = ("date", "as_of", "snapshot_date")

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "name": ("company", "company_name", "security"),
    "sector": ("gics_sector",),
    "industry": ("gics_sub_industry", "sub_industry"),
    "price": ("last_price",),
    "market_cap": ("market_capitalization", "marketcap"),
    "pe_ratio": ("price_earnings", "trailing_p_e", "trailing_pe", "p_e", "pe", "p_e_ratio"),
    "forward_pe": ("forward_p_e",),
    "pb_ratio": ("price_book", "price_to_book", "p_b", "pb", "p_b_ratio"),
    "ps_ratio": ("price_sales", "price_to_sales", "p_s", "ps", "p_s_ratio"),
    "ev_to_revenue": ("enterprise_value_revenue",),
    "ev_to_ebitda": ("enterprise_value_ebitda",),
    "eps": ("earnings_share", "earnings_per_share", "diluted_eps", "trailing_eps"),
    "dividend_yield": ("yield",),
    "revenue": ("total_revenue", "sales"),
    "revenue_growth": ("qtrly_revenue_growth", "quarterly_revenue_growth"),
    "earnings_growth": ("qtrly_earnings_growth", "quarterly_earnings_growth"),
    "net_income": ("net_income_avl_to_common",),
    "debt_to_equity": ("total_debt_equity", "debt_equity"),
    "free_cash_flow": ("levered_free_cash_flow",),
    "week_52_low": ("52_week_low",),
    "week_52_high": ("52_week_high",),
    "average_volume": ("avg_vol_3_month",),
    "float_shares": ("float",),
}
_FIELD_OF = {spelling: name for name in FIELDS for spelling in (name, *_SPELLINGS.get(name, ()))}
_SIGNS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class FigureHeader:
    """Places of the columns, counted from 0. date: None when the file has no dates. fields: field -> place."""

    width: int
    symbol: int
    date: int | None
    fields: dict[str, int]
    ignored: tuple[str, ...]


def read_figure_header(cells: Sequence[str], line: int, limits: CsvLimits, by_column: str | None) -> FigureHeader:
    """Return where the columns are, by name, whatever their case, order and signs; unknown names are ignored and told.

    Raises BadCsvError when there is no column of symbols, none of figures, or two of the same thing.
    """
    if len(cells) > limits.max_columns:
        raise BadCsvError("not a header", ((line, f"{len(cells):,} columns, {limits.max_columns} are allowed"),))
    plain = [_SIGNS.sub("_", cell.strip().lower()).strip("_") for cell in cells]
    symbol = _only(
        plain, cells, line, _SYMBOL if by_column is None else (_SIGNS.sub("_", by_column.lower()).strip("_"),)
    )
    if symbol is None:
        wanted = "symbols" if by_column is None else repr(by_column)
        raise BadCsvError(
            "not a header", ((line, f"no column for {wanted}"),), pointer="/by_column", hint=f"it has {_told(cells)}"
        )
    date = _only(plain, cells, line, _DATE)
    fields: dict[str, int] = {}
    for place, name in enumerate(plain):
        field = _FIELD_OF.get(name)
        if field is None or place in (symbol, date):
            continue
        if field in fields:
            first = cells[fields[field]][:40]
            raise BadCsvError("not a header", ((line, f"{first!r} and {cells[place][:40]!r} both name {field}"),))
        fields[field] = place
    if not fields:
        raise BadCsvError("not a header", ((line, "no column is a known figure"),), hint="see docs/fundamentals.md")
    used = {symbol, date, *fields.values()}
    ignored = tuple(cell[:40] for place, cell in enumerate(cells) if place not in used and cell.strip())
    return FigureHeader(len(cells), symbol, date, fields, ignored)


def _only(plain: Sequence[str], cells: Sequence[str], line: int, names: Sequence[str]) -> int | None:
    places = [place for place, name in enumerate(plain) if name in names]
    if len(places) > 1:
        first, second = (cells[place][:40] for place in places[:2])
        raise BadCsvError("not a header", ((line, f"{first!r} and {second!r} both name the {names[0]}"),))
    return places[0] if places else None


def _told(cells: Sequence[str]) -> str:
    return ", ".join(cell.strip()[:40] for cell in cells[:12])
