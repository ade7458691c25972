"""What `POST /execute` runs: the three functions of the documents and the names their Go backend has for them."""

from collections.abc import Mapping
from typing import Any

from libs.common.commands import Command
from libs.common.errors import BadInputError
from libs.common.studies import BacktestUniverse, RunAlert, RunScreen
from services.gateway.documented_fields import NAMES, Asked

FUNCTIONS: Mapping[str, type[Command]] = {
    "run_backtest": BacktestUniverse,
    "run_screener": RunScreen,
    "run_alert": RunAlert,
    "RunBacktest": BacktestUniverse,
    "RunScreening": RunScreen,
    "RunAlert": RunAlert,
}
"""Name in the body -> the command it becomes."""

_LISTS = ("universe", "symbols")


def read_order(body: dict[str, Any]) -> tuple[type[Command], Asked]:
    """Return the command that a body asks for and its fields; raises BadInputError.

    A universe given as a list of symbols is one; a whole number as strategy_id counts as its digits.
    """
    body = dict(body)
    command = _command(body.pop("function", None))
    _refuse_rule(command, body)
    if all(body.get(name) is None for name in ("strategy_id", "strategy_code", "code", "strategy_json", "rules")):
        raise BadInputError("there is no strategy_id", code="input.missing", pointer="/strategy_id")
    for name in _LISTS:
        if body.get(name) == []:
            raise BadInputError(
                f"{name} is empty", code="input.empty", pointer=f"/{name}", hint="leave it out to take every symbol"
            )
    names = NAMES | ({"universe": "symbols"} if isinstance(body.get("universe"), list) else {})
    asked = Asked.of(body, names)
    if type(given := asked.fields.get("strategy_id")) is int:
        asked.fields["strategy_id"] = str(given)
    return command, asked


def _command(name: Any) -> type[Command]:
    command = FUNCTIONS.get(name) if isinstance(name, str) else None
    if command is None:
        raise BadInputError(
            "there is no function" if name is None else "there is no such function",
            code="input.function",
            pointer="/function",
            hint=f"use one of {', '.join(FUNCTIONS)}",
        )
    return command


def _refuse_rule(command: type[Command], body: dict[str, Any]) -> None:
    """Take `persist` out of the body: false is what happens anyway, true is not there."""
    if command is RunAlert and body.pop("persist", False) is not False:
        raise BadInputError(
            "alert rules that stay are not kept here",
            code="input.persist",
            pointer="/persist",
            hint='to be told of every later bar: POST /api/v1/strategies/{id}/promote with {"stage": "alert"}',
        )
