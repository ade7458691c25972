"""Many symbols in one file: list C again, with the symbol of each row in a column that is named."""

from typing import Any

import numpy as np
import pytest

from libs.common.values import Timeframe
from services.ingest.core.csv_import import parse_csv
from services.ingest.core.csv_types import BadCsvError, CsvOptions, Parsed
from services.ingest.core.market_gaps import file_sessions, market_gaps
from tests.unit.ingest.csv_cases import HEADER, HOUR, NOW_MS, REJECTED, T0, Case, row

DAY = 24 * HOUR
OF_ONE_SYMBOL = ("two symbols", "symbol differs", "no symbol", "bad symbol", "cut gzip", "gzip in gzip", "300 columns")


def many(case: Case) -> bytes:
    """The case's file with a ticker before every line that has cells, and a good second symbol at its end."""
    lines = case.data.split(b"\n")
    first, rest = lines[0], lines[1:]
    good = b"".join(f"ETHUSDT,{row(n)}".encode() for n in range(400, 404))
    return b"Ticker," + first + b"\n" + b"".join(b"btc/usdt," + line + b"\n" for line in rest if line) + good


def parse(data: bytes, **options: Any) -> Parsed:
    given = {"now_ms": NOW_MS, "by_column": "ticker", **options}
    if isinstance(given.get("timeframe"), str):
        given["timeframe"] = Timeframe(given["timeframe"])
    return parse_csv(iter([data]), CsvOptions(**given))


LINES = [c for c in REJECTED if c.says.startswith("line") and c.name not in OF_ONE_SYMBOL and "zone" not in c.options]


@pytest.mark.parametrize("case", [case for case in LINES if "one row" not in case.name], ids=lambda case: case.name)
def test_bad_line_of_one_symbol_refuses_the_file_of_many(case: Case) -> None:
    with pytest.raises(BadCsvError) as refused:
        parse(many(case), **case.options)
    assert case.says.split(":")[0] in refused.value.detail


@pytest.mark.parametrize("column", ["Ticker", "ticker", " TICKER "])
def test_symbols_are_taken_from_the_named_column_and_not_from_another(column: str) -> None:
    data = (
        "symbol,ticker," + HEADER + "".join(f"x y z,{name},{row(n)}" for n in range(3) for name in ("B", "A"))
    ).encode()
    parsed = parse(data, by_column=column)
    assert [(bars.symbol, bars.rows_read, len(bars.frame)) for bars in parsed.symbols] == [("A", 3, 3), ("B", 3, 3)]
    assert parsed.ignored_columns == ("symbol",)


def test_named_column_that_is_not_there_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadCsvError, match="no column 'Name'") as refused:
        parse(("symbol," + HEADER + "A," + row(0)).encode(), by_column="Name")
    assert (refused.value.pointer, refused.value.hint) == (
        "/by_column",
        "it has symbol, ts, open, high, low, close, volume",
    )


def test_named_column_twice_is_refused() -> None:
    with pytest.raises(BadCsvError, match="both name the symbol"):
        parse(("ticker,Ticker," + HEADER + "A,A," + row(0)).encode())


@pytest.mark.parametrize("header", ["Name", "ticker"])
def test_column_that_may_name_symbols_is_refused_until_one_says_what_it_is(header: str) -> None:
    data = (f"{header}," + HEADER + "A," + row(0) + "A," + row(1)).encode()
    with pytest.raises(BadCsvError, match="may name symbols") as refused:
        parse(data, by_column=None, default_symbol="SP500")
    assert refused.value.hint == f"say so with --by-column {header}, or name the one symbol with --symbol"
    assert parse(data, by_column=None, symbol="SPY").symbols[0].symbol == "SPY"
    assert parse(data, by_column=header).symbols[0].symbol == "A"


def test_two_spellings_of_one_symbol_are_one_series() -> None:
    data = ("ticker," + HEADER + "BRK.B," + row(0) + "brk-b," + row(1)).encode()
    assert [(bars.symbol, len(bars.frame)) for bars in parse(data).symbols] == [("BRK-B", 2)]


def test_time_that_two_symbols_share_is_no_duplicate_and_conflicts_stay_within_a_symbol() -> None:
    good = "ticker," + HEADER + "".join(f"{name},{row(n)}" for name in "AB" for n in range(3))
    assert [bars.duplicates for bars in parse(good.encode()).symbols] == [0, 0]
    assert [bars.duplicates for bars in parse((good + "B," + row(2)).encode()).symbols] == [0, 1]
    with pytest.raises(BadCsvError, match="line 8: the same time came before with other values"):
        parse((good + "B," + row(2, "101")).encode())


def days(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Open times of days counted from Monday 2024-01-01."""
    return np.array([T0 + n * DAY for n in numbers])


def test_gaps_are_counted_by_the_days_on_which_another_symbol_traded() -> None:
    full, holed = days(0, 1, 3, 4, 7, 8, 9), days(1, 4, 9)
    sessions = file_sessions([full, holed])
    assert sessions is not None
    assert sessions.tolist() == full.tolist()
    assert market_gaps(full, Timeframe.D1, sessions) == []
    found = market_gaps(holed, Timeframe.D1, sessions)
    assert [(gap.first_missing_ms, gap.last_missing_ms, gap.bars_missing) for gap in found] == [
        (T0 + 3 * DAY, T0 + 3 * DAY, 1),
        (T0 + 7 * DAY, T0 + 8 * DAY, 2),
    ]


def test_gaps_of_sessions_within_a_day_skip_the_nights() -> None:
    hours = np.concatenate([days(0, 1, 4, 7) + h * HOUR for h in (14, 15, 16)])
    hours.sort()
    sessions = file_sessions([hours, hours[hours != T0 + DAY + 15 * HOUR]])
    assert sessions is not None
    assert market_gaps(hours, Timeframe.H1, sessions) == []
    (gap,) = market_gaps(hours[hours != T0 + DAY + 15 * HOUR], Timeframe.H1, sessions)
    assert (gap.first_missing_ms, gap.bars_missing) == (T0 + DAY + 15 * HOUR, 1)


@pytest.mark.parametrize(
    "columns",
    [
        [days(0, 1, 2, 3, 4, 7)],
        [days(0, 1, 2), days(0, 2)],
        [days(0, 1, 5, 6, 7), days(0, 1, 7)],
    ],
    ids=["one symbol", "no weekend passed", "trades on weekends"],
)
def test_file_that_proves_no_sessions_has_no_calendar(columns: list[Any]) -> None:
    assert file_sessions(columns) is None


def test_outage_of_a_market_that_never_rests_stays_a_gap() -> None:
    data = (
        "ticker," + HEADER + "".join(f"{name},{row(n)}" for name in "AB" for n in (*range(9), *range(12, 400)))
    ).encode()
    frames = [bars.frame.ts for bars in parse(data).symbols]
    assert [gap.bars_missing for gap in market_gaps(frames[0], Timeframe.H1, file_sessions(frames))] == [3]
