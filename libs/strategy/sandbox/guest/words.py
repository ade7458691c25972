"""Texts of a stranger made fit to travel: no control characters, no lone surrogates, no endless length."""

_SPACES = "\n\t"


def clean(text: object, longest: int) -> str:
    """Return at most `longest` characters that are printable, spaces, line ends or tabs, the others as `?`; `` for what is no text."""
    if not isinstance(text, str):
        return ""
    cut = str.__getitem__(text, slice(0, longest))
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(each if each.isprintable() or each in _SPACES else "?" for each in cut)
