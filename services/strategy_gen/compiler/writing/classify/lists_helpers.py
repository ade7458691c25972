"""The functions that generated code on lists may call. Each is written out in full where it is used.

Each tells the value as it stood `ago` bars back, NaN where there are too few bars. They equal `libs/market/indicators` to rounding, or to one part
in a million where the average carries on.
"""

from services.strategy_gen.compiler.writing.classify.lists_averages import AVERAGES
from services.strategy_gen.compiler.writing.classify.lists_windows import WINDOWS

HELPERS: dict[str, tuple[tuple[str, ...], str]] = {**WINDOWS, **AVERAGES}
"""Name -> the functions it calls itself, its source. In an order in which each comes after those it calls."""
