"""How long the checker takes, over the snippets of the security tests and the examples. Goal: 1 ms median.

`python -m benchmarks.checker [--rounds 5]`. Prints a table; asserts nothing. Each source counts with its fastest round.
"""

import argparse
import statistics
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from libs.strategy.check import check
from tests.security.corpus.load import hostile, legitimate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "strategies"


def took(source: bytes, rounds: int) -> float:
    """Return the milliseconds of the fastest of several checks."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        check(source)
        best = min(best, time.perf_counter() - start)
    return best * 1_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the checker of strategy code.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    groups = {
        "hostile": [one.source("/tmp/mark").encode() for one in hostile()],
        "legitimate": [one.source.encode() for one in legitimate()],
        "examples": [path.read_bytes() for path in sorted(EXAMPLES.glob("*.py"))],
        "largest allowed": [b"def generate_signals(df):\n    return df\n" + (b"x = [" + b"1," * 900 + b"]\n") * 12],
    }
    groups = {"all snippets": [*groups["hostile"], *groups["legitimate"]], **groups}
    table = Table(title="Checker, milliseconds a source")
    for head in ("sources", "count", "median", "95 %", "slowest"):
        table.add_column(head, justify="left" if head == "sources" else "right")
    for name, sources in groups.items():
        times = sorted(took(source, rounds) for source in sources)
        late = times[min(len(times) - 1, int(len(times) * 0.95))]
        table.add_row(name, str(len(times)), f"{statistics.median(times):.2f}", f"{late:.2f}", f"{times[-1]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
