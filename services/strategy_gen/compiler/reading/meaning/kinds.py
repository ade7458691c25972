"""What a term measures, so that only like is compared with like; and amounts in the unit of what they are compared with."""

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, lexemes, refuse
from services.strategy_gen.compiler.reading.vocabulary_figures import PERCENT_FIGURES

_OF_INDICATOR = {
    "rsi": "index",
    "stochastic": "index",
    "adx": "index",
    "macd": "macd",
    "obv": "obv",
    "roc": "percent",
    "atr": "atr",
}
_MOST_DEBT = 10
"""A debt to equity ratio above it is told in percent, though not marked so."""
_RATIOS_IN_PERCENT = frozenset({"debt_to_equity", "current_ratio"})


def kind_of(term: t.Term) -> str:
    """Return `price`, `volume`, `index` (0 to 100), `macd`, `obv`, `atr`, `percent`, `fraction`, `number` or the name of a company figure."""
    match term:
        case t.Number():
            return "number"
        case t.Column(name=name):
            return "volume" if name == "volume" else "price"
        case t.Indicator(name=name, of=of):
            return _OF_INDICATOR.get(name, "volume" if of == "volume" else "price")
        case t.Scaled(term=inner):
            return kind_of(inner)
        case t.Figure(name=name):
            return name
    return "fraction"


def number_for(reading: Reading, left: t.Term, amount: Lexeme, where: Node | Lexeme) -> t.Term:
    """Return an amount in the unit of `left`. Raises NotReadError for a unit that it does not have."""
    kind, value, unit = kind_of(left), float(amount.value), amount.type
    _require_unit(left, amount, where)
    if kind == "fraction":
        if unit != "PERCENT":
            raise refuse("prompt.unit", "{} is not a percentage", amount, hint=f'write "{value:g}%"')
        return t.Number(_fraction(value))
    if kind == "debt_to_equity" and unit != "PERCENT" and value > _MOST_DEBT:
        hint = f'it is a ratio: 0.5 is half as much debt as equity; write "{value / 100:g}" or "{value:g}%"'
        raise refuse("prompt.unit", "{} looks like a percentage", amount, hint=hint)
    if kind in PERCENT_FIGURES:
        return _in_percent(amount)
    if unit != "PERCENT" or kind in ("index", "percent"):
        return t.Number(value)
    if kind in _RATIOS_IN_PERCENT:
        return t.Number(_fraction(value))
    if isinstance(left, t.Indicator) and left.name == "atr":
        reading.assume(reading.phrase(amount), "that share of the close")
        return t.Scaled(_fraction(value), t.Column("close"))
    raise refuse(
        "prompt.unit", "{} does not say of what", amount, hint='write a number, or "2% above the 20-day average"'
    )


def _require_unit(left: t.Term, amount: Lexeme, where: Node | Lexeme) -> None:
    if any(x.type == "STOCK" for x in lexemes(where)) and kind_of(left) != "volume":
        raise refuse("prompt.unit", "{} is a number of shares", where, hint='write "volume above 1 million shares"')
    if amount.type == "TIMES" and not isinstance(left, t.Figure):
        raise refuse("prompt.no_comparison", "{} of what is not said", amount, hint='write "2x average volume"')


def _in_percent(amount: Lexeme) -> t.Number:
    """Return an amount of a figure that is told in percent; a plain "0.03" may be meant as a fraction."""
    value = float(amount.value)
    if amount.type == "NUM" and 0 < value < 1:
        hint = f'write "{value * 100:g}%" or "{value:g}%"'
        raise refuse("prompt.unit", "{} may be a fraction or a percentage", amount, hint=hint)
    return t.Number(value)


def require_alike(left: t.Term, right: t.Term, where: Node) -> None:
    """Raise NotReadError if the two measure different things."""
    kinds = {kind_of(left), kind_of(right)} - {"number"}
    if (
        kinds == {"atr", "price"}
        and isinstance(right, t.Scaled)
        and isinstance(right.term, t.Column)
        and right.factor < 1
    ):
        return
    if len(kinds) > 1:
        one, other = sorted(kinds)
        raise refuse(
            "prompt.cannot_compare",
            f"{{}} compares {one.replace('_', ' ')} with {other.replace('_', ' ')}",
            where,
            hint="compare prices with prices, volume with volume, an index such as RSI with a number",
        )


def fraction(amount: Lexeme) -> float:
    """Return a PERCENT as a fraction."""
    return _fraction(float(amount.value))


def _fraction(percent: float) -> float:
    return float(f"{percent / 100:.12g}")
