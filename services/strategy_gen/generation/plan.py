"""From a request to a plan: who writes, which contract, which symbols, which bar length.

Decides what is refused before anything was written. Reads the catalog and asks the compiler, nothing else; repeatable.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

from libs.common.errors import BadInputError, PermanentError, RefusedError
from libs.common.generation import GenerateStrategy
from libs.common.values import Timeframe, parse_symbol, parse_timeframe
from services.strategy_gen.generation.stock import Stock
from services.strategy_gen.generation.values import Plan

MOST_SYMBOLS = 1_000
_FINAL = ("timeframe", "two_timeframes", "two_markets", "short", "contradiction", "impossible", "empty", "control")
FINAL = frozenset(f"prompt.{each}" for each in _FINAL)
"""Codes of the compiler for texts that are understood and cannot be done, so that no model is asked."""

_SCREEN = re.compile(r"\s*(?:find|screen|scan|list|show|look for|search|which|what|alert|notify|tell)\b", re.I)
_WORD = re.compile(r"[A-Z0-9][A-Z0-9/._-]{0,31}")
_LENGTHS = (
    (Timeframe.D1, r"daily|1[- ]?d(?:ay)?\b(?= (?:chart|bars?|candles?))|\b1d\b"),
    (Timeframe.H4, r"\b4[- ]?h(?:our(?:ly|s)?)?\b|four[- ]hour"),
    (Timeframe.H1, r"\bhourly\b|\b1[- ]?h(?:our)?\b"),
    (Timeframe.M15, r"\b15[- ]?m(?:in(?:ute)?s?)?\b"),
    (Timeframe.M5, r"\b5[- ]?m(?:in(?:ute)?s?)?\b"),
    (Timeframe.M1, r"\b1[- ]?m(?:in(?:ute)?)?\b"),
)


class Compiled(Protocol):
    """What the compiler makes of a text."""

    kind: Any
    code: str
    name: str
    symbols: tuple[str, ...]
    timeframe: Any
    purpose: Any
    in_words: str
    assumptions: tuple[Any, ...]
    sentence: Any


Compile = Callable[..., Compiled]
"""`compile(text, timeframe=, kind=, name=)`; raises BadInputError (pointer /text) quoting what it does not understand."""


def plan_of(command: GenerateStrategy, stock: Stock, compile_text: Compile, *, has_model: bool) -> Plan:
    """Return what is to be done for a request.

    Raises BadInputError, NotFoundError or RefusedError with a pointer into the command; the compiler's error, with all diagnostics, where no model
    can take its place.
    """
    if command.engine == "llm" and not has_model:
        raise RefusedError(
            "no model is configured",
            code="model.none",
            pointer="/engine",
            hint="set SENTINEL_LLM=provider:model and its key, or SENTINEL_LLM_URL; or use engine offline (--offline)",
        )
    asked = _timeframe(command)
    named = _named(command, stock)
    try:
        read = _compiled(command, stock, compile_text, asked, named)
    except BadInputError as error:
        if command.engine == "offline" or not has_model or error.pointer != "/text" or error.code in FINAL:
            raise
        return _by_model(command, stock, asked, named)
    compiled, timeframe, symbols = read
    engine = "llm" if command.engine == "llm" else "compiler"
    warnings = _absent(stock, symbols, timeframe)
    if engine == "compiler" and command.variants > 1:
        warnings += (f"{command.variants} variants were asked for: the compiler has one answer to a sentence",)
    return Plan(
        engine="llm" if engine == "llm" else "compiler",
        compiles=True,
        kind=compiled.kind,
        timeframe=timeframe.value,
        symbols=symbols,
        universe=command.universe,
        in_words=compiled.in_words[:4_000],
        assumptions=tuple((each.phrase[:256], each.meaning[:400]) for each in compiled.assumptions),
        warnings=warnings,
    )


def _compiled(
    command: GenerateStrategy, stock: Stock, compile_text: Compile, asked: Timeframe | None, named: tuple[str, ...]
) -> tuple[Compiled, Timeframe, tuple[str, ...]]:
    """Return the compiler's reading with the bar length and symbols it is for."""
    compiled = compile_text(command.text, timeframe=asked, kind=command.kind, name=command.name)
    own = tuple(stock.alias(symbol) for symbol in compiled.symbols)
    if named and own and set(own) != set(named):
        raise BadInputError(
            f"the text is about {', '.join(own)[:80]}, the request about {', '.join(named)[:80]}",
            code="prompt.two_symbols",
            pointer="/symbols",
            hint="leave one of the two out",
        )
    known = named or own
    told = compiled.sentence.timeframe or asked
    timeframe = parse_timeframe(told) if told else _usual(stock, known, compiled.timeframe)
    if not told and timeframe != compiled.timeframe:
        compiled = compile_text(command.text, timeframe=timeframe, kind=command.kind, name=command.name)
    is_screen = compiled.purpose != "trade"
    return compiled, timeframe, _symbols(command, stock, timeframe, known, is_screen=is_screen)


