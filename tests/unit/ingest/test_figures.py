"""Company figures from a CSV: what is refused, what is missing, what is put right, what a version holds."""

from typing import Any

import numpy as np
import pytest

from libs.common.errors import PermanentError
from libs.market.figures import ALWAYS, NONE, Figures
from services.ingest.core.figure_csv import FigureOptions, ParsedFigures, parse_figures
from services.ingest.core.figure_merge import merge
from tests.unit.ingest.csv_cases import NOW_MS, Case
from tests.unit.ingest.figure_cases import HEAD, REJECTED, dated

DAY = 86_400_000
FEB_1 = 1_706_745_600_000


def parse(data: bytes, chunk: int = 1 << 20, **options: Any) -> ParsedFigures:
    return parse_figures((data[at : at + chunk] for at in range(0, len(data), chunk)), FigureOptions(NOW_MS, **options))


def column(figures: Figures, name: str) -> list[float | None]:
    values = figures.values[:, figures.numbers.index(name)].tolist()
    return [None if np.isnan(value) else value for value in values]


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case.name)
def test_bad_file_of_figures_is_refused_with_the_reason(case: Case) -> None:
    with pytest.raises(PermanentError) as refused:
        parse(case.data, **case.options)
    assert case.says in refused.value.detail
    assert len(refused.value.detail) < 2_000


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_columns_are_found_by_their_common_names_and_others_told(chunk: int) -> None:
    parsed = parse(b"\xef\xbb\xbfColour,P/B,SYMBOL,Earnings/Share,Sector\r\nred,1.5,brk.b,-2,Energy\r\n", chunk)
    figures = parsed.figures
    assert (figures.symbols, figures.numbers, figures.texts) == (
        ("BRK-B",),
        ("pb_ratio", "eps"),
        {"sector": ("Energy",)},
    )
    assert (figures.values.tolist(), parsed.ignored_columns) == ([[1.5, -2.0]], ("Colour",))


@pytest.mark.parametrize("cell", ["", " ", "N/A", "nan", "NULL", "-", "--", "None"])
def test_missing_figure_is_nothing_and_zero_stays_zero(cell: str) -> None:
    parsed = parse(f"{HEAD}A,{cell},{cell},0\nB,Energy,5,2\n".encode())
    assert column(parsed.figures, "pe_ratio") == [None, 5.0]
    assert column(parsed.figures, "market_cap") == [0.0, 2.0]
    assert (parsed.figures.texts["sector"], parsed.missing) == ((None, "Energy"), {"sector": 1, "pe_ratio": 1})


def test_row_counts_from_its_moment_and_a_bare_date_from_the_end_of_the_day() -> None:
    assert parse(dated("2024-02-01,A,1")).figures.known_ms.tolist() == [FEB_1 + DAY]
    assert parse(dated("2024-02-01 06:00:00,A,1")).figures.known_ms.tolist() == [FEB_1 + DAY / 4]
    assert parse(b"ticker,pe\nA,1\n").figures.known_ms.tolist() == [ALWAYS]


def test_rows_are_ordered_by_symbol_and_time_and_identical_ones_dropped() -> None:
    parsed = parse(dated("2024-02-02,B,3", "2024-02-01,B,2", "2024-02-01,A,1", "2024-02-01,B,2"))
    assert (parsed.figures.symbols, column(parsed.figures, "pe_ratio")) == (("A", "B", "B"), [1.0, 2.0, 3.0])
    assert (parsed.rows_read, parsed.duplicates) == (4, 1)


def test_exchanged_52_week_columns_are_put_right_and_told() -> None:
    parsed = parse(b"symbol,52 Week Low,52 Week High\nA,3,1\nB,5,2\nC,,4\n")
    assert (column(parsed.figures, "week_52_low"), column(parsed.figures, "week_52_high")) == ([1, 2, 4], [3, 5, None])
    assert parsed.notes == (
        "week_52_low and week_52_high were exchanged: the low is above the high in 2 rows, below in none",
    )


def test_debt_to_equity_is_a_ratio_whatever_the_file_mixes() -> None:
    head = "symbol,debt_to_equity,total_debt,book_value_per_share,shares_outstanding\n"
    parsed = parse(f"{head}A,0.5,50,10,10\nB,50,50,10,10\nC,7,,10,10\nD,0,50,10,10\nE,0.5,9000,1,1\n".encode())
    assert column(parsed.figures, "debt_to_equity") == [0.5, 0.5, None, 0.0, None]
    assert "percentage in 1 rows and a ratio in 1" in parsed.notes[0]
    assert "2 that cannot be told apart are missing" in parsed.notes[0]


def test_debt_to_equity_declared_as_percent_is_a_ratio() -> None:
    parsed = parse(b"symbol,debt_to_equity\nA,50\nB,\n", percent=("debt_to_equity",))
    assert column(parsed.figures, "debt_to_equity") == [0.5, None]


def rows_of(figures: Figures) -> list[tuple[str, float, float | None]]:
    return list(zip(figures.symbols, figures.known_ms.tolist(), column(figures, "pe_ratio"), strict=True))


def test_dated_rows_join_those_stored_and_replace_the_same_moment() -> None:
    stored = parse(dated("2024-02-01,A,1", "2024-02-02,A,2", "2024-02-01,B,9")).figures
    given = parse(dated("2024-02-02,A,3", "2024-02-03,A,4")).figures
    first, second, third = (float(FEB_1 + n * DAY) for n in (1, 2, 3))
    joined = [("A", first, 1), ("A", second, 3), ("A", third, 4), ("B", first, 9)]
    assert rows_of(merge(stored, given, replace=False)) == joined
    assert rows_of(merge(stored, given, replace=True)) == joined[1:3]


def test_rows_without_a_date_replace_their_symbol_and_are_replaced() -> None:
    with_dates, without = parse(dated("2024-02-01,A,1", "2024-02-01,B,2")).figures, parse(b"symbol,pe\nA,7\n").figures
    b = ("B", float(FEB_1 + DAY), 2)
    assert rows_of(merge(with_dates, without, replace=False)) == [("A", ALWAYS, 7), b]
    assert rows_of(merge(without, with_dates, replace=False)) == [("A", FEB_1 + DAY, 1), b]


def test_figures_that_only_one_side_has_are_missing_on_the_other() -> None:
    stored, given = parse(b"symbol,sector,pe\nA,Energy,1\n").figures, parse(b"symbol,eps,industry\nB,2,Oil\n").figures
    both = merge(stored, given, replace=False)
    assert (column(both, "pe_ratio"), column(both, "eps")) == ([1.0, None], [None, 2.0])
    assert both.texts == {"sector": ("Energy", None), "industry": (None, "Oil")}
    assert merge(NONE, given, replace=False) is given
