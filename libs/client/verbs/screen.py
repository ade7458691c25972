"""screen: the symbols that a strategy picks now, the best first."""

from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.definitions import is_file, parameters_of, read_definition
from libs.client.verbs.options import DataDir, Json, client_of, moment
from libs.client.verbs.strategies import Parameters, Timeframe

_COLUMNS = ("symbol", "score", "current_price", "daily_change", "sector", "data")


def screen(
    strategy: Annotated[str, typer.Argument(help="A strategy's id, or a file with rules or code.")],
    universe: Annotated[str | None, typer.Option(help="Named list of symbols; `all` is every stored one.")] = None,
    symbol: Annotated[list[str], typer.Option("--symbol", help="Only this one; may be repeated.")] = [],  # noqa: B006 - typer copies defaults
    timeframe: Timeframe = None,
    param: Parameters = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Rows of the ranking.")] = 50,
    at: Annotated[str | None, typer.Option(help="The moment, such as 2018-02-01; default the newest bar.")] = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Rank the symbols of a universe by what a strategy says of them."""
    from libs.client.verbs.waiting import result_of  # noqa: PLC0415 - the client's library costs 90 ms

    wish = wish_of(strategy, timeframe, symbol, parameters_of(param))
    wish |= {"universe": universe, "limit": limit, "end": moment(at, "at")}
    with client_of(folder) as client:
        found = result_of(client, "/screens", wish, "RunScreen", f"screening by {Path(strategy).stem}", folder)
    if json:
        render.as_json(found)
        return
    _show(found)


def wish_of(strategy: str, timeframe: str | None, symbols: list[str], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a request that says which strategy: one in a file, or a stored one."""
    if is_file(strategy):
        return read_definition(Path(strategy)).wish(timeframe, symbols, parameters)
    return {"strategy_id": strategy, "timeframe": timeframe, "symbols": symbols, "parameters": parameters}


def _show(found: dict[str, Any]) -> None:
    rows = [[_cell(row, name) for name in _COLUMNS] for row in found["ranked_results"]]
    mark = ", SIMULATED prices" if found["simulated"] else ""
    if rows:
        render.table(_COLUMNS, rows, found["name"] or "screen")
    render.line(f"{found['hits']} of {found['universe_size']} symbols picked, as of {found['as_of']}{mark}")
    for symbol, fault in list(found["errors"].items())[:5]:
        render.line(f"failed on {symbol}: {fault['message']}")
    for text in found["warnings"]:
        render.line(f"warning: {text}")
    if found["fundamentals"] and found["fundamentals"]["note"]:
        render.line(f"figures: {found['fundamentals']['note']}")


def _cell(row: dict[str, Any], name: str) -> Any:
    if name == "data":
        return ", ".join(f"{key} {render.cell(value)}" for key, value in row["data"].items())
    if name == "daily_change":
        return None if row[name] is None else f"{row[name]:+.2f} %"
    return row[name]
