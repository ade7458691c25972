"""Writes trees as short text, so that a test reads like the sentence: `rsi(14) < 30 & volume > 2*sma(20 of volume before)`."""

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import BadPromptError
from services.strategy_gen.compiler.reading.read import read

_UNITS = {"bar": "", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}


def span(one: t.Span) -> str:
    return f"{one.count}{_UNITS[one.unit]}"


def term(one: t.Term) -> str:
    match one:
        case t.Number(value):
            return f"{value:g}"
        case t.Column(name, shift):
            return name if not shift.count else f"{name}[{span(shift)}]"
        case t.Indicator():
            return indicator(one)
        case t.Scaled(factor, inner):
            return f"{factor:g}*{term(inner)}"
    return relative(one)


def relative(one: t.Change | t.Gap | t.FromExtreme | t.Figure) -> str:
    match one:
        case t.Change(over, of):
            return f"change({span(over)}{'' if of == 'close' else ' of ' + of})"
        case t.Gap():
            return "gap"
        case t.FromExtreme(extreme, over):
            return f"from_{extreme}({span(over)})"
    return one.name


def indicator(one: t.Indicator) -> str:
    more = "" if one.of == "close" else f" of {one.of}"
    more += "" if one.width == 2.0 else f" x{one.width:g}"
    periods = ",".join(span(each) for each in one.spans)
    return f"{one.name}({periods}{more}{' before' if one.before else ''}){'.' if one.part else ''}{one.part}"


def condition(one: t.Condition) -> str:
    match one:
        case t.Not(inner):
            return f"not ({condition(inner)})"
        case t.Held(inner, over):
            return f"({condition(inner)}) for {span(over)}"
        case t.All(conditions):
            return " & ".join(f"({condition(x)})" if isinstance(x, t.Any) else condition(x) for x in conditions)
        case t.Any(conditions):
            return " | ".join(condition(x) for x in conditions)
    return claim(one)


def claim(one: t.Compare | t.Between | t.Cross | t.Trend | t.Within | t.Streak | t.Sector) -> str:
    match one:
        case t.Compare(left, op, right):
            return f"{term(left)} {op} {term(right)}"
        case t.Between(inner, low, high):
            return f"{term(low)} <= {term(inner)} <= {term(high)}"
        case t.Cross(left, direction, right):
            return f"{term(left)} crosses {direction} {term(right)}"
        case t.Trend(inner, direction, over):
            return f"{term(inner)} {direction} {span(over)}"
        case t.Within(left, fraction, right):
            return f"{term(left)} within {fraction:g} of {term(right)}"
        case t.Streak(colour, over):
            return f"{colour} {span(over)}"
    return f"sector {one.name}"


def phrases(one: t.Condition) -> list[t.Phrase]:
    match one:
        case t.All(conditions) | t.Any(conditions):
            return [phrase for inner in conditions for phrase in phrases(inner)]
        case t.Not(inner) | t.Held(inner):
            return [one.phrase, *phrases(inner)]
    return [one.phrase]


def entry(text: str) -> str:
    return condition(read(text).entry)


def refused(text: str) -> BadPromptError:
    try:
        understood = read(text)
    except BadPromptError as error:
        return error
    raise AssertionError(f"{text!r} was understood as {condition(understood.entry)}")
