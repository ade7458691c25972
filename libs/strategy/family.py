"""Which research a strategy belongs to. Decides what counts as another try of the same search, never how good a try is."""

import hashlib
import json
from base64 import b32encode
from collections.abc import Sequence


def family_of(submitter: str, symbols: Sequence[str], timeframe: str) -> str:
    """Return `fam-` and 20 base32 characters: one submitter's tries on one universe and timeframe are one family.

    The window, the rules and the order of the symbols do not matter. Source: ours; luck is judged by how many tries a family had.
    """
    told = json.dumps([submitter, sorted(symbols), timeframe], separators=(",", ":")).encode()
    return "fam-" + b32encode(hashlib.sha256(told).digest()).decode().lower()[:20]
