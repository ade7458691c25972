"""List C of the bad-input catalogue: CSV files that must be refused whole, and odd ones that must be taken."""

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

HEADER = "ts,open,high,low,close,volume\n"
HOUR = 3_600_000
T0 = 1_704_067_200_000
"""2024-01-01T00:00Z."""

NOW_MS = 1_735_689_600_000
"""2025-01-01T00:00Z: what the imports take for now."""

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def row(n: int = 0, price: str = "100", **cells: str) -> str:
    """The bar that opens `n` hours after T0, with single cells replaced."""
    low, high = ("99", "101") if price == "100" else (price, price)
    given = {"ts": str(T0 + n * HOUR), "open": price, "high": high, "low": low, "close": price, "volume": "5"}
    return ",".join({**given, **cells}.values()) + "\n"


def rows(count: int, start: int = 0) -> str:
    return "".join(row(n) for n in range(start, start + count))


def replaced(**cells: str) -> bytes:
    """Three good rows with the second one changed."""
    return (HEADER + row(0) + row(1, **cells) + row(2)).encode()


def timed(*times: str) -> bytes:
    return (HEADER + "".join(f"{time},100,101,99,100,5\n" for time in times)).encode()


@dataclass(frozen=True)
class Case:
    """A file, what is said with it, and a word of the reason (or what the report must say)."""

    name: str
    data: bytes
    says: str = ""
    options: dict[str, Any] = field(default_factory=dict)


