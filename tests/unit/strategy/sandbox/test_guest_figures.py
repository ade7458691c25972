"""Company figures with dates: a strategy sees what was known at the bar it decides, and nothing later."""

from typing import Any

import numpy as np

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.data import DataFunctions
from libs.strategy.sandbox.layout import pack_market, read_market

DAY_MS = 86_400_000
HISTORY: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "AAA": [(2 * DAY_MS, {"pe_ratio": 10.0, "sector": "Energy"}), (4 * DAY_MS, {"pe_ratio": 30.0, "sector": None})]
}


class Asked:
    """The data functions over five days of AAA and BBB; AAA's figures have dates, BBB's have none."""

    def __init__(self) -> None:
        ts = DAY_MS * np.arange(5, dtype=np.int64)
        columns = (ts.data, *(np.full(5, 1.0 + n).data for n in range(5)))
        market = {"AAA": columns, "BBB": columns}
        parts = pack_market(("1d", DAY_MS), market, {"BBB": {"pe_ratio": 5.0, "beta": 1.0}}, history=HISTORY)
        view = memoryview(b"".join(parts))
        index = read_market(view)
        self.asof = AsOf(index, view)
        self.functions = DataFunctions(self.asof, index).functions()

    def at(self, symbol: str, row: int) -> "Asked":
        """Let bar `row` be the one being decided: it closes at the end of that day."""
        self.asof.take(symbol)
        self.asof.stop = row + 1
        return self

    def figures(self, symbol: str) -> Any:
        return self.functions["get_fundamental_data"](symbol)

    def scan(self, filters: dict[str, Any]) -> Any:
        return self.functions["scan_universe"](filters, 10)


def test_figures_are_those_known_when_the_bar_closed() -> None:
    asked = Asked()
    assert asked.at("AAA", 0).figures("AAA") == {}
    assert asked.at("AAA", 1).figures("AAA") == {"pe_ratio": 10.0, "sector": "Energy"}
    assert asked.at("AAA", 2).figures("AAA") == {"pe_ratio": 10.0, "sector": "Energy"}
    assert asked.at("AAA", 3).figures("AAA") == {"pe_ratio": 30.0}


def test_newest_row_counts_whole_so_a_figure_it_lacks_is_absent() -> None:
    assert "sector" not in Asked().at("AAA", 4).figures("AAA")


def test_figures_without_dates_are_given_out_at_any_bar() -> None:
    asked = Asked()
    assert [asked.at("AAA", row).figures("BBB")["pe_ratio"] for row in (0, 4)] == [5.0, 5.0]


def test_scan_filters_by_what_was_known_then() -> None:
    asked = Asked()
    assert asked.at("BBB", 1).scan({"max_pe_ratio": 20})["symbols"] == ["AAA", "BBB"]
    assert asked.at("BBB", 4).scan({"max_pe_ratio": 20})["symbols"] == ["BBB"]


def test_scan_knows_a_field_that_nobody_has_yet() -> None:
    asked = Asked()
    asked.asof.move_to(0)
    assert asked.scan({"min_beta": 0.5})["symbols"] == []


def test_figures_as_of_a_given_moment() -> None:
    asked = Asked()
    asked.asof.move_to(2 * DAY_MS)
    assert asked.figures("AAA")["pe_ratio"] == 10.0
    asked.asof.move_to(2 * DAY_MS - 1)
    assert asked.figures("AAA") == {}
