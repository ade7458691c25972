"""trades, portfolio, agents, decisions, why, kill, resume: what the system does with money, and how to stop it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from libs.client import render
from libs.client.errors import RefusedByGatewayError
from libs.client.verbs.options import DataDir, Json, Limit, Symbol, client_of, on_bus
from libs.common.errors import NotFoundError, PermanentError

if TYPE_CHECKING:
    from libs.common.bus.outlet import BusOutlet
    from libs.common.commands import HaltTrading, ReduceTrading, ResumeTrading

ANSWER_WITHIN_S = 5.0
_TOLD = {
    "fill": ("symbol", "side", "quantity", "price", "fee", "realized_pnl"),
    "order": ("symbol", "side", "state", "quote_amount", "code"),
    "decision": ("symbol", "action", "quote_amount", "score", "rank", "reason"),
    "signal": ("symbol", "action", "confidence", "reasoning"),
    "alert": ("symbol", "action", "message"),
    "bar": ("symbol", "timeframe", "open", "high", "low", "close", "volume"),
    "strategy": ("name", "kind", "symbols", "timeframe", "status"),
    "verdict": ("verdict", "deciding_rule", "closed_trades", "window_start", "window_end"),
    "attempt": ("variant", "number", "engine", "model", "step", "cost_usd"),
    "generation": ("text", "engine", "variants", "universe", "timeframe"),
}
KINDS = ("fill", "order", "decision", "signal", "alert", "strategy", "generation", "attempt")
"""What `why` looks among, in this order."""
Account = Annotated[str, typer.Option("--account", help="Which books.")]

_TRADES = ("at", "symbol", "side", "quantity", "price", "fee", "realized_pnl", "confidence", "strategy_id", "id")
_DECISIONS = ("at", "symbol", "action", "quote_amount", "score", "rank", "reason", "strategy_id", "id")
_AGENTS = ("symbol", "strategy_id", "name", "timeframe", "stage", "account", "verdict")
_SIGNAL = ("action", "confidence", "at", "reasoning")
_POSITIONS = ("symbol", "quantity", "average_price", "last_price", "open_pnl", "strategy_id")


def trades(limit: Limit = 20, symbol: Symbol = None, folder: DataDir = None, json: Json = False) -> None:
    """List fills, newest first."""
    _list("/trades", _TRADES, limit, folder, json, symbol=symbol)


def decisions(limit: Limit = 20, symbol: Symbol = None, folder: DataDir = None, json: Json = False) -> None:
    """List what Mother AI decided, newest first."""
    _list("/decisions", _DECISIONS, limit, folder, json, symbol=symbol)


def agents(limit: Limit = 200, folder: DataDir = None, json: Json = False) -> None:
    """List what runs on which symbol and what it said last."""
    with client_of(folder) as client:
        found = list(client.items("/agents", limit))
    if json:
        render.as_json({"items": found})
        return
    rows = [_agent(one["symbol"], strategy) for one in found for strategy in one["strategies"]]
    rows.sort(key=_said_at, reverse=True)
    render.table((*_AGENTS, *_SIGNAL), rows)


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
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a fill, order, decision, signal, alert, strategy or generation.")
    ],
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Show the causes of a trade: order, decision, signal, bar, strategy, verdict, and the sentence that became the strategy."""
    with client_of(folder) as client:
        for kind in KINDS:
            try:
                body = client.lineage(kind, identity)
                break
            except RefusedByGatewayError as error:
                if error.code != "not_found":
                    raise
        else:
            raise NotFoundError(
                f"nothing is known under the id {identity}",
                hint="`sentinel trades`, `decisions`, `alerts`, `strategies` and `jobs` show ids",
            )
    if json:
        render.as_json(body)
    else:
        render.tree(_lines(body["steps"]))


def kill(
    reason: Annotated[str, typer.Argument(help="Why; it is kept.")] = "stopped by hand",
    reduce: Annotated[bool, typer.Option("--reduce", help="Let exits leave, entries not.")] = False,
    folder: DataDir = None,
) -> None:
    """Stop trading at once, straight on the bus, with the gateway up or down."""
    from libs.common.commands import HaltTrading, ReduceTrading  # noqa: PLC0415 - pydantic costs 70 ms at --help

    _tell(ReduceTrading if reduce else HaltTrading, reason, folder)
    render.line("only exits leave now" if reduce else "nothing leaves any more")


def resume(
    reason: Annotated[str, typer.Argument(help="Why it is safe again; it is kept.")],
    folder: DataDir = None,
) -> None:
    """Trade again after a kill."""
    from libs.common.commands import ResumeTrading  # noqa: PLC0415 - pydantic costs 70 ms at --help

    _tell(ResumeTrading, reason, folder)
    render.line("trading again")


def _tell(kind: "type[HaltTrading | ReduceTrading | ResumeTrading]", reason: str, folder: Any) -> None:
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


def _agent(symbol: str, strategy: dict[str, Any]) -> list[Any]:
    said = strategy["signal"] or {}
    return [symbol, *(strategy[name] for name in _AGENTS[1:]), *(said.get(name) for name in _SIGNAL)]


def _said_at(row: list[Any]) -> str:
    return str(row[len(_AGENTS) + _SIGNAL.index("at")] or "")


def _lines(steps: list[dict[str, Any]]) -> list[tuple[int, str]]:
    depths: dict[str, int] = {}
    found = []
    for step in steps:
        depths[step["id"]] = depths[step["of"]] + 1 if step["of"] in depths else 0
        found.append((depths[step["id"]], _step(step)))
    return found


def _step(step: dict[str, Any]) -> str:
    if step["missing"]:
        return f"{step['kind']} {step['id']}: not stored any more"
    fact = step["fact"]
    words = [f"{name} {render.brief(fact[name])}" for name in _TOLD[step["kind"]] if fact.get(name) is not None]
    mark = " SIMULATED" if fact.get("simulated") else ""
    return f"{step['kind']} {step['id']} at {render.cell(step['at'])}{mark}: {', '.join(words)}"
