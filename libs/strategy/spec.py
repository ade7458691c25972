"""What a strategy is, and its ids. Decides which definitions run and when two are the same. Knows no bars and no service.

Everything a definition says is used or refused; a `Strategy` of rules that exists can run, one of Python may still fail on bars.
"""

import hashlib
import json
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict, Unpack

from libs.common.errors import BadStrategyError, BadSymbolError, BadTimeframeError
from libs.common.events import Definition
from libs.common.values import Timeframe, parse_symbol, parse_timeframe
from libs.strategy.check.contracts import SIGNAL_MODES
from libs.strategy.code import PYTHON_KINDS, normalised_hash, read_code
from libs.strategy.model_terms import MODEL, read_terms
from libs.strategy.rules_schema import is_text, read_rules

RULES = "rules.json"
KINDS = (RULES, "python", *PYTHON_KINDS, MODEL)
"""Kinds this version runs; `python` stands for the best contract that the code defines."""

MAX_SYMBOLS = 1_000
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Strategy:
    """A checked strategy.

    rules: the definition with every default written out, plus the symbol and notes it came with; None for the others. code: Python
    source; None for rules and models. symbols: canonical, sorted, at least one. parameters: every parameter that Python code declares,
    or which model and from which probability on; empty for rules. signal_mode: `action` (1 buy, -1 sell, 0 hold) or `position` (the target position after the bar).
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

    kind: str | None
    name: str
    rules: Any
    code: str | None
    symbols: Sequence[str]
    timeframe: str
    parameters: Mapping[str, Any]
    signal_mode: str | None
    allow_short: bool


def parse(**submission: Unpack[Submission]) -> Strategy:
    """Return the strategy in a submission: kind (default: rules.json, or python if there is code), rules or code, symbols,
    timeframe (default 1h), ...

    The symbol may stand in the rules, in `symbols`, or in both if they agree. Raises BadStrategyError with a JSON pointer into the
    submission and a hint; code `strategy.unsupported_kind` for kinds and forms that this version does not run, `strategy.rejected`
    for code that the checker refuses.
    """
    kind = submission.get("kind") or ("python" if submission.get("code") is not None else RULES)
    _check_kind(kind)
    if kind == RULES:
        return _rules_strategy(submission)
    return _model_strategy(submission) if kind == MODEL else _python_strategy(kind, submission)


def from_definition(definition: Definition) -> Strategy:
    """Return the strategy that a fact carries; raises BadStrategyError as `parse` if this version does not run it.

    Python code was checked when it was submitted and is checked again where it runs, so not here.
    """
    if definition.kind in PYTHON_KINDS:
        return Strategy(
            kind=definition.kind,
            name=definition.name,
            rules=None,
            code=definition.code or "",
            symbols=definition.symbols,
            timeframe=definition.timeframe,
            parameters=dict(definition.parameters),
            signal_mode=definition.signal_mode,
            allow_short=definition.allow_short,
        )
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


def tuned(strategy: Strategy, parameters: Mapping[str, Any]) -> Strategy:
    """Return the strategy with other parameters; raises BadStrategyError for those its code does not declare."""
    if strategy.kind == MODEL:
        return replace(strategy, parameters=read_terms({**strategy.parameters, **parameters}))
    if strategy.code is None:
        raise BadStrategyError(
            "rules.json takes no parameters", pointer="/parameters", hint="write them into the rules"
        )
    merged = {**strategy.parameters, **parameters}
    return replace(strategy, parameters=read_code(strategy.kind, strategy.code, merged).parameters)


def code_hash(strategy: Strategy) -> str:
    """Return the SHA-256 (hex) of what the strategy does, whatever its symbols, bar length, parameters, name and notes.

    Key order, formatting, comments, docstrings and written-out defaults do not matter; signal_mode and allow_short do.
    """
    meaning: dict[str, Any] = {"signal_mode": strategy.signal_mode, "allow_short": strategy.allow_short}
    if strategy.code is not None:
        meaning["code"] = normalised_hash(strategy.code)
    elif strategy.kind == MODEL:
        meaning[MODEL] = strategy.parameters[MODEL]
    else:
        meaning["rules"] = read_rules(strategy.rules).canonical()
    return _digest(meaning).hex()


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


def _rules_strategy(submission: Submission) -> Strategy:
    if submission.get("code") is not None:
        raise BadStrategyError("rules.json takes no code", pointer="/code", hint="leave it out")
    if submission.get("parameters"):
        raise BadStrategyError(
            "rules.json takes no parameters", pointer="/parameters", hint="write them into the rules"
        )
    if submission.get("rules") is None:
        raise BadStrategyError("there are no rules", pointer="/rules", hint='give {"symbol": ..., "indicators": {...}}')
    given = submission["rules"]
    rules = read_rules(given)
    symbols = _symbols(submission.get("symbols", ()), given, "/rules/symbol")
    timeframe = _timeframe(submission.get("timeframe", "1h"))
    rules.fit(timeframe)
    kept = {"notes": given["notes"]} if given.get("notes") else {}
    if "symbol" in given:
        kept["symbol"] = symbols[0]
    return Strategy(
        kind=RULES,
        name=_name(submission.get("name") or given.get("name", "")),
        rules={**kept, **rules.canonical()},
        code=None,
        symbols=symbols,
        timeframe=timeframe,
        parameters={},
        signal_mode=_signal_mode(submission.get("signal_mode"), None),
        allow_short=_flag(submission.get("allow_short", False)),
    )


def _python_strategy(kind: str, submission: Submission) -> Strategy:
    if submission.get("rules") is not None:
        raise BadStrategyError("a Python strategy takes no rules", pointer="/rules", hint="leave them out")
    if submission.get("code") is None:
        raise BadStrategyError("there is no code", pointer="/code", hint="define generate_signals(df)")
    code = read_code(kind, submission["code"], submission.get("parameters") or {})
    return Strategy(
        kind=code.kind,
        name=_name(submission.get("name") or ""),
        rules=None,
        code=code.source,
        symbols=_symbols(submission.get("symbols", ()), {}, "/symbols"),
        timeframe=_timeframe(submission.get("timeframe", "1h")),
        parameters=code.parameters,
        signal_mode=_signal_mode(submission.get("signal_mode"), code.signal_mode),
        allow_short=_flag(submission.get("allow_short", False)),
    )


def _model_strategy(submission: Submission) -> Strategy:
    for name in ("rules", "code"):
        if submission.get(name) is not None:
            raise BadStrategyError(f"a model takes no {name}", pointer=f"/{name}", hint="leave it out")
    return Strategy(
        kind=MODEL,
        name=_name(submission.get("name") or ""),
        rules=None,
        code=None,
        symbols=_symbols(submission.get("symbols", ()), {}, "/symbols"),
        timeframe=_timeframe(submission.get("timeframe", "1h")),
        parameters=read_terms(submission.get("parameters") or {}),
        signal_mode=_signal_mode(submission.get("signal_mode"), "action"),
        allow_short=_flag(submission.get("allow_short", False)),
    )


def _symbols(given: Any, rules: Mapping[str, Any], pointer: str) -> tuple[str, ...]:
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
        raise BadStrategyError("there is no symbol", pointer=pointer, hint='add "symbols": ["BTCUSDT"]')
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


def _signal_mode(asked: Any, written: str | None) -> Literal["action", "position"]:
    """Return the mode asked for, else the one the code is written for, else action; the two may not differ."""
    if asked is not None and written is not None and asked != written:
        raise BadStrategyError(
            f"signal_mode is {str(asked)[:32]!r}, the code says SIGNAL_MODE = {written!r}",
            pointer="/signal_mode",
            hint="leave it out of the submission",
        )
    mode = asked if asked is not None else written or "action"
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
