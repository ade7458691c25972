"""Which symbols pass a strategy's filters. A field that is not known for a symbol passes no bound on it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from libs.strategy.sandbox.guest.faults import shown
from libs.strategy.sandbox.layout import Scalar

DOCUMENTED_FIELDS = ("market_cap", "pe_ratio", "pb_ratio", "eps", "revenue", "debt_to_equity")
"""Fields that may always be filtered by, whether the market knows them or not."""


def scan(
    fundamentals: Mapping[str, Mapping[str, Scalar]],
    fields: Collection[str],
    symbols: Sequence[str],
    filters: Mapping[str, Any] | None,
    limit: int,
) -> dict[str, Any]:
    """Return `{"symbols": [...], "data": {symbol: fundamentals}}` of at most `limit` symbols in alphabetical order.

    fields: that may be filtered by beside the documented ones. filters: `min_<field>`, `max_<field>` with a number, `sector` with a text or several, in any case. Raises ValueError for a name
    that is not known, listing those that are; TypeError for a bound that is no number.
    """
    wanted = dict(filters or {})
    for name, bound in wanted.items():
        _check(name, bound, {*DOCUMENTED_FIELDS, *fields})
    passed = [symbol for symbol in sorted(symbols) if _passes(fundamentals.get(symbol, {}), wanted)][:limit]
    return {
        "symbols": passed,
        "data": {
            symbol: {field: value for field, value in fundamentals.get(symbol, {}).items() if value is not None}
            for symbol in passed
        },
    }


def _check(name: Any, bound: Any, fields: set[str]) -> None:
    if name == "sector":
        if not all(isinstance(sector, str) for sector in _sectors(bound)):
            raise TypeError(f"sector is {shown(bound)}: give a text or a list of texts")
        return
    if not isinstance(name, str) or name[:4] not in ("min_", "max_") or name[4:] not in fields:
        raise ValueError(
            f"there is no filter {shown(name)}: use sector, or min_ or max_ before one of {', '.join(sorted(fields))}"
        )
    if not _is_number(bound):
        raise TypeError(f"{name} is {shown(bound)}: give a number")


def _passes(known: Mapping[str, Scalar], wanted: Mapping[str, Any]) -> bool:
    return all(_holds(known, name, bound) for name, bound in wanted.items())


def _holds(known: Mapping[str, Scalar], name: str, bound: Any) -> bool:
    if name == "sector":
        sector = known.get("sector")
        return isinstance(sector, str) and sector.casefold() in {each.casefold() for each in _sectors(bound)}
    value = known.get(name[4:])
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return bool(value >= bound if name.startswith("min_") else value <= bound)


def _sectors(bound: Any) -> list[Any]:
    return list(bound) if isinstance(bound, list | tuple | set | frozenset) else [bound]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
