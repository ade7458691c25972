"""Reads the two collections of snippets: hostile ones with what becomes of them, legitimate ones that must run.

A file holds snippets, each under a line `### name | outcome | effect` (hostile) or `### name` (legitimate). A hostile outcome is
the checker's code and line, or `contained` where the checker lets it pass and the sandbox holds it. The effect is what plain
Python shows: file (the path @MARK@ appears), leak (`told` holds what it should not), changed (`told` or the frame is altered),
cpu, memory, sleep, error, exit, or none.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CONTRACTS = ("def generate_signals", "def classify_symbol", "def run_batch_backtest", "def run_screening")
ANSWER = "\n\ndef generate_signals(df):\n    return [0] * len(df)\n"
"""Added to snippets that act while they are loaded, so that they are strategies too."""


@dataclass(frozen=True)
class Hostile:
    """One hostile snippet. code, line: the checker's, None and 0 where it is contained."""

    theme: str
    name: str
    code: str | None
    line: int
    effect: str
    text: str

    def source(self, mark: str) -> str:
        """Return a complete strategy that leaves its mark at the path `mark`."""
        answer = "" if any(contract in self.text for contract in CONTRACTS) else ANSWER
        return self.text.replace("@MARK@", mark) + answer


@dataclass(frozen=True)
class Legitimate:
    """One good strategy."""

    theme: str
    name: str
    source: str


def hostile() -> list[Hostile]:
    """Return the hostile snippets, by file and place."""
    found = []
    for theme, title, text in _read("hostile"):
        name, outcome, effect = (part.strip() for part in title.split("|"))
        code, _, line = outcome.partition(" ")
        contained = code == "contained"
        found.append(Hostile(theme, name, None if contained else code, int(line or 0), effect, text))
    return found


def legitimate() -> list[Legitimate]:
    """Return the legitimate strategies, by file and place."""
    return [Legitimate(theme, title, text) for theme, title, text in _read("legitimate")]


def _read(folder: str) -> list[tuple[str, str, str]]:
    return [
        (path.stem, title.strip(), text.rstrip() + "\n")
        for path in sorted((FOLDER / folder).glob("*.txt"))
        for title, _, text in (part.partition("\n") for part in path.read_text().split("### ")[1:])
    ]
