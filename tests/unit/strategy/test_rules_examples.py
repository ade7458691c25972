"""The example strategies of rules read as strategies, and trade on real bars."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.common.values import parse_timeframe
from libs.strategy.rules import votes
from libs.strategy.rules_schema import read_rules
from libs.strategy.rules_text import read_text
from libs.strategy.spec import code_hash, parse
from tests.unit.market.series import real_btc

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "strategies"
EXAMPLES = sorted(path for path in FOLDER.glob("*.json") if "rules" in json.loads(path.read_text()))


def example(path: Path) -> dict[str, Any]:
    return read_text(path.read_bytes())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_buys_and_sells_on_real_bars(path: Path) -> None:
    given = example(path)
    rules = read_rules(given["rules"])
    rules.fit(parse_timeframe(given["timeframe"]))
    found = votes(rules, real_btc().tail(5_000), parse_timeframe(given["timeframe"]))
    assert np.count_nonzero(found == 1) >= 5
    assert np.count_nonzero(found == -1) >= 5


def test_examples_are_different_strategies_with_names_and_notes() -> None:
    given = [example(path) for path in EXAMPLES]
    assert len(given) >= 12
    assert len({code_hash(parse(rules=one["rules"], symbols=["BTCUSDT"])) for one in given}) == len(given)
    assert len({one["name"] for one in given}) == len(given)
    assert all(one["rules"]["notes"] for one in given)