def _by_model(command: GenerateStrategy, stock: Stock, asked: Timeframe | None, named: tuple[str, ...]) -> Plan:
    """Return the plan of a text that only a model can read."""
    stored = set(stock.symbols())
    spoken = sorted({symbol for word in _WORD.findall(command.text) if (symbol := _stored(word, stock)) in stored})
    known = named or tuple(spoken)
    told = asked or next((length for length, words in _LENGTHS if re.search(words, command.text, re.I)), None)
    timeframe = told or _usual(stock, known, None)
    is_screen = _SCREEN.match(command.text) is not None
    symbols = _symbols(command, stock, timeframe, known, is_screen=is_screen)
    kind = command.kind or ("python.classify" if is_screen else "python.signals")
    return Plan(
        "llm", False, kind, timeframe.value, symbols, command.universe, warnings=_absent(stock, symbols, timeframe)
    )


def _stored(word: str, stock: Stock) -> str:
    try:
        return stock.alias(parse_symbol(word.rstrip("./-_")))
    except PermanentError:
        return ""


def _timeframe(command: GenerateStrategy) -> Timeframe | None:
    if command.timeframe is None:
        return None
    try:
        return parse_timeframe(command.timeframe)
    except BadInputError as error:
        error.pointer = "/timeframe"
        raise


def _named(command: GenerateStrategy, stock: Stock) -> tuple[str, ...]:
    """Return the symbols that the request itself names, canonical and sorted."""
    if command.symbols and command.universe is not None:
        raise BadInputError(
            "the request names a universe and symbols", code="prompt.two_universes", pointer="/symbols", hint="give one"
        )
    if command.universe is not None:
        return stock.listed(command.universe)
    found = set()
    for place, text in enumerate(command.symbols):
        try:
            found.add(stock.alias(parse_symbol(text)))
        except BadInputError as error:
            error.pointer = f"/symbols/{place}"
            raise
    return tuple(sorted(found))


def _usual(stock: Stock, symbols: tuple[str, ...], unit: str | None) -> Timeframe:
    """Return the bar length where nobody names one: the unit's own if such bars are stored, else 1h, else the only stored one."""
    stored = stock.timeframes(symbols)
    if unit is not None and (not stored or unit in stored):
        return parse_timeframe(unit)
    if not stored or Timeframe.H1 in stored:
        return Timeframe.H1
    if len(stored) == 1:
        return stored[0]
    raise BadInputError(
        f"bars of {', '.join(stored)} are stored, and neither the text nor the request says which to use",
        code="prompt.no_timeframe",
        pointer="/timeframe",
        hint=f'say it in the text, as in "on the daily chart", or give "timeframe" (--timeframe {stored[-1]})',
    )


def _symbols(
    command: GenerateStrategy, stock: Stock, timeframe: Timeframe, known: tuple[str, ...], *, is_screen: bool
) -> tuple[str, ...]:
    if command.universe is not None:
        found = stock.members(command.universe, timeframe)
    else:
        found = known or (stock.symbols(timeframe) if is_screen else ())
    if not found:
        raise BadInputError(
            f"no {timeframe} bars are stored to look for stocks in" if is_screen else "the text names no symbol",
            code="prompt.no_symbol",
            pointer="/symbols",
            hint='say it in the text ("on BTCUSDT"), or name "symbols" (--symbol) or a "universe" (--universe)'
            if not is_screen
            else "import bars first, or name symbols",
        )
    if len(found) > MOST_SYMBOLS:
        raise BadInputError(
            f"{len(found)} symbols, {MOST_SYMBOLS} are allowed",
            code="prompt.too_many_symbols",
            pointer="/universe" if command.universe else "/symbols",
            hint="name a smaller universe",
        )
    return tuple(sorted(set(found)))


def _absent(stock: Stock, symbols: tuple[str, ...], timeframe: Timeframe) -> tuple[str, ...]:
    """Return a warning that names symbols without bars."""
    stored = set(stock.symbols(timeframe))
    absent = [symbol for symbol in symbols if symbol not in stored]
    if not absent:
        return ()
    return (
        f"no {timeframe} bars of {', '.join(absent)[:160]} are stored: import or watch them before it can be judged",
    )
