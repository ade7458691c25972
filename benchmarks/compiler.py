"""How long the offline compiler takes for a sentence, over the sentences of its tests. Goal: below 20 ms each, warm.

`python -m benchmarks.compiler [--rounds 5]`. Prints a table; asserts nothing. Each sentence counts with its fastest round.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.unit.strategy_gen.sentences.every import TOPICS
from tests.unit.strategy_gen.sentences.refused import ALL


def took(act: Callable[[], object], rounds: int) -> float:
    """Return the milliseconds of the fastest of several runs."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - start)
    return best * 1_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the offline compiler.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    start = time.perf_counter()
    from services.strategy_gen.compiler.compile import compile_text
    from services.strategy_gen.compiler.errors import BadPromptError

    def attempted(text: str, timeframe: str | None) -> None:
        try:
            compile_text(text, timeframe=timeframe)
        except BadPromptError:
            return

    attempted("Buy when RSI is below 30", "1h")
    first = (time.perf_counter() - start) * 1_000
    groups = {
        **{topic: [(case.text, None if case.own else case.bars) for case in cases] for topic, cases in TOPICS.items()},
        "refused": [(refused.text, refused.timeframe) for refused in ALL],
    }
    groups = {"all": [pair for pairs in groups.values() for pair in pairs], **groups}
    shown = Table(title="Offline compiler, milliseconds a sentence")
    for head in ("sentences", "count", "median", "95 %", "worst", "the worst"):
        shown.add_column(head, justify="left" if "sent" in head or "the" in head else "right")
    for name, pairs in groups.items():
        times = sorted((took(lambda: attempted(text, timeframe), rounds), text) for text, timeframe in pairs)  # noqa: B023  called at once
        late = times[min(len(times) - 1, int(len(times) * 0.95))][0]
        middle = statistics.median(each for each, _ in times)
        shown.add_row(name, str(len(times)), f"{middle:.2f}", f"{late:.2f}", f"{times[-1][0]:.2f}", times[-1][1][:60])
    console = Console()
    console.print(shown)
    console.print(f"import and first sentence: {first:.0f} ms")


if __name__ == "__main__":
    main()
