"""Shaping, second part: ways out are told in many words, and become a GUARD with its size or a HOLD with its time."""

from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.shape.run import HEADS, JOINTS, Lexemes, is_guard, out_of_order, type_at

_GUARD_OF = {"up!": "take_profit", "down!": "stop_loss"}
_LEADING = frozenset({"AT", "WITH", "FOR", "MAKES"})
_GOING_ON = ["GUARD", "PERCENT", "OR", "MOVE", "PERCENT"]
_LEAVING = frozenset({"SELL", "HOLD", "GUARD"})
_MEASURING = frozenset({"TERM", "COLUMN", "COLOUR", "BREAKOUT"})


def waits(lexemes: Lexemes) -> Lexemes:
    """Read "after 5 bars", "5 bars later" and "buy for 5 bars" as holding that long, any other "after" as "when"."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        _require_either(lexemes, at)
        if lexeme.type == "AFTER":
            is_time = _is_time(lexemes, at)
            result.append(replace(lexeme, type="HOLD" if is_time else "WHEN"))
        elif lexeme.type == "SPAN" and type_at(lexemes, at + 1) == "LATER":
            result += [Lexeme("HOLD", "later", lexeme.start, lexeme.start), lexeme]
        elif lexeme.type == "FOR" and type_at(result, len(result) - 1) == "BUY":
            result.append(replace(lexeme, type="HOLD", value="hold"))
        elif lexeme.type != "LATER":
            result.append(lexeme)
        elif type_at(lexemes, at + 1) not in HEADS and not any(one.type in _LEAVING for one in result):
            raise out_of_order(lexeme)
    return result


def _is_time(lexemes: Lexemes, at: int) -> bool:
    """Tell whether "after 5 bars" (not "after the 5-bar average") or "5 bars later" stands at a place."""
    kinds = [type_at(lexemes, at + place) for place in range(3)]
    return kinds[:2] == ["SPAN", "LATER"] or (kinds[:2] == ["AFTER", "SPAN"] and kinds[2] not in _MEASURING)


def _require_either(lexemes: Lexemes, at: int) -> None:
    """Raise NotReadError for "when RSI is above 70 and after 10 days", either way around: both are needed, or the first of them?"""
    if lexemes[at].type != "AND":
        return
    last, after = at - 1, at + 1
    while type_at(lexemes, last) == "COMMA":
        last -= 1
    is_told = type_at(lexemes, last) not in HEADS | {""}
    if is_told and _is_time(lexemes, after) and type_at(lexemes, after + 2) not in HEADS | {"COMMA"}:
        start, end = lexemes[last].start, after + 1
    elif _is_time(lexemes, last - 1) and type_at(lexemes, last - 2) == "SELL" and not _begins(lexemes, after):
        start, end = lexemes[last - 1].start, min(after + 1, len(lexemes) - 1)
    else:
        return
    hint = 'write "or after 10 days" to sell at the first of the two; a time that must have passed cannot be asked for'
    raise NotReadError("prompt.ambiguous", "{} can be read in two ways", (start, lexemes[end].end), hint)


def _begins(lexemes: Lexemes, at: int) -> bool:
    """Tell whether something else to do begins at a place: "and buy when", "and a 5% stop", "and when ... buy"."""
    while type_at(lexemes, at) in JOINTS:
        at += 1
    if type_at(lexemes, at) in HEADS or is_guard(lexemes, at):
        return True
    return next((one.type for one in lexemes[at:] if one.type in HEADS | {"SEP"}), "") in HEADS


def entries(lexemes: Lexemes) -> Lexemes:
    """Read "price falls 5% from entry" as a guard, and drop "below entry" behind one that is told."""
    result: Lexemes = []
    for lexeme in lexemes:
        told = [one.type for one in result[-3:]]
        if lexeme.type != "ENTRY":
            result.append(lexeme)
        elif "GUARD" in told[-1:] or told[-2:] == ["GUARD", "PERCENT"] or told == ["GUARD", "AT", "PERCENT"]:
            result[-1] = replace(result[-1], end=lexeme.end)
        elif told[-1:] == ["PERCENT"] and (told[-2:-1] == ["MOVE"] or lexeme.value):
            _turn_into_guard(result, lexeme)
        else:
            hint = 'write "stop loss of 2%", "take profit at 5%" or "when price falls 5% from entry"'
            raise NotReadError("prompt.misplaced", "{} does not fit here", (lexeme.start, lexeme.end), hint)
    return result


def _turn_into_guard(result: Lexemes, entry: Lexeme) -> None:
    percent = result.pop()
    move = result.pop() if type_at(result, len(result) - 1) == "MOVE" else None
    subject = result.pop() if type_at(result, len(result) - 1) in ("PRICE", "STOCK", "IT") else None
    is_up = entry.value == "above" if move is None else move.value.startswith("up")
    start = min(one.start for one in (percent, move, subject) if one is not None)
    result.append(Lexeme("GUARD", "take_profit" if is_up else "stop_loss", start, start))
    result.append(replace(percent, start=start, end=entry.end))


def guards(lexemes: Lexemes) -> Lexemes:
    """Read "sell at 5% profit", "with a 2% stop", "when the position is up 3% or down 2%" as guards, "take profits when" as selling."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        before = type_at(result, len(result) - 1)
        if lexeme.type == "WHEN" and before == "SELL" and is_guard(lexemes, at + 1):
            continue
        if lexeme.type in _LEADING and before not in ("", "GUARD") and is_guard(lexemes, at + 1):
            result += [] if before == "SELL" else [replace(lexeme, type="SEP")]
        else:
            result.append(_as_guard(lexemes, at, before))
    return [
        replace(lexeme, type="SEP") if lexeme.type == "SELL" and is_guard(result, at + 1) else lexeme
        for at, lexeme in enumerate(result)
    ]


def _as_guard(lexemes: Lexemes, at: int, before: str) -> Lexeme:
    lexeme = lexemes[at]
    if lexeme.value == "take_profit" and type_at(lexemes, at + 1) == "WHEN" and before != "PERCENT":
        return replace(lexeme, type="SELL")
    told = [one.type for one in lexemes[max(at - 3, 0) : at + 2]]
    if told == _GOING_ON and lexeme.value in _GUARD_OF:
        return replace(lexeme, type="GUARD", value=_GUARD_OF[lexeme.value])
    return lexeme
