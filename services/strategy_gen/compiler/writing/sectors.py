"""Sector names that mean the same: data sources name the eleven sectors in two ways."""

_GROUPS = (
    ("technology", "information technology"),
    ("healthcare", "health care"),
    ("financial services", "financials", "financial"),
    ("consumer cyclical", "consumer discretionary"),
    ("consumer defensive", "consumer staples"),
    ("communication services", "telecommunication services", "communications"),
    ("basic materials", "materials"),
    ("industrials", "industrial goods"),
    ("energy",),
    ("utilities",),
    ("real estate",),
)
"""Yahoo's name first, then that of the Global Industry Classification Standard and older ones; lower case."""


def same_sector(name: str) -> tuple[str, ...]:
    """Return the names of a sector in lower case; of one that is none of the eleven its own."""
    asked = " ".join(name.lower().split())
    return next((group for group in _GROUPS if asked in group), (asked,))
