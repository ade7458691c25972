"""alerts: what strategies at stage alert have said."""

import sys
from typing import Annotated

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, Limit, Symbol, client_of

_COLUMNS = ("at", "message", "strategy_id", "id")


def alerts(
    strategy: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only those of this strategy.")] = None,
    limit: Limit = 20,
    symbol: Symbol = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """List what strategies at stage alert have said, newest first."""
    with client_of(folder) as client:
        found = list(client.items("/alerts", limit, strategy_id=strategy, symbol=symbol))
    if json:
        render.as_json({"items": found})
        return
    if found or not sys.stdout.isatty():
        render.table(_COLUMNS, [[one.get(name) for name in _COLUMNS] for one in found])
    if any(one["simulated"] for one in found):
        render.line("SIMULATED prices")
    if not found and sys.stdout.isatty():
        render.line(
            "no alert yet: `sentinel promote ID --stage alert`, then bars have to come: `sentinel ingest watch`"
        )
