"""Shaping, last part: where pieces and conditions begin, and what joins them."""

from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.shape.run import (
    HEADS,
    JOINTS,
    MEASURES,
    Lexemes,
    is_guard,
    out_of_order,
    type_at,
    understood,
)

_OPEN = frozenset({"AND", "OR", "LEAD", "NOT", "LEFT", "EITHER", "NEITHER"})


def pieces(lexemes: Lexemes) -> Lexemes:
    """Put one SEP where joints lead to an action or an exit, and a LEAD before every condition."""
    result: Lexemes = []
    at = 0
    while at < len(lexemes):
        end = at
        while type_at(lexemes, end) in JOINTS:
            end += 1
        before = type_at(result, len(result) - 1)
        if end > at and (
            type_at(lexemes, end) in HEADS | {"SEP"} or is_guard(lexemes, end) or _is_tail(lexemes, at, end)
        ):
            result.append(replace(lexemes[at], type="SEP", end=lexemes[end - 1].end))
            at = end
            continue
        if is_guard(lexemes, at) and before != "SEP" and not _inside_guard(result):
            result.append(understood("SEP", lexemes[at].start))
        if end == at or before not in HEADS | {"", "SEP"}:
            result.append(lexemes[at])
        at += 1
    return _leads(result)


def _is_tail(lexemes: Lexemes, at: int, end: int) -> bool:
    return end == len(lexemes) and all(lexeme.type == "COMMA" for lexeme in lexemes[at:])


def _inside_guard(result: Lexemes) -> bool:
    """Tell whether the last word is the size of a guard that goes on: "2% stop loss"."""
    return type_at(result, len(result) - 1) == "PERCENT" and type_at(result, len(result) - 2) == "SEP"


def _leads(lexemes: Lexemes) -> Lexemes:
    result: Lexemes = []
    is_open = False
    for at, lexeme in enumerate(lexemes):
        before = type_at(result, len(result) - 1)
        opens = before in HEADS | {"", "SEP"}
        if lexeme.type == "SEP" and lexeme.value == ":" and before == "LEAD":
            continue
        is_open = is_open and lexeme.type not in HEADS | {"SEP"}
        if lexeme.type == "OR" and not is_open and before in ("SPAN", "PERCENT", "GUARD"):
            result += [replace(lexeme, type="SEP"), replace(lexeme, type="SELL")]
            continue
        if lexeme.type in ("WHEN", "WHICH"):
            if before not in _OPEN:
                leads = opens or (lexeme.type == "WHEN" and not is_open)
                result.append(replace(lexeme, type="LEAD" if leads else "AND"))
            is_open = True
            continue
        if opens and lexeme.type in MEASURES and type_at(lexemes, at + 1) == "WHEN":
            hint = "say what is compared with it; a symbol that is a word is written with a dollar sign, as in $LOW"
            raise NotReadError("prompt.misplaced", "{} does not fit here", (lexeme.start, lexeme.end), hint)
        if opens and lexeme.type not in HEADS | {"SEP"} and not is_guard(lexemes, at):
            result.append(understood("LEAD", lexeme.start))
            is_open = True
        result.append(lexeme)
    return [x for at, x in enumerate(result) if not _is_repeated(result, at)]


def _is_repeated(lexemes: Lexemes, at: int) -> bool:
    """Tell whether "watch" stands before "and tell me": one alert said twice."""
    after = at + 1 + (type_at(lexemes, at + 1) == "SEP")
    return type_at(lexemes, at) == "ALERT" and type_at(lexemes, after) == "ALERT"


def in_order(lexemes: Lexemes) -> Lexemes:
    """Raise NotReadError for "and then" between conditions: each is about the same bar."""
    for at, lexeme in enumerate(lexemes):
        after = next((one.type for one in lexemes[at:] if one.type not in JOINTS), "")
        if lexeme.type == "THEN" and after not in HEADS | {"", "SEP", "LEAD"}:
            raise out_of_order(lexeme)
    return lexemes


