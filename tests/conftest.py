"""Options and places that all tests share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
"""Real prices, where a developer has them; tests that want them skip without."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run long tests at their full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="the full size runs with --full"))


@pytest.fixture
def real_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"real prices are absent: no {DATA.parent.name}/{DATA.name} beside the repository")
    return DATA