REJECTED = (
    Case("empty", b"", "empty"),
    Case("header only", HEADER.encode(), "no rows"),
    Case("no header", rows(3).encode(), "no header"),
    Case("PNG", b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
    Case("zip as csv", b"PK\x03\x04" + bytes(64), "zip"),
    Case("gzip in gzip", gzip.compress(gzip.compress(b"x")), "gzip"),
    Case("cut gzip", gzip.compress((HEADER + rows(50)).encode())[:-12], "cut off"),
    Case("UTF-16", (HEADER + rows(2)).encode("utf-16"), "UTF-16"),
    Case("latin-1", replaced() + b"\xe9\n", "line 5"),
    Case("NUL bytes", replaced(close="1\x0000"), "NUL"),
    Case("open quote", replaced(open='"100'), "line 3"),
    Case("tab as comma", (HEADER + rows(2)).replace(",", "\t").encode(), "no column"),
    Case("1 M columns", b"a," * 1_000_000 + b"\n", "longer than"),
    Case("300 columns", b"a," * 300 + b"\n1\n", "301 columns"),
    Case("short row", (HEADER + row(0) + "1,2,3\n").encode(), "line 3: 3 cells"),
    Case("long row", (HEADER + row(0) + row(1).strip() + ",9\n").encode(), "line 3: 7 cells"),
    Case("close twice", ("ts,open,high,low,close,Close\n" + row(0)).encode(), "both name the close"),
    Case("no close", ("ts,open,high,low,volume\n" + "1,2,3,4,5\n").encode(), "no column for close"),
    Case("bad date", timed("01/02/2024"), "line 2"),
    Case("2024-02-30", timed("2024-02-29", "2024-02-30"), "line 3"),
    Case("digits of a date", timed("20240101", "20240102"), "neither"),
    Case("digits of a minute", timed("197602010000", "197602010100"), "neither"),
    Case("mixed s and ms", timed(str(T0), str(T0 // 1_000 + 3_600)), "line 3"),
    Case("mixed offsets", timed("2024-01-01T00:00:00+01:00", "2024-01-01T02:00:00+02:00"), "line 3"),
    Case("offset and none", timed("2024-01-01T00:00:00Z", "2024-01-01T01:00:00"), "line 3"),
    Case("impossible offset", timed("2024-01-01T00:00:00+25:00"), "line 2"),
    Case("year 1600", timed("1600-01-01", "1600-01-02"), "before 1970"),
    Case("year 2300", timed("2300-01-01", "2300-01-02"), "future"),
    Case("microseconds", timed(str(T0 * 1_000), str((T0 + HOUR) * 1_000)), "neither"),
    Case("future", timed("2025-06-01T00:00", "2025-06-01T01:00"), "future"),
    Case("bar still open", timed("2024-12-31T22:30", "2024-12-31T23:30"), "grid"),
    Case("conflicting duplicate time", (HEADER + row(0) + row(1) + row(1, "101")).encode(), "line 4"),
    Case("wrong interval", (HEADER + rows(5)).encode(), "timeframe", {"timeframe": "5m"}),
    Case("off the grid", (HEADER + rows(3) + row(3, ts=str(T0 + 3 * HOUR + 60_000))).encode(), "line 5"),
    Case("odd interval", timed("2024-01-01T00:00", "2024-01-01T00:07", "2024-01-01T00:14"), "commonest step"),
    Case("1.234,5", replaced(close='"1.234,5"'), "line 3"),
    Case("1,234 may be a decimal comma", replaced(volume='"1,234"'), "line 3"),
    Case("$100", replaced(close="$100"), "line 3"),
    Case("(5)", replaced(volume="(5)"), "line 3"),
    Case("N/A", replaced(close="N/A"), "line 3"),
    Case("NaN", replaced(close="NaN"), "line 3"),
    Case("inf", replaced(high="inf"), "line 3"),
    Case("1e400", replaced(high="1e400"), "line 3"),
    Case("1_000", replaced(volume="1_000"), "line 3"),
    Case("Arabic digits", replaced(volume="٣"), "line 3"),
    Case("-5", replaced(close="-5"), "line 3"),
    Case("0", replaced(low="0"), "line 3"),
    Case("empty close", replaced(close=""), "line 3: close is empty"),
    Case("empty time", replaced(ts=""), "line 3"),
    Case("high < low", replaced(high="98", low="99"), "line 3"),
    Case("open outside", replaced(open="150"), "line 3"),
    Case("volume -1", replaced(volume="-1"), "line 3"),
    Case("volume 1e30", replaced(volume="1e30"), "line 3"),
    Case("no symbol", (HEADER + rows(2)).encode(), "no symbol", {"symbol": None}),
    Case("two symbols", ("symbol," + HEADER + "BTCUSDT," + row(0) + "ETHUSDT," + row(0)).encode(), "line 3"),
    Case("symbol differs", ("symbol," + HEADER + "ETHUSDT," + row(0) + "ETHUSDT," + row(1)).encode(), "line 2"),
    Case("bad symbol", ("symbol," + HEADER + "../x," + row(0)).encode(), "not a symbol", {"symbol": None}),
    Case("one row without timeframe", (HEADER + row(0)).encode(), "one row"),
    Case("DST hour that never was", timed("2024-03-31T02:00"), "skipped", {"zone": "Europe/Berlin", "timeframe": "1h"}),
)

ACCEPTED = (
    Case("BOM", b"\xef\xbb\xbf" + replaced()),
    Case("CRLF", replaced().replace(b"\n", b"\r\n")),
    Case("no last line end", replaced().rstrip()),
    Case("empty lines", replaced().replace(b"\n", b"\n\n")),
    Case("caps headers", replaced().replace(b"ts,open", b"TIMESTAMP,Open")),
    Case("; with declared delimiter", replaced().replace(b",", b";"), options={"delimiter": ";"}),
    Case("unsorted", (HEADER + row(2) + row(0) + row(1)).encode()),
    Case("gzip", gzip.compress(replaced())),
    Case("gzip in two members", gzip.compress(HEADER.encode()) + gzip.compress(rows(3).encode())),
    Case("epoch seconds", timed(*(str(T0 // 1_000 + n * 3_600) for n in range(3)))),
    Case("ISO with Z", timed("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z")),
    Case("ISO with +02:00", timed("2024-01-01T02:00+02:00", "2024-01-01T03:00+02:00", "2024-01-01T04:00+02:00")),
    Case("ISO with blank", timed("2024-01-01 00:00:00", "2024-01-01 01:00:00.000", "2024-01-01 02:00:00.000000")),
    Case("naive time", timed(*(f"2024-01-01T0{n}:00" for n in (1, 2, 3))), options={"zone": "Europe/Berlin"}),
    Case("1,234.5 quoted", replaced(volume='"1,234.5"')),
    Case("spaces around", replaced(close=" 100 ")),
    Case("symbol column", ("symbol," + HEADER + "".join("btc/usdt," + row(n) for n in range(3))).encode()),
    Case(
        "=cmd cell", (HEADER.strip() + ",note\n" + "".join(row(n).strip() + ",=cmd|'x'\n" for n in range(3))).encode()
    ),
)
"""Each holds the three hourly bars from T0."""
