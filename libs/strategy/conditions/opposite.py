"""The opposite of a condition: what sells when rules name an entry and no exit.

A state ends when it no longer holds: `rsi(14) < 30` until `rsi(14) >= 30`. A crossing lasts one bar, so its opposite is the crossing
the other way. Source: ours.
"""

from libs.strategy.conditions.tree import And, Comparison, Crossing, Not, Or, Sign, Truth, all_of, any_of

TURNED: dict[Sign, Sign] = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
"""The sign that holds exactly where the other does not."""


def opposite(condition: Truth) -> Truth:
    """Return the condition that ends this one."""
    match condition:
        case Comparison():
            return any_of(tuple(Comparison((left, right), (TURNED[sign],)) for left, sign, right in condition.pairs()))
        case Crossing(above=above, first=first, second=second):
            return Crossing(not above, first, second)
        case Not(of=of):
            return of
        case And(parts=parts):
            return any_of(tuple(opposite(part) for part in parts))
        case Or(parts=parts):
            return all_of(tuple(opposite(part) for part in parts))
