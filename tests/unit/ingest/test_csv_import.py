"""CSV imports: list C item by item, and what the report says of the odd but acceptable."""

import gzip
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from libs.common.errors import BadInputError
from libs.common.values import Timeframe
from services.ingest.core.csv_import import parse_csv, symbol_of_name
from services.ingest.core.csv_types import BadCsvError, CsvLimits, CsvOptions, Parsed
from tests.unit.ingest.csv_cases import ACCEPTED, HEADER, HOUR, NOW_MS, REJECTED, T0, Case, replaced, row, rows, timed


def parse(data: bytes, chunk: int = 1 << 20, **options: Any) -> Parsed:
    given = {"now_ms": NOW_MS, "symbol": "BTCUSDT", **options}
    if isinstance(given.get("timeframe"), str):
        given["timeframe"] = Timeframe(given["timeframe"])
    return parse_csv((data[at : at + chunk] for at in range(0, len(data), chunk)), CsvOptions(**given))


def plain(case: Case) -> bytes:
    return gzip.decompress(case.data) if case.data.startswith(b"\x1f\x8b") else case.data


TEXTS = [case for case in REJECTED if case.name != "cut gzip"]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.name)
def test_import_of_a_bad_file_is_refused_with_the_reason(case: Case) -> None:
    with pytest.raises(BadCsvError) as refused:
        parse(plain(case), **case.options)
    assert case.says in f"{refused.value.detail} {refused.value.pointer}"
    assert refused.value.code == "data.bad_csv"
    assert len(refused.value.detail) < 2_000


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_import_of_an_odd_file_gives_its_bars(case: Case) -> None:
    parsed = parse(plain(case), **case.options)
    (bars,) = parsed.symbols
    assert (bars.symbol, parsed.timeframe, parsed.rows_read) == ("BTCUSDT", Timeframe.H1, 3)
    assert bars.frame.ts.tolist() == [T0, T0 + HOUR, T0 + 2 * HOUR]
    assert bars.frame.close.tolist() == [100.0, 100.0, 100.0]


@pytest.mark.parametrize("chunk", [1, 7, 64])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_import_does_not_depend_on_how_the_bytes_arrive(chunk: int, end: bytes) -> None:
    data = b"\xef\xbb\xbf" + (HEADER + rows(20)).encode().replace(b"\n", end)
    (whole,), (cut,) = parse(data).symbols, parse(data, chunk).symbols
    assert whole.frame.data_hash() == cut.frame.data_hash()
    assert len(cut.frame) == 20


def test_bad_lines_in_several_chunks_are_named_by_their_line() -> None:
    data = (HEADER + rows(30)).encode().replace(b",100,5\n", b",x,5\n", 12)
    with pytest.raises(BadCsvError) as refused:
        parse(data, 50)
    assert refused.value.detail.startswith("12 bad lines: line 2: close 'x' is not a number; line 3:")
    assert [line for line, _ in refused.value.lines] == list(range(2, 12))
    assert refused.value.pointer == "2:1"


def test_a_line_with_two_faults_counts_once() -> None:
    with pytest.raises(BadCsvError, match="1 bad line: line 3: open 'a'"):
        parse(replaced(open="a", close="b"))


def test_a_hopeless_file_is_given_up_before_its_end() -> None:
    def endless() -> Iterator[bytes]:
        yield HEADER.encode()
        while True:
            yield b"1,2\n" * 600

    with pytest.raises(BadCsvError, match=r"at least 1200 bad lines: line 2: 2 cells"):
        parse_csv(endless(), CsvOptions(NOW_MS, "BTCUSDT"))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (CsvLimits(max_bytes=300), "larger than 300 bytes"),
        (CsvLimits(max_rows=9), "more than 9 rows"),
        (CsvLimits(max_line_bytes=20), "longer than 20 bytes"),
        (CsvLimits(max_columns=5), "6 columns"),
    ],
)
def test_import_above_a_limit_is_refused(limits: CsvLimits, says: str) -> None:
    with pytest.raises(BadCsvError, match=says):
        parse((HEADER + rows(10)).encode(), 64, limits=limits)


def test_import_above_the_limit_of_symbols_is_refused() -> None:
    data = ("symbol," + HEADER + "".join(f"S{n}," + row(0) for n in range(4))).encode()
    with pytest.raises(BadCsvError, match="more than 3 symbols"):
        parse(data, symbol=None, limits=CsvLimits(max_symbols=3))


@pytest.mark.parametrize("delimiter", ["", ",,", "a", "1", ".", "-", '"', "\n", "é"])
def test_delimiter_that_could_be_part_of_a_cell_is_refused(delimiter: str) -> None:
    with pytest.raises(BadInputError) as refused:
        parse(replaced(), delimiter=delimiter)
    assert refused.value.pointer == "/delimiter"


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "", "/etc/localtime"])
def test_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(BadInputError) as refused:
        parse(replaced(), zone=zone)
    assert refused.value.pointer == "/zone"


def test_identical_duplicates_are_dropped_and_counted() -> None:
    parsed = parse((HEADER + rows(3) + rows(2)).encode())
    (bars,) = parsed.symbols
    assert (bars.duplicates, bars.rows_read, len(bars.frame)) == (2, 5, 3)


