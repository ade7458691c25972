"""submit, strategies, backtest, promote, retire: the life of a strategy, through the gateway."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.definitions import is_file, parameters_of, read_definition
from libs.client.errors import BelowVerdictError
from libs.client.verbs.options import DataDir, End, Json, Limit, Start, client_of, moment

VERDICTS = ("excellent", "good", "average", "poor", "reject")
"""Best first, as `libs.common.values.Verdict` has them; spelled again because that module costs 70 ms at --help."""
Timeframe = Annotated[str | None, typer.Option("--timeframe", help="Bar length: 1m 5m 15m 1h 4h 1d.")]
Symbols = Annotated[list[str], typer.Option("--symbol", help="Symbol it runs on, such as BTCUSDT; may be repeated.")]
Parameters = Annotated[list[str], typer.Option("--param", help="name=value for a Python strategy; may be repeated.")]
StrategyId = Annotated[str, typer.Argument(help="The strategy's id.")]


class Stage(StrEnum):
    """How far a strategy is promoted; live is not built yet and the gate says so."""

    ALERT = "alert"
    PAPER = "paper"
    LIVE = "live"


def submit(
    file: Annotated[Path, typer.Argument(help="JSON file with rules, or Python file with code.")],
    symbol: Symbols = [],  # noqa: B006 - typer copies defaults
    timeframe: Timeframe = None,
    param: Parameters = [],  # noqa: B006
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Submit a strategy for judgement."""
    wish = read_definition(file).wish(timeframe, symbol, parameters_of(param))
    with client_of(folder) as client:
        body = client.submit(wish)
    _show(body, json, "submitted")


def strategies(limit: Limit = 50, folder: DataDir = None, json: Json = False) -> None:
    """List strategies: where they stand and what they are worth."""
    with client_of(folder) as client:
        found = list(client.items("/strategies", limit))
    if json:
        render.as_json({"items": found})
        return
    columns = ("id", "name", "symbols", "timeframe", "status", "verdict", "created_at")
    render.table(columns, [[one.get(name) for name in columns] for one in found])


def backtest(
    strategy: Annotated[str, typer.Argument(help="A strategy's id, or a file with rules or code.")],
    symbol: Symbols = [],  # noqa: B006
    timeframe: Timeframe = None,
    param: Parameters = [],  # noqa: B006
    start: Start = None,
    end: End = None,
    min_verdict: Annotated[str | None, typer.Option(help=f"Exit 3 when worse: {' '.join(VERDICTS)}.")] = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Backtest a strategy on stored bars: metrics, and the verdict with the rule that decided it."""
    if min_verdict is not None and min_verdict not in VERDICTS:
        raise typer.BadParameter(f"one of {', '.join(VERDICTS)}", param_hint="--min-verdict")
    wish: dict[str, Any] = {"start": moment(start, "start"), "end": moment(end, "end")}
    parameters = parameters_of(param)
    if is_file(strategy):
        wish |= read_definition(Path(strategy)).wish(timeframe, symbol, parameters)
    else:
        wish |= {"strategy_id": strategy, "timeframe": timeframe, "symbols": symbol, "parameters": parameters}
    with client_of(folder) as client:
        body = client.backtest({name: value for name, value in wish.items() if value not in (None, [], {})})
    if json:
        render.as_json(body)
    else:
        _show_backtest(body)
    if min_verdict is not None and VERDICTS.index(body["verdict"]) > VERDICTS.index(min_verdict):
        raise BelowVerdictError(f"the verdict is {body['verdict']}, {min_verdict} was asked for")


def promote(
    strategy_id: StrategyId,
    stage: Annotated[Stage, typer.Option(help="Where it shall run.")] = Stage.PAPER,
    override: Annotated[
        str | None, typer.Option(help="Reason to pass a closed gate, for paper only; it is kept.")
    ] = None,
    account: Annotated[str, typer.Option(help="Paper account it trades in.")] = "paper",
    fraction: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of the account's cash per buy.")
    ] = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Let a judged strategy run live at a stage."""
    wish = {"stage": stage.value, "account": account, "fraction": fraction, "override_reason": override}
    with client_of(folder) as client:
        body = client.promote(strategy_id, {name: value for name, value in wish.items() if value is not None})
    _show(body, json, f"promoted to {stage.value}")
    if not json:
        seen = "alerts" if stage is Stage.ALERT else "trades"
        render.line(f"next: sentinel {seen}, once bars come (sentinel ingest watch SYMBOL... where no feed runs)")


def retire(
    strategy_id: StrategyId,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Stop running a strategy; its history stays."""
    with client_of(folder) as client:
        body = client.retire(strategy_id, reason)
    _show(body, json, "retired")


def _show(body: dict[str, Any], json: bool, done: str) -> None:
    if json:
        render.as_json(body)
    else:
        already = " (it was known already)" if body["result"].get("duplicate") else ""
        render.line(f"{done}: {', '.join(body['ids'])}{already}")
        if body["result"].get("hint"):
            render.line(f"  hint: {body['result']['hint']}")


def _show_backtest(body: dict[str, Any]) -> None:
    metrics = body["metrics"]
    mark = ", SIMULATED prices" if body["simulated"] else ""
    window = f"{', '.join(body['symbols'])} {body['timeframe']}, {body['window_start']} to {body['window_end']}, {body['bars']} bars{mark}"
    render.table(("metric", "value"), [(name, metrics[name]) for name in sorted(metrics)], f"{body['name']}: {window}")
    render.line(f"verdict: {body['deciding_rule']}")
    if not sys.stdout.isatty():
        render.line(f"judged on: {window}")
    render.line(f"backtest: {body['backtest_id']}, report: {body['report_key']}")
