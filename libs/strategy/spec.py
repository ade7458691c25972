"""What a strategy is, and its ids. Decides which definitions run and when two are the same. Knows no bars and no service.

Everything a definition says is used or refused; a `Strategy` that exists can run.
"""

import hashlib
import json
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from libs.common.errors import BadStrategyError, BadSymbolError, BadTimeframeError
from libs.common.events import Definition
from libs.common.values import Timeframe, parse_symbol, parse_timeframe
from libs.strategy.rules_schema import is_text, read_rules

KINDS = ("rules.json",)
"""Kinds this version runs."""

SIGNAL_MODES = ("action", "position")
MAX_SYMBOLS = 1_000
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Strategy:
    """A checked strategy.

    rules: the definition with every default written out, plus the symbol and notes it came with. symbols: canonical, sorted, at
    least one. parameters: empty for rules. signal_mode: `action` (1 buy, -1 sell, 0 hold) or `position` (the target
    position after the bar).
    """

    kind: str
    name: str
    rules: dict[str, Any] | None
    code: str | None
    symbols: tuple[str, ...]
    timeframe: Timeframe
    parameters: dict[str, Any]
    signal_mode: Literal["action", "position"] = "action"
    allow_short: bool = False


class Submission(TypedDict, total=False):
    """What a person or program may hand in, as they wrote it; the names are those of SubmitStrategy."""

    kind: str
    name: str
    rules: Any
    code: str | None
    symbols: Sequence[str]
    timeframe: str
    parameters: Mapping[str, Any]
    signal_mode: str
    allow_short: bool


def parse(**submission: Unpack[Submission]) -> Strategy:
    """Return the strategy in a submission: kind (default rules.json), rules, symbols, timeframe (default 1h), ...

    The symbol may stand in the rules, in `symbols`, or in both if they agree. Raises BadStrategyError with a JSON pointer into the
    submission and a hint; code `strategy.unsupported_kind` for kinds and forms that this version does not run.
    """
    _check_kind(submission.get("kind", "rules.json"))
    _check_unused(submission)
    if submission.get("rules") is None:
        raise BadStrategyError("there are no rules", pointer="/rules", hint='give {"symbol": ..., "indicators": {...}}')
    given = submission["rules"]
    rules = read_rules(given)
    symbols = _symbols(given, submission.get("symbols", ()))
    kept = {"notes": given["notes"]} if given.get("notes") else {}
    if "symbol" in given:
        kept["symbol"] = symbols[0]
    return Strategy(
        kind="rules.json",
        name=_name(submission.get("name") or given.get("name", "")),
        rules={**kept, **rules.canonical()},
        code=None,
        symbols=symbols,
        timeframe=_timeframe(submission.get("timeframe", "1h")),
        parameters={},
        signal_mode=_signal_mode(submission.get("signal_mode", "action")),
        allow_short=_flag(submission.get("allow_short", False)),
    )


def from_definition(definition: Definition) -> Strategy:
    """Return the strategy that a fact carries; raises BadStrategyError as `parse` if this version does not run it."""
    return parse(
        kind=definition.kind,
        name=definition.name,
        rules=definition.rules,
        code=definition.code,
        symbols=definition.symbols,
        timeframe=definition.timeframe,
        parameters=definition.parameters,
        signal_mode=definition.signal_mode,
        allow_short=definition.allow_short,
    )


def code_hash(strategy: Strategy) -> str:
    """Return the SHA-256 (hex) of what the strategy does, whatever its symbols, bar length, name and notes.

    Key order, formatting and written-out defaults do not matter; signal_mode and allow_short do.
    """
    return _digest(
        {
            "rules": read_rules(strategy.rules).canonical(),
            "signal_mode": strategy.signal_mode,
            "allow_short": strategy.allow_short,
        }
    ).hex()


def strategy_id(strategy: Strategy) -> str:
    """Return the strategy's id: 12 lower-case base32 characters of the hash of all that makes it what it is."""
    identity = [
        strategy.kind,
        code_hash(strategy),
        list(strategy.symbols),
        strategy.timeframe.value,
        strategy.parameters,
    ]
    return b32encode(_digest(identity)).decode().lower()[:12]


def _digest(value: Any) -> bytes:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()


def _check_kind(kind: Any) -> None:
    if kind not in KINDS:
        raise BadStrategyError(
            f"strategies of kind {str(kind)[:32]!r} do not run in this version",
            code="strategy.unsupported_kind",
            pointer="/kind",
            hint=f"kinds that run: {', '.join(KINDS)}",
        )


def _check_unused(submission: Submission) -> None:
    if submission.get("code") is not None:
        raise BadStrategyError("rules.json takes no code", pointer="/code", hint="leave it out")
    if submission.get("parameters"):
        raise BadStrategyError(
            "rules.json takes no parameters", pointer="/parameters", hint="write them into the rules"
        )


def _symbols(rules: Mapping[str, Any], given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise BadStrategyError("symbols is not a list", pointer="/symbols", hint='write ["BTCUSDT"]')
    listed = {_symbol(text, f"/symbols/{place}") for place, text in enumerate(given)}
    if "symbol" in rules:
        own = _symbol(rules["symbol"], "/rules/symbol")
        if listed and listed != {own}:
            raise BadStrategyError(
                f"the rules are for {own}, the submission names {', '.join(sorted(listed))[:80]}",
                pointer="/rules/symbol",
                hint="leave the symbol out of one of the two",
            )
        listed = {own}
    if not listed:
        raise BadStrategyError("there is no symbol", pointer="/rules/symbol", hint='add "symbol": "BTCUSDT"')
    if len(listed) > MAX_SYMBOLS:
        raise BadStrategyError(f"{len(listed)} symbols, {MAX_SYMBOLS} are allowed", pointer="/symbols")
    return tuple(sorted(listed))


def _symbol(text: Any, pointer: str) -> str:
    if not isinstance(text, str):
        raise BadStrategyError("the symbol is not a text", pointer=pointer, hint="write it like BTCUSDT")
    try:
        return parse_symbol(text)
    except BadSymbolError as error:
        raise BadStrategyError(error.detail, pointer=pointer, hint=error.hint) from None


def _timeframe(text: Any) -> Timeframe:
    try:
        return parse_timeframe(text)
    except BadTimeframeError as error:
        raise BadStrategyError(error.detail, pointer="/timeframe", hint=error.hint) from None


def _name(name: str) -> str:
    if not is_text(name, _LONGEST_NAME):
        raise BadStrategyError(f"the name is not a text of at most {_LONGEST_NAME} characters", pointer="/name")
    return name


def _signal_mode(mode: Any) -> Literal["action", "position"]:
    if mode == "action":
        return "action"
    if mode == "position":
        return "position"
    raise BadStrategyError(
        f"signal_mode is {str(mode)[:32]!r}", pointer="/signal_mode", hint=f"use one of {', '.join(SIGNAL_MODES)}"
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadStrategyError("allow_short is not true or false", pointer="/allow_short")
    return value