def joints(lexemes: Lexemes) -> Lexemes:
    """Turn commas and "with" into the joint they stand for, runs of joints into one, "unless" and "without" into their opposites."""
    flat = _opposites(lexemes)
    result: Lexemes = []
    for at, lexeme in enumerate(flat):
        before = type_at(result, len(result) - 1)
        if lexeme.type not in JOINTS:
            result.append(lexeme)
            continue
        kind = _comma(flat, at) if lexeme.type == "COMMA" else "OR" if lexeme.type == "OR" else "AND"
        if before not in _OPEN:
            result.append(replace(lexeme, type=kind))
        elif before in ("AND", "OR") and result[-1].value == ",":
            result[-1] = replace(lexeme, type=kind, value=f",{lexeme.value}")
    return result


def _opposites(lexemes: Lexemes) -> Lexemes:
    flat: Lexemes = []
    for lexeme in lexemes:
        if lexeme.type == "NEITHER":
            flat += [replace(lexeme, type="NOT"), understood("NEITHER", lexeme.end)]
        elif lexeme.type == "NOR":
            flat.append(replace(lexeme, type="OR", value="nor"))
        elif lexeme.type in ("WITHOUT", "UNLESS"):
            flat += [understood("AND", lexeme.start), replace(lexeme, type="NOT")]
            flat += [understood("EITHER", lexeme.end)] if lexeme.type == "UNLESS" else []
        else:
            flat.append(lexeme)
    return flat


def _comma(lexemes: Lexemes, at: int) -> str:
    """Return the joint that the last of a list names: "A, B or C" is any of them."""
    depth = 0
    for lexeme in lexemes[at + 1 :]:
        depth += (lexeme.type == "LEFT") - (lexeme.type == "RIGHT")
        if depth < 0 or lexeme.type in ("SEP", "LEAD"):
            break
        if depth == 0 and lexeme.type in ("AND", "OR"):
            return lexeme.type
    return "AND"


def alternatives(lexemes: Lexemes) -> Lexemes:
    """Bracket "technology or energy" where something is said beside it: "with P/E under 15" is asked of both."""
    result: Lexemes = []
    at = 0
    while at < len(lexemes):
        end = at + 1
        while lexemes[at].type == "SECTOR" and type_at(lexemes, end) == "OR" and type_at(lexemes, end + 1) == "SECTOR":
            end += 2
        run = lexemes[at:end]
        if len(run) > 1 and (type_at(result, len(result) - 1) in ("AND", "NOT") or type_at(lexemes, end) == "AND"):
            run = [understood("LEFT", run[0].start), *run, understood("RIGHT", run[-1].end)]
        result += run
        at = end
    return result


def brackets(lexemes: Lexemes) -> Lexemes:
    """Close what "either", "neither" and "unless" open: before ", and" ("neither": any "and"), at the end of the piece, or with the bracket around it."""
    result: Lexemes = []
    opened: list[tuple[int, str]] = []
    depth = 0
    for lexeme in lexemes:
        while opened and opened[-1][0] == depth and _closes(lexeme, opened[-1][1]):
            result.append(understood("RIGHT", result[-1].end))
            opened.pop()
        if lexeme.type in ("EITHER", "NEITHER"):
            opened.append((depth, lexeme.type))
            result.append(replace(lexeme, type="LEFT"))
            continue
        depth += (lexeme.type == "LEFT") - (lexeme.type == "RIGHT")
        result.append(lexeme)
    return [*result, *(understood("RIGHT", result[-1].end) for _ in opened)]


def _closes(lexeme: Lexeme, opener: str) -> bool:
    is_joint = lexeme.type == "AND" and (lexeme.value == ",and" or opener == "NEITHER")
    return is_joint or lexeme.type in HEADS | {"SEP", "LEAD", "RIGHT"}


def again(lexemes: Lexemes) -> Lexemes:
    """Put an IT after a comparison that ends its condition: "crosses above the 50 EMA ... sell when it crosses below"."""
    result: list[Lexeme] = []
    for at, lexeme in enumerate(lexemes):
        result.append(lexeme)
        ends = type_at(lexemes, at + 1) in ("", "SEP", "LEAD", "AND", "OR", "RIGHT")
        if ends and lexeme.type in ("OP", "CROSS", "BREAK") and type_at(lexemes, at - 1) != "FROM":
            result.append(understood("IT", lexeme.end))
    return result
