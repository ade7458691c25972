"""Compiles a sentence, runs its code on bars, and compares with the reference. One process: the sandbox has tests of its own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.market.frame import Frame
from libs.strategy.spec import Strategy, parse
from services.strategy_gen.compiler.compile import Compiled, compile_text
from tests.unit.strategy_gen.sentences.case import Case

Figures = Mapping[str, Mapping[str, Any]]
COLUMNS = ("open", "high", "low", "close", "volume")
LEAST_AGREEMENT = 0.99
LEAST_SHARED = 0.95
"""Of the signals that the code or the reference has, the share that both have."""


@dataclass(frozen=True)
class Agreement:
    """How a sentence's code compares with its reference over all bars.

    shared: signals of both; either: signals of any; wanted: of the reference. bought: bars on which the reference buys or holds.
    """

    text: str
    bars: int
    equal: int
    shared: int
    either: int
    wanted: int
    bought: int

    @property
    def proves(self) -> bool:
        """Whether the reference says yes somewhere and not everywhere, so that agreeing with it means something."""
        return 0 < self.bought < self.bars

    @property
    def holds(self) -> bool:
        if self.equal < LEAST_AGREEMENT * self.bars:
            return False
        return self.shared >= LEAST_SHARED * self.either and (self.shared > 0 or self.wanted == 0)

    @property
    def line(self) -> str:
        return f"{self.equal / self.bars:8.2%}  {self.shared:5d} of {self.either:5d}  {self.text}"


def compiled(case: Case) -> Compiled:
    """Return what the sentence becomes; the caller names the bar length where the sentence does not."""
    return compile_text(case.text, timeframe=None if case.own else case.bars)


def strategy(case: Case, found: Compiled, symbols: tuple[str, ...] = ("BTCUSDT",)) -> Strategy:
    """Return the code as a strategy; raises BadStrategyError where the checker refuses it."""
    return parse(kind=found.kind, code=found.code, symbols=symbols, timeframe=found.timeframe or case.bars)


def complaints(case: Case, found: Compiled) -> list[str]:
    """Return what is wrong with the answer beside the signals."""
    space = loaded(found.code, {}, {}, [0])
    words = " | ".join(f"{each.phrase}: {each.meaning}" for each in found.assumptions)
    checks = {
        f"kind is {found.kind}": found.kind == case.kind,
        f"purpose is {found.purpose}": found.purpose == case.purpose,
        f"timeframe is {found.timeframe}": found.timeframe == case.bars
        if case.own
        else found.timeframe in (None, case.bars),
        f"symbols are {found.symbols}": tuple(sorted(found.symbols)) == tuple(sorted(case.symbols)),
        "no words": len(found.in_words.split()) >= 4,
        "no comment": "#" in found.code,
        f"the words leave out {left_out(case.text, found.in_words)}": not left_out(case.text, found.in_words),
        **{f"{word!r} is not in the defaults told: {words}": word in words for word in case.assumes},
    }
    if case.kind == "python.signals":
        mode = space.get("SIGNAL_MODE", "action")
        checks[f"mode is {mode}"] = mode == ("position" if case.walks else "action")
    elif case.purpose == "trade":
        checks[f"horizon is {space.get('HORIZON')}"] = space.get("HORIZON", 5) == (case.hold or 5)
    return [f"{case.text}: {fault}" for fault, holds in checks.items() if not holds]


def left_out(text: str, words: str) -> list[float]:
    """Return the numbers of a sentence that its restatement does not have: as they are, as a factor for a percentage, or in full."""
    told = {round(number, 9) for number in _numbers(words)}
    return [
        each for each in _numbers(text) if not told & {each, 1 + each / 100, 1 - each / 100, each * 1e6, each * 1e9}
    ]


def _numbers(text: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def agreement(case: Case, found: Compiled, frames: Mapping[str, Frame], figures: Figures, most_bars: int) -> Agreement:
    """Run the code on every symbol and compare. most_bars: on how many bars of a symbol a classifier is asked."""
    pairs = []
    for symbol, frame in frames.items():
        bars = frame.to_pandas()
        if case.kind == "python.signals":
            pairs.append((_signals(found.code, frame), case.actions(bars)))
        else:
            meant = case.hits(bars, figures.get(symbol, {})).astype(np.int8)
            asked = telling(meant, most_bars)
            pairs.append((_classified(found.code, symbol, frame, figures, asked), meant[asked]))
    return compared(case.text, pairs)


def compared(text: str, pairs: list[tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]]) -> Agreement:
    """Compare what the code said with what was meant; a signal is everything but 0."""
    said, meant = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return Agreement(
        text,
        len(said),
        int((said == meant).sum()),
        int(((said == meant) & (meant != 0)).sum()),
        int(((said != 0) | (meant != 0)).sum()),
        int((meant != 0).sum()),
        int((meant == 1).sum()),
    )


def telling(meant: npt.NDArray[np.int8], most: int) -> list[int]:
    """Return about `most` bars that tell a wrong meaning from the right one: where the answer changes, and others evenly between."""
    turns = np.flatnonzero(np.diff(meant))
    near = np.unique(np.concatenate((turns, turns + 1)))
    chosen = near[np.linspace(0, len(near) - 1, min(len(near), most // 2)).astype(int)] if len(near) else near
    even = np.linspace(0, len(meant) - 1, most - len(chosen)).astype(int)
    return sorted({*chosen.tolist(), *even.tolist()})


def loaded(code: str, frames: Mapping[str, Frame], figures: Figures, seen: list[int]) -> dict[str, Any]:
    """Run the top of the code with data functions that show the bars up to `seen[0]`; return its names."""
    columns = {
        symbol: {"timestamps": frame.ts.tolist(), **{name: getattr(frame, name).tolist() for name in COLUMNS}}
        for symbol, frame in frames.items()
    }

    def get_price_data(symbol: str, timeframe: str = "1d", days: int = 30) -> dict[str, Any]:
        last = seen[0] + 1
        return {name: values[max(0, last - days) : last] for name, values in columns[symbol].items()}

    def get_fundamental_data(symbol: str) -> dict[str, Any]:
        return {name: value for name, value in figures.get(symbol, {}).items() if value is not None}

    space: dict[str, Any] = {"get_price_data": get_price_data, "get_fundamental_data": get_fundamental_data}
    exec(compile(code, "<compiled>", "exec"), space)
    return space


def _signals(code: str, frame: Frame) -> npt.NDArray[np.int8]:
    said = loaded(code, {}, {}, [0])["generate_signals"](frame.to_pandas())
    return np.asarray(said).astype(np.int8)


def _classified(code: str, symbol: str, frame: Frame, figures: Figures, asked: Sequence[int]) -> npt.NDArray[np.int8]:
    seen = [0]
    classify = loaded(code, {symbol: frame}, figures, seen)["classify_symbol"]
    said = np.zeros(len(asked), np.int8)
    for place, bar in enumerate(asked):
        seen[0] = bar
        answer = classify(symbol)
        if isinstance(answer, dict):
            answer = answer.get("classification", answer.get("signal", answer.get("score", 0) > 0))
        said[place] = bool(answer)
    return said
