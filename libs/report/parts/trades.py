"""The trade table as it stands without script: the first trades, in order. The script takes it over, with all of them, sorted and filtered."""

from collections.abc import Callable

from libs.report import figures
from libs.report.markup import Markup, tag
from libs.report.parts.headline import tone
from libs.report.payload import fees_of, is_open, side_of
from libs.report.reading import Report
from libs.report.shapes import Tree

Column = tuple[str, str, str]

PLAIN_ROWS = 100
"""Rows that are there without script, and that the script adds at a time."""

COLUMNS: tuple[Column, ...] = (
    ("number", "#", "number"),
    ("symbol", "Symbol", ""),
    ("side", "Side", ""),
    ("entry_time", "Entry (UTC)", ""),
    ("entry_price", "Price", "number"),
    ("exit_time", "Exit (UTC)", ""),
    ("exit_price", "Price", "number"),
    ("bars", "Bars", "number"),
    ("pnl", "Profit", "number"),
    ("gain", "Gain", "number"),
    ("reason", "Why in, why out", "words"),
    ("mae", "Worst", "number"),
    ("mfe", "Best", "number"),
    ("fees", "Fees", "number"),
)
"""Key, title and look of each column; `assets/trades.js` fills the same ones."""


def trades(report: Report) -> Markup:
    """Return the section: what there is to filter by, and the table."""
    if not report.trades:
        why = "No signal of this strategy led to a trade in this window."
        return tag("section", tag("h2", "Trades", id="trades"), tag("p", why, class_="empty"), aria_labelledby="trades")
    columns = shown(report)
    heads = [tag("th", title, scope="col", class_=look or None, data_key=key) for key, title, look in columns]
    rows = [_row(number, trade, columns) for number, trade in enumerate(report.trades[:PLAIN_ROWS], start=1)]
    more = len(report.trades) - len(rows)
    rest = tag("p", f"{more} more trades are in the report's JSON.", class_="quiet") if more else None
    return tag(
        "section",
        tag("h2", "Trades ", tag("span", f"{len(report.trades)}", class_="quiet", id="trade-count"), id="trades"),
        tag("div", _tools(), class_="tools needs-script", role="toolbar", aria_label="Trades"),
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="trades", id="trade-table"),
            class_="scroll tall",
            tabindex="0",
            role="region",
            aria_label="Trades",
        ),
        tag("p", tag("button", "Show more", type="button", id="more"), class_="needs-script more"),
        tag("noscript", rest) if rest else None,
        tag("p", "Worst and best are how far the trade was behind and ahead while it was held.", class_="quiet"),
        aria_labelledby="trades",
    )


def _tools() -> list[Markup]:
    kinds = (("", "all trades"), ("won", "won"), ("lost", "lost"), ("open", "still open"))
    return [
        tag(
            "label",
            "Filter ",
            tag("input", type="search", id="filter", placeholder="symbol, date, reason"),
            class_="field",
        ),
        tag(
            "label",
            "Show ",
            tag("select", *(tag("option", words, value=value) for value, words in kinds), id="outcome"),
            class_="field",
        ),
        tag("button", "Save as CSV", type="button", id="csv"),
    ]


def shown(report: Report) -> tuple[Column, ...]:
    """Return the columns that tell trades apart: the symbol is left out where there is only one."""
    several = len({str(trade.get("symbol")) for trade in report.trades}) > 1
    return tuple(column for column in COLUMNS if several or column[0] != "symbol")


def _row(number: int, trade: Tree, columns: tuple[Column, ...]) -> Markup:
    cells = [_cell(key, look, number, trade) for key, _, look in columns]
    return tag("tr", *cells)


def _cell(key: str, look: str, number: int, trade: Tree) -> Markup:
    if key == "reason":
        return tag("td", *reasons(trade), class_=look)
    style = f"{look} {tone(trade.get(key))}" if key in ("pnl", "gain") else look
    return tag("td", _SPELLED[key](number, trade), class_=style.strip() or None)


_SPELLED: dict[str, Callable[[int, Tree], str]] = {
    "number": lambda number, _: str(number),
    "symbol": lambda _, trade: str(trade.get("symbol", "")),
    "side": lambda _, trade: "▲ long" if side_of(trade) > 0 else "▼ short",
    "entry_time": lambda _, trade: figures.moment(trade.get("entry_time")),
    "entry_price": lambda _, trade: figures.price(trade.get("entry_price")),
    "exit_time": lambda _, trade: "still open" if is_open(trade) else figures.moment(trade.get("exit_time")),
    "exit_price": lambda _, trade: figures.price(trade.get("exit_price")),
    "bars": lambda _, trade: figures.count(trade.get("bars")),
    "pnl": lambda _, trade: figures.number(trade.get("pnl"), signed=True),
    "gain": lambda _, trade: figures.percent(trade.get("gain"), signed=True),
    "mae": lambda _, trade: figures.percent(trade.get("mae")),
    "mfe": lambda _, trade: figures.percent(trade.get("mfe")),
    "fees": lambda _, trade: figures.number(fees_of(trade)),
}


def reasons(trade: Tree) -> list[Markup]:
    """Return why a trade was entered and left, a line each."""
    entry, exited = trade.get("entry_reason"), trade.get("exit_reason")
    lines = [tag("span", tag("b", "in "), str(entry))] if entry else []
    return lines + ([tag("span", tag("b", "out "), str(exited))] if exited else [])
