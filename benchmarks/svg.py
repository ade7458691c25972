"""A few shapes as SVG text: small, self-contained, readable on light and dark pages."""

from collections.abc import Callable, Sequence
from html import escape

BLUE, ORANGE, GREY, INK = "#2f6fb0", "#d9622b", "#b8bec6", "#333a42"

Scale = Callable[[float], float]


class Picture:
    """A drawing of `width` x `height` pixels with a title; `said` is what the script prints about it."""

    def __init__(self, width: int, height: int, title: str):
        """Start with a white page and the title."""
        self.size, self.title, self.said = (width, height), title, ""
        self.parts: list[str] = []
        self.label(12, 22, title, size=14)

    @staticmethod
    def scale(low: float, high: float, start: float, stop: float) -> Scale:
        """Return the straight map that takes low to start and high to stop."""
        return lambda value: start + (float(value) - low) * (stop - start) / (high - low)

    def bar(self, x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> None:
        """Draw a filled rectangle; one without height is left out."""
        if height > 0:
            faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
            self.parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"{faint}/>'
            )

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        """Draw a straight line."""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.5"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """Draw a line through points."""
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')

    def label(self, x: float, y: float, text: str, *, size: int = 12, anchor: str = "start") -> None:
        """Write a line of text."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
        )

    def axis(self, x: Scale, ticks: Sequence[float], y: float) -> None:
        """Draw numbers below a horizontal line."""
        self.line(x(ticks[0]), y, x(ticks[-1]), y, GREY)
        for tick in ticks:
            self.label(x(tick), y + 15, f"{tick:g}", anchor="middle")

    def text(self) -> str:
        """Return the file."""
        width, height = self.size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="sans-serif" role="img"><title>{escape(self.title)}</title>'
            f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff"/>'
        )
        return "\n".join([head, *self.parts, "</svg>", ""])
