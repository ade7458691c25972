"""CSV files of company figures that must be refused whole, and odd ones that must be taken."""

from tests.unit.ingest.csv_cases import Case

HEAD = "Symbol,Sector,Price/Earnings,Market Cap\n"


def replaced(cells: str) -> bytes:
    """Three companies with the second one changed."""
    return f"{HEAD}AAA,Energy,10,1e9\n{cells}\nCCC,Energy,12,3e9\n".encode()


def dated(*rows: str) -> bytes:
    return ("date,ticker,pe\n" + "".join(row + "\n" for row in rows)).encode()


REJECTED = (
    Case("empty", b"", "empty"),
    Case("header only", HEAD.encode(), "no rows"),
    Case("PNG", b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
    Case("UTF-16", HEAD.encode("utf-16"), "UTF-16"),
    Case("NUL bytes", replaced("BBB,Energy,1\x000,2e9"), "NUL"),
    Case("open quote", replaced('"BBB,Energy,10,2e9'), "line 3"),
    Case("no symbol column", b"pe,eps\n1,2\n", "no column for symbols"),
    Case("two symbol columns", b"symbol,ticker,pe\nA,A,1\n", "both name the symbol"),
    Case("no figure", b"symbol,colour\nA,red\n", "no column is a known figure"),
    Case("figure twice", b"symbol,P/E,Price/Earnings\nA,1,1\n", "both name pe_ratio"),
    Case("named column absent", HEAD.encode() + b"A,B,1,1\n", "no column for 'Code'", {"by_column": "Code"}),
    Case("short row", replaced("BBB,Energy,10"), "line 3: 3 cells"),
    Case("long row", replaced("BBB,Energy,10,2e9,9"), "line 3: 5 cells"),
    Case("bad symbol", replaced("../x,Energy,10,2e9"), "line 3"),
    Case("empty symbol", replaced(",Energy,10,2e9"), "line 3"),
    Case("word", replaced("BBB,Energy,cheap,2e9"), "line 3: pe_ratio 'cheap' is not a number"),
    Case("inf", replaced("BBB,Energy,inf,2e9"), "line 3"),
    Case("1e400", replaced("BBB,Energy,1e400,2e9"), "line 3"),
    Case("1.234,5", replaced('BBB,Energy,"1.234,5",2e9'), "line 3"),
    Case("$10", replaced("BBB,Energy,$10,2e9"), "line 3"),
    Case("beyond measure", replaced("BBB,Energy,10,2e19"), "line 3: market_cap is beyond"),
    Case("market cap -1", replaced("BBB,Energy,10,-1"), "line 3: market_cap is below 0"),
    Case("company twice", replaced("AAA,Energy,11,1e9"), "line 3: AAA came before with other figures"),
    Case("bad date", dated("2024-02-30,A,1"), "line 2"),
    Case("empty date", dated("2024-02-01,A,1", ",B,1"), "line 3"),
    Case("mixed dates", dated("2024-02-01,A,1", "1704067200000,B,1"), "line 3"),
    Case("future", dated("2025-06-01,A,1"), "line 2: '2025-06-01' is in the future"),
    Case("same day twice", dated("2024-02-01,A,1", "2024-02-01,A,2"), "line 3: A came before"),
    Case("low above high once", b"symbol,52 Week Low,52 Week High\nA,1,2\nB,3,2\n", "line 3: week_52_low is above"),
    Case("low above high in the only row", b"symbol,52 Week Low,52 Week High\nB,3,2\n", "line 2: week_52_low is above"),
    Case("debt in percent", b"symbol,debt_to_equity\nA,50\nB,60\n", "looks like percentages"),
    Case("unknown percent", HEAD.encode() + b"A,B,1,1\n", "not kept as a ratio", {"percent": ("pay",)}),
    Case("percent of money", HEAD.encode() + b"A,B,1,1\n", "not kept as a ratio", {"percent": ("market_cap",)}),
    Case("delimiter", HEAD.encode() + b"A,B,1,1\n", "cannot separate", {"delimiter": "1"}),
)
