"""Shaping, first part: words with two uses are settled by their neighbours."""

from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Length, Lexeme
from services.strategy_gen.compiler.reading.shape.run import AMOUNTS, JOINTS, MEASURES, Lexemes, type_at, understood

_SHARED = frozenset({"sma", "ema", "wma"})
_WIDER = {">=": ">", "<=": "<"}
_SIDES = {"high": "low", "low": "high"}
_LONG = frozenset({"SPAN", "PREV", "LAST"})
_JOINED = frozenset({"AND", "OR"})
_CLAIMING = frozenset({"OP", "CROSS", "BREAK", "BETWEEN", "WITHIN", "IS", "NOT", "MOVE", "AT", "PERCENT", "TURN"})
_SIZING = frozenset({"PERCENT", "NUM", "OP", "AT", "BY", "BETWEEN", "IN", "FOR"})
_COMPARING = frozenset({"OP", "CROSS", "BREAK", "BETWEEN", "WITHIN", "PERCENT"})


def two_ways(lexemes: Lexemes) -> Lexemes:
    """Raise NotReadError for "up or down 5%": the size is said of the second alone."""
    for at, lexeme in enumerate(lexemes):
        told = [type_at(lexemes, at + place) for place in range(4)]
        if told[0] in ("MOVE", "GAP") and told[1:3] == ["OR", "MOVE"] and told[3] in _SIZING:
            hint = 'write it out: "up 5% or down 5%", "gaps up by 5% or gaps down by 5%"'
            raise NotReadError(
                "prompt.ambiguous", "{} can be read in two ways", (lexeme.start, lexemes[at + 3].end), hint
            )
    return lexemes


def two_sides(lexemes: Lexemes) -> Lexemes:
    """Raise NotReadError for "the 20-day high or low", of which the low would be that of the bar alone."""
    for at, lexeme in enumerate(lexemes):
        other = lexemes[at + 2] if at + 2 < len(lexemes) and type_at(lexemes, at + 1) in _JOINED else None
        if lexeme.type != "COLUMN" or other is None or other.type != "COLUMN":
            continue
        after, later = (type_at(lexemes, at + place) for place in (3, 4))
        is_apart = after in _CLAIMING and type_at(lexemes, at - 2) in _COMPARING
        is_long = type_at(lexemes, at - 1) in _LONG and not is_apart
        if _SIDES.get(lexeme.value) == other.value and (is_long or (after in ("OF", "IN", "FROM") and later in _LONG)):
            hint = 'write both out: "above the 20-day high or below the 20-day low"'
            raise NotReadError("prompt.ambiguous", "{} can be read in two ways", (lexeme.start, other.end), hint)
    return lexemes


def at_records(lexemes: Lexemes) -> Lexemes:
    """Raise NotReadError for "at an all-time high": bars reach back to a day, and not to the first trade."""
    for at, lexeme in enumerate(lexemes):
        follows = lexemes[at + 1] if type_at(lexemes, at + 1) == "TERM" else None
        if lexeme.type == "AT" and follows is not None and str(follows.value).startswith("alltime"):
            side = str(follows.value).partition(".")[2]
            hint = f'name an N-day {side}, as in "makes a new 252-day {side}" or "within 2% of the 252-day {side}"'
            raise NotReadError("prompt.not_modelled", "{} is not known", (lexeme.start, follows.end), hint)
    return lexemes


def small_words(lexemes: Lexemes, at: int) -> str:
    """Settle prepositions by what follows."""
    kind, after, later = (type_at(lexemes, at + i) for i in range(3))
    match kind:
        case "IS":
            return "AT" if after in ("NUM", "PERCENT") and later not in ("OP", "TERM", "COLOUR", "OF", "ENTRY") else ""
        case "BACK" if type_at(lexemes, at - 1) in ("MOVE", "CROSS", "IS"):
            return ""
        case "TO" if type_at(lexemes, at - 1) == "GUARD":
            return "AT"
        case "BY":
            return "BY" if type_at(lexemes, at - 1) in MEASURES and is_size(lexemes, at + 1) else ""
        case "LAST" | "PREV" if after == "SPAN":
            return ""
        case "OF" | "AT":
            return _of_or_at(kind, after, later)
        case "OP" | "WITHIN" if after in ("SPAN", "PREV", "LAST"):
            return _over(lexemes, at)
    return kind


def is_size(lexemes: Lexemes, at: int) -> bool:
    """Tell whether "5%", "at least 5%" stands at a place."""
    return type_at(lexemes, at + (type_at(lexemes, at) == "OP")) == "PERCENT"


def _of_or_at(kind: str, after: str, later: str) -> str:
    if after in AMOUNTS:
        return "AT" if later not in ("OP", "TERM") else ""
    if after in ("OP", "BETWEEN", "AT"):
        return ""
    if kind == "AT" and after == "SPAN" and later == "COLUMN":
        return "MAKES"
    return kind


