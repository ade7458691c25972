"""The Python strategies that the documents print, read from where a developer has them; tests that want them skip without."""

import re

import pytest

from tests.conftest import ROOT

GUIDE = ROOT.parent / "shared" / "documents" / "E_infrastructure_guide.md"

_BLOCK = re.compile(r"```python\n(.*?)```", re.S)


def printed(function: str) -> str:
    """Return the block of the guide that defines `function`, as it is printed."""
    if not GUIDE.is_file():
        pytest.skip(f"the documents are absent: no {GUIDE.parent.name}/{GUIDE.name} beside the repository")
    blocks = _BLOCK.findall(GUIDE.read_text(encoding="utf-8", errors="replace"))
    return next(block for block in blocks if f"def {function}(" in block)
