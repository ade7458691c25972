"""report, view-trades, inspect: what a backtest was worth, trade by trade, and what the newest strategies are worth."""

import shutil
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.client import render
from libs.client.places import data_dir
from libs.client.stored import fetch_report, is_report_file, read_report
from libs.client.verbs.options import DataDir, Json, client_of
from libs.common.errors import NotFoundError

if TYPE_CHECKING:
    from libs.report.reading import Report

INSPECTED = 5

_Which = Annotated[str, typer.Argument(metavar="ID|FILE", help="A backtest's id, or a report's JSON file.")]
_Last = Annotated[
    str | None,
    typer.Argument(metavar="[ID|FILE]", help="A backtest's id or a report's JSON file; default: the newest."),
]
_TRADES = ("time", "action", "symbol", "price", "quantity", "profit", "gain", "why")
_STRATEGIES = (
    "id",
    "name",
    "symbols",
    "timeframe",
    "verdict",
    "return",
    "drawdown",
    "win rate",
    "trades",
    "deciding rule",
)
_MARKS = {"pass": "passed", "fail": "failed", "warn": "doubtful", "note": "-"}


def report(
    which: _Which,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as one page that opens offline.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Show a backtest's report: verdict with every limit, metrics, evidence, equity; or write it as one HTML page."""
    tree = _tree(which, folder)
    if json:
        render.as_json(tree)
    else:
        _show(tree)
    if html is None and not open_:
        return
    from libs.report.page import page  # noqa: PLC0415 - not every verb draws pages

    place = (html or _own_place(tree, folder)).absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(page(tree))
    if not json:
        render.line(f"page: {place}")
    if open_ and not webbrowser.open(place.as_uri()):
        raise NotFoundError(
            "no browser was found on this machine", code="client.no_browser", hint=f"open {place} yourself"
        )


def view_trades(which: _Last = None, folder: DataDir = None, json: Json = False) -> None:
    """List the trades of a backtest, the newest one if none is named: when, what, at which price, with which profit."""
    from libs.report.reading import read  # noqa: PLC0415 - as above

    tree = _tree(which, folder)
    found = read(tree)
    if json:
        render.as_json({"items": list(found.trades)})
        return
    render.table(_TRADES, _legs(found), _title(found))
    metrics = found.metrics
    total = (
        f"{metrics.get('closed_trades')} closed, {metrics.get('winning_trades')} won, {metrics.get('open_trades')} open"
    )
    profit = sum(trade["pnl"] for trade in found.trades if isinstance(trade.get("pnl"), int | float))
    render.line(f"{total}, profit {render.cell(float(profit))}")


def inspect(folder: DataDir = None, json: Json = False) -> None:
    """Show the last 5 strategies with their performance and verdict."""
    with client_of(folder) as client:
        found = list(client.items("/strategies", INSPECTED))
    if json:
        render.as_json({"items": found})
        return
    render.table(_STRATEGIES, [_inspected(one) for one in found])
    if not found:
        render.line("no strategy has been submitted yet; `sentinel submit FILE` submits one")


def _tree(which: str | None, folder: Path | None) -> dict[str, Any]:
    if which is not None and is_report_file(which):
        return read_report(Path(which))
    with client_of(folder) as client:
        return fetch_report(client, which)


def _own_place(tree: dict[str, Any], folder: Path | None) -> Path:
    from libs.report.payload import file_name  # noqa: PLC0415 - as above

    return data_dir(folder) / "pages" / f"{file_name(tree.get('metadata') or {})}.html"


def _show(tree: dict[str, Any]) -> None:
    from libs.report.evidence import findings  # noqa: PLC0415 - as above
    from libs.report.reading import read  # noqa: PLC0415 - as above
    from libs.report.words import GROUPS  # noqa: PLC0415 - as above

    found = read(tree)
    metrics, verdict = found.metrics, found.verdict
    checks = [
        [
            _measured(one, name) if name in ("value", "limit") else one.get(name)
            for name in ("rule", "name", "value", "relation", "limit", "met")
        ]
        for one in verdict.get("checks") or ()
    ]
    render.table(("rule", "of", "this run", "", "limit", "holds"), checks, _title(found))
    render.line(render.cell(f"verdict: {verdict.get('deciding_rule')}"))
    if not sys.stdout.isatty():
        render.line(f"judged on: {_title(found)}")
    rows = [
        (
            one.title,
            one.spell(metrics[one.name])
            if metrics[one.name] is not None
            else f"undefined: {found.undefined.get(one.name)}",
        )
        for _, group in GROUPS
        for one in group
        if one.name in metrics
    ]
    render.table(("metric", "value"), rows)
    evidence = [(one.name, _MARKS[one.state], one.answer) for one in findings(found.evidence)]
    if evidence:
        render.table(("evidence", "", "found"), evidence)
    if sys.stdout.isatty():
        _plot(found)


def _measured(check: dict[str, Any], name: str) -> object:
    """Return the value or the limit of a check, as a percentage where its metric is one."""
    from libs.report.words import BY_NAME  # noqa: PLC0415 - --help must not pay for it

    value, told = check.get(name), BY_NAME.get(str(check.get("name")).replace(" ", "_"))
    is_share = told is not None and told.spell(0.5).endswith("%")
    return render.percent(value) if is_share and isinstance(value, float) else value


def _plot(found: "Report") -> None:
    from libs.client.plot import braille  # noqa: PLC0415 - only a terminal pays for it

    width = max(20, min(100, shutil.get_terminal_size().columns - 14))
    for title, values in (("equity", found.curve.equity), ("buy and hold", found.curve.buy_and_hold)):
        known = [value for value in values if value is not None]
        if not known:
            continue
        render.line(title)
        lines = braille(known, width, 8 if title == "equity" else 4)
        ends = {0: max(known), len(lines) - 1: min(known)}
        for place, line in enumerate(lines):
            render.line(f"{line} {ends[place]:,.2f}" if place in ends else line)


def _title(found: "Report") -> str:
    told = found.metadata
    symbols = told.get("symbols") or ()
    shown = ", ".join(map(str, symbols[:4])) + (f" and {len(symbols) - 4} more" if len(symbols) > 4 else "")
    mark = ", SIMULATED prices" if told.get("simulated") is not False else ""
    unsafe = ", SANDBOX OFF" if told.get("sandbox") == "off" else ""
    window = f"{told.get('window_start')} to {told.get('window_end')}".replace("+00:00", "Z")
    return render.cell(
        f"{told.get('name')}: {shown} {told.get('timeframe')}, {window}, {told.get('bars')} bars{mark}{unsafe}"
    )


def _legs(found: "Report") -> list[list[Any]]:
    from libs.report.figures import moment  # noqa: PLC0415 - as above
    from libs.report.payload import is_open, side_of  # noqa: PLC0415 - as above

    legs: list[tuple[int, list[Any]]] = []
    for one in found.trades:
        into, out = ("BUY", "SELL") if side_of(one) > 0 else ("SELL", "BUY")
        symbol, quantity = one.get("symbol"), one.get("quantity")
        entry = [
            moment(one["entry_time"]),
            into,
            symbol,
            one.get("entry_price"),
            quantity,
            None,
            None,
            one.get("entry_reason"),
        ]
        legs.append((one["entry_time"], entry))
        if not is_open(one):
            result = [one.get("pnl"), render.percent(one.get("gain")), one.get("exit_reason")]
            legs.append(
                (one["exit_time"], [moment(one["exit_time"]), out, symbol, one.get("exit_price"), quantity, *result])
            )
    return [leg for _, leg in sorted(legs, key=lambda leg: leg[0])]


def _inspected(one: dict[str, Any]) -> list[Any]:
    judged = one.get("judged") or {}
    metrics = judged.get("metrics") or {}
    shares = [render.percent(metrics.get(name)) for name in ("total_return", "max_drawdown", "win_rate")]
    named = [one.get(name) for name in ("id", "name", "symbols", "timeframe", "verdict")]
    return [*named, *shares, judged.get("closed_trades"), judged.get("deciding_rule")]
