"""trades, portfolio, agents, decisions, why, kill, resume: what the system does with money, and how to stop it."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from libs.client import render
from libs.client.errors import RefusedByGatewayError
from libs.client.verbs.options import DataDir, Json, Limit, Symbol, client_of, on_bus
from libs.common.errors import PermanentError

if TYPE_CHECKING:
    from libs.common.bus.outlet import BusOutlet
    from libs.common.commands import Command

ANSWER_WITHIN_S = 5.0
KINDS = ("fill", "order", "decision", "signal", "strategy")
Account = Annotated[str, typer.Option("--account", help="Which books.")]

_TRADES = ("at", "symbol", "side", "quantity", "price", "fee", "realized_pnl", "confidence", "strategy_id", "event_id")
_DECISIONS = ("at", "symbol", "action", "quote_amount", "score", "rank", "reason", "strategy_id", "event_id")
_AGENTS = ("symbol", "strategy_id", "name", "timeframe", "stage", "action", "confidence", "at")
_POSITIONS = ("symbol", "quantity", "average_price", "last_price", "open_pnl", "strategy_id")


def trades(limit: Limit = 20, symbol: Symbol = None, folder: DataDir = None, json: Json = False) -> None:
    """List fills, newest first."""
    _list("/trades", _TRADES, limit, folder, json, symbol=symbol)


def decisions(limit: Limit = 20, symbol: Symbol = None, folder: DataDir = None, json: Json = False) -> None:
    """List what Mother AI decided, newest first."""
    _list("/decisions", _DECISIONS, limit, folder, json, symbol=symbol)


def agents(limit: Limit = 200, folder: DataDir = None, json: Json = False) -> None:
    """List what runs on which symbol and what it said last."""
    _list("/agents", _AGENTS, limit, folder, json)


def portfolio(account: Account = "paper", folder: DataDir = None, json: Json = False) -> None:
    """Show the books of an account: cash, equity, holdings."""
    with client_of(folder) as client:
        body = client.portfolio(account)
    if json:
        render.as_json(body)
        return
    names = ("at", "cash", "equity", "realized_pnl", "open_pnl", "fees_paid", "fill_count", "initial_cash")
    mark = " (SIMULATED prices)" if body.get("simulated") else ""
    render.facts([(name, body.get(name)) for name in names], f"account {account}{mark}")
    rows = [[position.get(name) for name in _POSITIONS] for position in body["positions"]]
    if rows:
        render.table(_POSITIONS, rows, "holdings")


def why(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Id of a fill, an order, a decision or a signal.")],
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Show the causes of a trade: order, decision, signal, bar, strategy, verdict."""
    with client_of(folder) as client:
        for kind in KINDS:
            try:
                body = client.lineage(kind, identity)
                break
            except RefusedByGatewayError as error:
                if error.code != "not_found" or kind == KINDS[-1]:
                    raise
    if json:
        render.as_json(body)
    else:
        render.tree(list(_lines(body)))


def kill(
    reason: Annotated[str, typer.Argument(help="Why; it is kept.")] = "stopped by hand",
    reduce: Annotated[bool, typer.Option("--reduce", help="Let exits leave, entries not.")] = False,
    folder: DataDir = None,
) -> None:
    """Stop trading at once, straight on the bus, with the gateway up or down."""
    from libs.common.commands import HaltTrading, ReduceTrading  # noqa: PLC0415 - pydantic costs 70 ms at --help

    kind: type[Command] = ReduceTrading if reduce else HaltTrading
    _tell(kind, reason, folder)
    render.line("only exits leave now" if reduce else "nothing leaves any more")


def resume(
    reason: Annotated[str, typer.Argument(help="Why it is safe again; it is kept.")],
    folder: DataDir = None,
) -> None:
    """Trade again after a kill."""
    from libs.common.commands import ResumeTrading  # noqa: PLC0415 - pydantic costs 70 ms at --help

    _tell(ResumeTrading, reason, folder)
    render.line("trading again")


def _tell(kind: "type[Command]", reason: str, folder: Any) -> None:
    from libs.common.events import CommandRefused  # noqa: PLC0415 - pydantic costs 70 ms at --help

    identity = str(uuid4())
    command = kind(event_id=identity, root_id=identity, at=datetime.now(UTC), asked_by="cli", reason=reason)

    async def ask(outlet: "BusOutlet") -> Any:
        return await outlet.ask(command, ANSWER_WITHIN_S)

    answer = on_bus(folder, ask)
    if isinstance(answer, CommandRefused):
        raise PermanentError(answer.detail, code=answer.code, pointer=answer.pointer, hint=answer.hint)


def _list(path: str, columns: tuple[str, ...], limit: int, folder: Any, json: bool, **query: Any) -> None:
    with client_of(folder) as client:
        found = list(client.items(path, limit, **query))
    if json:
        render.as_json({"items": found})
    else:
        render.table(columns, [[one.get(name) for name in columns] for one in found])


def _lines(node: dict[str, Any], depth: int = 0) -> Any:
    yield depth, str(node["text"])
    for cause in node["causes"]:
        yield from _lines(cause, depth + 1)
