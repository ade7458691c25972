"""The sentences of the unit tests on real bars, their code in the sandbox as in a backtest: against the same references."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from libs.market.frame import Frame
from libs.strategy.python_jobs import View
from libs.strategy.runtime import Signals, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.compiler.errors import BadPromptError
from tests.unit.strategy_gen.sentences.bars import DATA, FIGURES, coarser, hourly, made, minutes, stocks
from tests.unit.strategy_gen.sentences.case import Case
from tests.unit.strategy_gen.sentences.every import TOPICS
from tests.unit.strategy_gen.sentences.running import compared, compiled, strategy

SYMBOLS = ("AAPL", "JPM", "NVDA", "XOM")
CLASSIFIED = 600
"""Bars of a symbol on which classifiers run: one call a bar makes them slower than code that sees all bars at once."""
SIGNALLED = 3_000
FIELDS = {
    "Sector": "sector",
    "Price/Earnings": "pe_ratio",
    "Dividend Yield": "dividend_yield",
    "Earnings/Share": "eps",
    "Market Cap": "market_cap",
    "Price/Sales": "ps_ratio",
    "Price/Book": "pb_ratio",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def real() -> dict[str, dict[str, Frame]]:
    """Real bars by length and symbol."""
    if not DATA.is_dir():
        pytest.skip("real prices are absent")
    hours, fives = hourly(), minutes()
    return {
        "1h": {"BTCUSDT": hours},
        "4h": {"BTCUSDT": coarser(hourly(8_000), "4h")},
        "15m": {"SOLUSDT": coarser(fives, "15m")},
        "5m": {"SOLUSDT": fives.tail(3_000)},
        "1d": {symbol: stocks()[symbol] for symbol in SYMBOLS},
    }


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Any]]:
    """The company figures without dates, read without the feed."""
    path = DATA / "stocks" / "fundamentals_sp500_2018-02-08.csv"
    if not path.exists():
        pytest.skip("real company figures are absent")
    table = pd.read_csv(path).set_index("Symbol")[list(FIELDS)].rename(columns=FIELDS)
    rows = table.astype(object).where(table.notna(), None).to_dict("index")
    return {str(symbol): {str(name): value for name, value in row.items()} for symbol, row in rows.items()}


def in_sandbox(case: Case, frames: dict[str, Frame], figures: dict[str, Any], sandbox: Pool) -> list[str]:
    """Run a sentence's code on all symbols in one go; return what is wrong."""
    try:
        found = compiled(case)
    except BadPromptError as error:
        return [f"  refused                {case.text}: {error.detail}"]
    newest = SIGNALLED if case.kind == "python.signals" else CLASSIFIED
    seen = {symbol: frame.tail(newest) for symbol, frame in frames.items()}
    known = {symbol: figures.get(symbol, {}) for symbol in seen}
    result = evaluate_all(strategy(case, found, tuple(seen)), seen, sandbox, view=View(fundamentals=known))
    said = [fault.words for fault in result.faults.values()]
    said += [each for each in result.warnings if not each.startswith("strategy.not_point_in_time")]
    if said:
        return [f"  {said[0]}: {case.text}"]
    each = compared(case.text, [_pair(case, result.signals[symbol], known[symbol]) for symbol in seen])
    return [] if each.holds else [each.line]


def _pair(case: Case, said: Signals, known: dict[str, Any]) -> tuple[Any, Any]:
    bars = said.frame.to_pandas()
    if said.hits is None:
        return said.actions, case.actions(bars)
    return said.hits.astype(np.int8), case.hits(bars, known).astype(np.int8)


def table(lines: list[str]) -> str:
    """Return the sentences that do not mean what they should, under a head."""
    return "\n".join(["", "equal bars   signals        sentence", *sorted(lines)]) if lines else ""


@pytest.mark.parametrize("topic", TOPICS)
def test_sentence_means_what_its_reference_says_on_real_bars(
    topic: str, real: dict[str, dict[str, Frame]], figures: dict[str, Any], sandbox: Pool
) -> None:
    wrong = [line for case in TOPICS[topic] for line in in_sandbox(case, real[case.bars], figures, sandbox)]
    assert not wrong, table(wrong)


def test_sentences_of_every_topic_run_in_the_sandbox_on_made_bars(sandbox: Pool) -> None:
    wrong = []
    for cases in TOPICS.values():
        for case in cases[:: max(1, len(cases) // 3)]:
            frames = {name: made(case.bars, 400, 1 + place) for place, name in enumerate(("AAA", "CCC"))}
            wrong += in_sandbox(case, frames, dict(FIGURES), sandbox)
    assert not wrong, table(wrong)
