"""Names of the numbers that conditions compare with."""

from services.strategy_gen.compiler.tree import Term
from services.strategy_gen.compiler.writing.names import Names

_WORDS = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "==": "equal"}


def limit(names: Names, term: Term, word: str) -> str:
    """Return what a number is called that `term` is compared with by a sign, or a word: `rsi_below`, `gap_at_least`."""
    return f"{names.title(term)}_{_WORDS.get(word, word)}"


def factor(names: Names, term: Term, times: float) -> str:
    """Return the parameter for `times` a term: `average_volume_times`."""
    return names.parameter(f"{names.title(term)}_times", float(times))
