"""Shaping, second part: ways out are told in many words, and become a GUARD with its size or a HOLD with its time."""

from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.shape.run import HEADS, Lexemes, is_guard, out_of_order, type_at

_GUARD_OF = {"up!": "take_profit", "down!": "stop_loss"}
_LEADING = frozenset({"AT", "WITH", "FOR", "MAKES"})
_GOING_ON = ["GUARD", "PERCENT", "OR", "MOVE", "PERCENT"]
_LEAVING = frozenset({"SELL", "HOLD", "GUARD"})
_MEASURING = frozenset({"TERM", "COLUMN", "COLOUR", "BREAKOUT"})


def waits(lexemes: Lexemes) -> Lexemes:
    """Read "after 5 bars", "5 bars later" and "buy for 5 bars" as holding that long, any other "after" as "when"."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        if lexeme.type == "AFTER":
            is_time = type_at(lexemes, at + 1) == "SPAN" and type_at(lexemes, at + 2) not in _MEASURING
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
