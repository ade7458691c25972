"""What would become of a submission: the same reading strategy_gen does, without submitting. Decides nothing of its own."""

from typing import Any

from libs.common.commands import SubmitStrategy
from libs.common.errors import BadStrategyError
from libs.strategy.code import diagnostics, examine
from libs.strategy.spec import Strategy, code_hash, parse, strategy_id

_ANY_SYMBOL = ("BTCUSDT",)


def validate(command: SubmitStrategy) -> dict[str, Any]:
    """Return `ok`, every finding, and what the strategy would be called.

    A submission without symbols is read as far as it goes; it then has no strategy_id. Findings of code carry line and column,
    those of rules a JSON pointer.
    """
    named = bool(command.symbols) or bool(command.rules and "symbol" in command.rules)
    found: dict[str, Any] = {"ok": True, "error": None, "diagnostics": _findings(command.code)}
    try:
        strategy = parse(
            kind=command.kind,
            name=command.name,
            rules=command.rules,
            code=command.code,
            symbols=command.symbols if named else _ANY_SYMBOL,
            timeframe=command.timeframe,
            parameters=command.parameters,
            signal_mode=command.signal_mode,
        )
    except BadStrategyError as error:
        words = {"code": error.code, "detail": error.detail, "pointer": error.pointer, "hint": error.hint}
        return {**found, "ok": False, "error": words, **_nothing()}
    return {**found, **_told(strategy, named)}


def _findings(code: str | None) -> list[dict[str, Any]]:
    return [] if code is None else diagnostics(examine(code))


def _told(strategy: Strategy, named: bool) -> dict[str, Any]:
    contracts = [strategy.kind] if strategy.code is None else list(examine(strategy.code).contracts)
    return {
        "kind": strategy.kind,
        "contracts": contracts,
        "signal_mode": strategy.signal_mode,
        "parameters": strategy.parameters,
        "code_hash": code_hash(strategy),
        "strategy_id": strategy_id(strategy) if named else None,
    }


def _nothing() -> dict[str, Any]:
    return dict.fromkeys(("kind", "contracts", "signal_mode", "parameters", "code_hash", "strategy_id"))
