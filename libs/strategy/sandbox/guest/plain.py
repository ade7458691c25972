"""A stranger's values as plain JSON: bounded in depth, number and length, every number finite, every text clean.

What is no plain value is shown by the name of its type; NaN and infinities become null.
"""

import datetime
import math
from typing import Any

import numpy as np

from libs.strategy.sandbox.guest.faults import shown
from libs.strategy.sandbox.guest.words import clean

DEEPEST = 4
MOST_ITEMS = 50
LONGEST_TEXT = 300
LONGEST_KEY = 60
LARGEST_WHOLE = 2**63


def plain(value: Any, depth: int = DEEPEST) -> Any:
    """Return a JSON value; lists and dicts are cut after 50 items and below four levels."""
    if value is None or type(value) is bool:
        return value
    if isinstance(value, np.generic):
        return plain(value.item(), depth) if value.dtype.kind in "biufUM" else shown(value)
    if type(value) is int:
        return value if abs(value) < LARGEST_WHOLE else shown(value)
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is str:
        return clean(value, LONGEST_TEXT)
    if isinstance(value, datetime.datetime | datetime.date):
        return clean(value.isoformat(), LONGEST_KEY)
    return _collection(value, depth)


def plain_object(value: dict[Any, Any], leave: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the entries with text keys that are not in `leave`; at most 50."""
    found: dict[str, Any] = {}
    for key in list(value)[: MOST_ITEMS + len(leave)]:
        if type(key) is str and key not in leave and len(found) < MOST_ITEMS:
            found[" ".join(clean(key, LONGEST_KEY).split())] = plain(value[key], DEEPEST - 1)
    return found


def _collection(value: Any, depth: int) -> Any:
    if depth <= 0:
        return shown(value)
    if type(value) in (list, tuple):
        return [plain(item, depth - 1) for item in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        items = list(value.items())[:MOST_ITEMS]
        return {" ".join(clean(str(key), LONGEST_KEY).split()): plain(item, depth - 1) for key, item in items}
    return shown(value)
