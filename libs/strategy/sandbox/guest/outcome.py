"""What one run of a strategy came to, before it is written."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """contract: the function called. symbols: one entry each. extra: header fields of one operation alone."""

    contract: str
    symbols: list[dict[str, Any]]
    payload: bytes
    warnings: list[dict[str, str]] = field(default_factory=list)
    claimed: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
