"""The starter knowledge: its code passes the checker, its sentences compile, every page is asked about."""

import re
from pathlib import Path

import pytest

from libs.strategy.check import check
from services.strategy_gen.compiler.compile import compile_text
from tests.conftest import ROOT
from tests.integration.knowledge_questions import OURS

PAGES = sorted((ROOT / "knowledge").glob("*/*.md"))
SENTENCES = [(page.name, text) for page in PAGES for text in re.findall(r"^> (.+)$", page.read_text(), re.MULTILINE)]
BLOCKS = [
    (page.name, code) for page in PAGES for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_a_title_formulas_and_how_to_use_it(page: Path) -> None:
    text = page.read_text()
    assert text.startswith("# ")
    assert "\n## In a strategy\n" in text
    assert 1_500 <= len(text) <= 4_000
    assert any(f"{page.parent.name}/{page.name}" in asked.documents for asked in OURS)


@pytest.mark.parametrize(("page", "code"), BLOCKS)
def test_code_of_a_page_passes_the_checker(page: str, code: str) -> None:
    assert check(code).ok, page


@pytest.mark.parametrize(("page", "sentence"), SENTENCES)
def test_sentence_of_a_page_compiles(page: str, sentence: str) -> None:
    assert check(compile_text(sentence).code).ok, page