def _over(lexemes: Lexemes, at: int) -> str:
    """Tell "over 5 days" (a time) from "over the 50-day" (a comparison)."""
    place = next((i for i in (at + 1, at + 2) if type_at(lexemes, i) == "SPAN"), None)
    lexeme = lexemes[at]
    if place is None or (lexeme.type == "OP" and lexeme.value != ">"):
        return lexeme.type
    length: Length = lexemes[place].value
    is_time = length.plural or length.count == 1 or lexeme.type == "WITHIN"
    return "IN" if is_time and type_at(lexemes, place + 1) not in ("TERM", "COLUMN") else lexeme.type


def split_more(lexemes: Lexemes) -> Lexemes:
    """Read "or above" as a joint and a comparison where something to compare with follows: "below 30 or above 70"."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        if (
            lexeme.type == "MORE"
            and lexeme.end - lexeme.start > 3
            and type_at(lexemes, at + 1) in MEASURES | AMOUNTS | {"PREV"}
        ):
            result.append(Lexeme("OR", "or", lexeme.start, lexeme.start + 2))
            result.append(Lexeme("OP", _WIDER[lexeme.value], lexeme.start + 3, lexeme.end))
        else:
            result.append(lexeme)
    return result


def closings(lexemes: Lexemes) -> Lexemes:
    """Read "opens below the low and closes above it", "and it closes above it" as said of an "it" that closes, not of the open."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        before = type_at(result, len(result) - 1)
        compares = lexeme.value == "closes" and type_at(lexemes, at + 1) in _COMPARING
        if compares and before in JOINTS | {"IT"}:
            start = result.pop().start if before == "IT" else lexeme.start
            result.append(replace(lexeme, type="IT", start=start))
        else:
            result.append(lexeme)
    return result


def denied_facts(lexemes: Lexemes) -> Lexemes:
    """Read "volume is not high", which has its own "not" inside, as "not" before "volume is high"."""
    result: Lexemes = []
    for lexeme in lexemes:
        if lexeme.type == "NOTFACT":
            result.append(understood("NOT", lexeme.start))
        result.append(replace(lexeme, type="FACT") if lexeme.type == "NOTFACT" else lexeme)
    return result


def shared_names(lexemes: Lexemes) -> Lexemes:
    """Give "the 50-day" in "the 50-day and the 200-day EMA" the name it shares."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        result.append(lexeme)
        later = at + 1
        while type_at(lexemes, later) in JOINTS:
            later += 1
        if lexeme.type == "SPAN" and not lexeme.value.plural and later > at + 1 and type_at(lexemes, later) == "SPAN":
            name = lexemes[later + 1] if type_at(lexemes, later + 1) == "TERM" else None
            if name is not None and name.value in _SHARED:
                result.append(replace(name, start=lexeme.end, end=lexeme.end))
    return result


def single_units(lexemes: Lexemes) -> Lexemes:
    """Read "in the last month" as one month."""
    result: Lexemes = []
    for lexeme in lexemes:
        if (
            lexeme.type == "UNIT"
            and lexeme.value != "bar"
            and type_at(result, len(result) - 1) in ("IN", "LAST", "PREV")
        ):
            if result[-1].type != "IN":
                result.pop()
            result.append(replace(lexeme, type="SPAN", value=Length(1, lexeme.value, True, False)))
        else:
            result.append(lexeme)
    return result


def sectors(lexemes: Lexemes) -> Lexemes:
    """Join the words around a sector's name to it: "sector is technology", "in the technology sector"."""
    result: Lexemes = []
    start: int | None = None
    for at, lexeme in enumerate(lexemes):
        after, later = type_at(lexemes, at + 1), type_at(lexemes, at + 2)
        if lexeme.type == "SECTORWORD" and type_at(result, len(result) - 1) == "SECTOR":
            result[-1] = replace(result[-1], end=lexeme.end)
        elif lexeme.type == "SECTORWORD" and (after == "SECTOR" or (after in ("OP", "NOT") and later == "SECTOR")):
            start = lexeme.start
        elif lexeme.type == "OP" and start is not None and lexeme.value == "==":
            continue
        elif start is not None:
            result.append(replace(lexeme, start=start))
            start = None
        elif not (lexeme.type in ("IN", "FROM") and after in ("SECTOR", "SECTORWORD")):
            result.append(lexeme)
    return result


def spikes(lexemes: Lexemes) -> Lexemes:
    """Read "volume spike above 2x average" as the volume, because its size is told."""
    return [
        replace(lexeme, type="COLUMN", value="volume")
        if lexeme.value == "volume_spike" and type_at(lexemes, at + 1) in ("OP", "TIMES", "PERCENT")
        else lexeme
        for at, lexeme in enumerate(lexemes)
    ]
