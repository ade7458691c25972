"""What documents show: the Python strategies of the guide, where a developer has it, and the examples of docs/api.md."""

import json
import re
from typing import Any

import pytest

from tests.conftest import ROOT

GUIDE = ROOT.parent / "shared" / "documents" / "E_infrastructure_guide.md"

API = ROOT / "docs" / "api.md"

_BLOCK = re.compile(r"```python\n(.*?)```", re.S)


def printed(function: str) -> str:
    """Return the block of the guide that defines `function`, as it is printed; skips the test where there is no guide."""
    if not GUIDE.is_file():
        pytest.skip(f"the documents are absent: no {GUIDE.parent.name}/{GUIDE.name} beside the repository")
    blocks = _BLOCK.findall(GUIDE.read_text(encoding="utf-8", errors="replace"))
    return next(block for block in blocks if f"def {function}(" in block)


def example(name: str) -> Any:
    """Return an example of docs/api.md: the JSON block whose first line says `name`."""
    (found,) = re.findall(rf"^```json {re.escape(name)}\n(.*?)^```", API.read_text(), re.S | re.M)
    return json.loads(found)