def test_missing_volume_is_told() -> None:
    data = replaced().replace(b",volume", b"").replace(b",5\n", b"\n")
    parsed = parse(data)
    assert parsed.has_volume is False
    assert parsed.symbols[0].frame.volume.tolist() == [0.0, 0.0, 0.0]


def test_column_nobody_asked_for_is_ignored_and_told() -> None:
    data = (HEADER.strip() + ",adj_close\n" + "".join(row(n).strip() + ",=cmd\n" for n in range(3))).encode()
    assert parse(data).ignored_columns == ("adj_close",)


def test_columns_in_any_order_are_found_by_name() -> None:
    data = ("Volume,Close,Low,High,Open,Date\n" + "7,4,1,5,2,2024-01-01\n" + "8,4,1,5,2,2024-01-02\n").encode()
    parsed = parse(data)
    frame = parsed.symbols[0].frame
    assert parsed.timeframe is Timeframe.D1
    assert (frame.open[0], frame.high[0], frame.low[0], frame.close[0], frame.volume[1]) == (2, 5, 1, 4, 8)


def test_lone_spike_is_left_out_and_reported() -> None:
    parsed = parse((HEADER + rows(3) + row(3, "10000") + rows(3, 4)).encode())
    (spike,) = parsed.spikes
    assert (spike.line, spike.open_ms, spike.high) == (5, T0 + 3 * HOUR, 10_000.0)
    assert (len(parsed.symbols[0].frame), parsed.symbols[0].quarantined) == (6, 1)


def test_lone_spike_downwards_is_left_out() -> None:
    parsed = parse((HEADER + rows(3) + row(3, low="1") + rows(3, 4)).encode())
    assert [spike.line for spike in parsed.spikes] == [5]


def test_jump_that_stays_is_no_spike() -> None:
    data = (HEADER + rows(3) + "".join(row(n, "10000") for n in range(3, 6))).encode()
    parsed = parse(data)
    assert (len(parsed.symbols[0].frame), parsed.spikes) == (6, ())


def test_one_row_with_a_declared_timeframe_is_taken() -> None:
    parsed = parse((HEADER + row(0)).encode(), timeframe=Timeframe.H1)
    assert len(parsed.symbols[0].frame) == 1


def test_timeframe_is_the_commonest_step_despite_gaps() -> None:
    data = (HEADER + rows(5) + rows(3, 10) + rows(1, 40)).encode()
    assert parse(data).timeframe is Timeframe.H1


def test_bar_that_has_not_closed_is_refused() -> None:
    data = timed("2024-12-31T22:00Z", "2024-12-31T23:00Z")
    assert len(parse(data).symbols[0].frame) == 2
    with pytest.raises(BadCsvError, match="line 3: the bar is not closed yet"):
        parse(data, now_ms=NOW_MS - 1)


def test_symbols_are_split_and_sorted_by_name() -> None:
    data = (
        "symbol," + HEADER + "".join(f"{name}," + row(n) for n in range(3) for name in ("ETHUSDT", "BTC/USDT"))
    ).encode()
    parsed = parse(data, symbol=None)
    assert [(bars.symbol, len(bars.frame)) for bars in parsed.symbols] == [("BTCUSDT", 3), ("ETHUSDT", 3)]


def test_hour_that_comes_twice_is_taken_in_file_order() -> None:
    local = ["2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T02:00", "2024-10-27T03:00"]
    parsed = parse(timed(*local), zone="Europe/Berlin")
    hours = (parsed.symbols[0].frame.ts // HOUR) % 24
    assert hours.tolist() == [23, 0, 1, 2]
    assert parsed.ambiguous_times == 2


def test_hour_that_comes_twice_in_a_file_that_runs_backwards_is_taken_so() -> None:
    cells = [("2024-10-27T03:00", 4), ("2024-10-27T02:00", 3), ("2024-10-27T02:00", 2), ("2024-10-27T01:00", 1)]
    data = (HEADER + "".join(f"{time},100,101,99,100,{volume}\n" for time, volume in cells)).encode()
    assert parse(data, zone="Europe/Berlin").symbols[0].frame.volume.tolist() == [1, 2, 3, 4]


def test_hour_the_clocks_skip_is_no_gap() -> None:
    parsed = parse(timed("2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T03:00"), zone="Europe/Berlin")
    assert np.diff(parsed.symbols[0].frame.ts).tolist() == [HOUR, HOUR]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT_binance-spot_1h_2017-2022.csv.gz", "BTCUSDT"),
        ("BTC-USD_coinbase.csv", "BTCUSD"),
        ("btcusdt.csv", "BTCUSDT"),
        ("AAPL.csv", "AAPL"),
        ("price_data.csv", None),
        ("spot_binance_24pairs.csv.gz", None),
        ("2024_01.csv", None),
        (".csv", None),
        ("é_1h.csv", None),
    ],
)
def test_symbol_of_a_file_name_is_its_first_token_when_it_looks_like_one(name: str, symbol: str | None) -> None:
    assert symbol_of_name(name) == symbol
