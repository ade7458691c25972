"""A line drawn with braille dots: two across and four down in every letter, so a terminal shows 2,160 points in one screen."""

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800


def braille(values: Sequence[float], width: int, height: int) -> list[str]:
    """Return (T,) values, T >= 1, as `height` lines of `width` letters, the highest at the top; neighbours are joined.

    A column that stands for several values shows the whole range between their lowest and highest.
    """
    across, down = 2 * width, 4 * height
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    cells = [[0] * width for _ in range(height)]
    before: list[int] = []
    for column in range(across):
        first = column * len(values) // across
        last = max(first + 1, (column + 1) * len(values) // across)
        rows = [round((high - value) / span * (down - 1)) for value in values[first:last]]
        for row in range(min(rows + before), max(rows + before) + 1):
            cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
        before = rows[-1:]
    return ["".join(chr(_BLANK + dots) for dots in line) for line in cells]
