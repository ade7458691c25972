"""submit, strategies, backtest, promote, retire: the life of a strategy, through the gateway."""

import json as jsonlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.errors import BelowVerdictError
from libs.client.verbs.options import DataDir, End, Json, Limit, Start, Symbol, client_of, moment
from libs.common.errors import BadInputError

VERDICTS = ("excellent", "good", "average", "poor", "reject")
"""Best first, as `libs.common.values.Verdict` has them; spelled again because that module costs 70 ms at --help."""
MAX_FILE_BYTES = 262_144

Timeframe = Annotated[str | None, typer.Option("--timeframe", help="Bar length: 1m 5m 15m 1h 4h 1d.")]
StrategyId = Annotated[str, typer.Argument(help="The strategy's id.")]


class Stage(StrEnum):
    """How far a strategy is promoted; live is not built yet and the gate says so."""

    ALERT = "alert"
    PAPER = "paper"
    LIVE = "live"


def submit(
    file: Annotated[Path, typer.Argument(help="JSON file with the strategy's rules.")],
    symbol: Symbol = None,
    timeframe: Timeframe = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Submit a strategy for judgement."""
    definition = read_rules(file)
    wish = {"kind": "rules.json", "name": definition["name"], "rules": definition["rules"]}
    wish |= {"timeframe": timeframe or definition["timeframe"]} | ({"symbols": [symbol]} if symbol else {})
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
    strategy: Annotated[str, typer.Argument(help="A strategy's id, or a JSON file with rules.")],
    symbol: Symbol = None,
    timeframe: Timeframe = None,
    start: Start = None,
    end: End = None,
    min_verdict: Annotated[str | None, typer.Option(help=f"Exit 3 when worse: {' '.join(VERDICTS)}.")] = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Backtest a strategy on stored bars: metrics, and the verdict with the rule that decided it."""
    if min_verdict is not None and min_verdict not in VERDICTS:
        raise typer.BadParameter(f"one of {', '.join(VERDICTS)}", param_hint="--min-verdict")
    wish: dict[str, Any] = {"symbol": symbol, "start": moment(start, "start"), "end": moment(end, "end")}
    path = Path(strategy)
    if path.suffix == ".json" or path.is_file():
        definition = read_rules(path)
        wish |= {
            "rules": definition["rules"],
            "name": definition["name"],
            "timeframe": timeframe or definition["timeframe"],
        }
    else:
        wish |= {"strategy_id": strategy, "timeframe": timeframe}
    with client_of(folder) as client:
        body = client.backtest({name: value for name, value in wish.items() if value is not None})
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


def read_rules(path: Path) -> dict[str, Any]:
    """Return name, timeframe and rules of a strategy file: either `{"name", "timeframe", "rules"}` or the rules alone.

    Raises BadInputError with the line and column of what is wrong.
    """
    try:
        raw = path.read_bytes()[: MAX_FILE_BYTES + 1]
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}", code="input.file", pointer=str(path)) from None
    if len(raw) > MAX_FILE_BYTES:
        raise BadInputError(f"{path} is larger than {MAX_FILE_BYTES} bytes", code="input.file", pointer=str(path))
    try:
        found = jsonlib.loads(raw)
    except jsonlib.JSONDecodeError as error:
        raise BadInputError(
            f"{path}: {error.msg}", code="input.json", pointer=f"{error.lineno}:{error.colno}"
        ) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise BadInputError(
            f"{path}: not JSON ({type(error).__name__})", code="input.json", pointer=str(path)
        ) from None
    if not isinstance(found, dict):
        raise BadInputError(f"{path} does not hold a JSON object", code="input.json", pointer="1:1")
    rules = found.get("rules", found)
    return {"name": found.get("name", path.stem), "timeframe": found.get("timeframe", "1h"), "rules": rules}


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
    render.line(f"backtest: {body['backtest_id']}, report: {body['report_key']}")
