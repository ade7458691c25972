"""strategy_gen is there in a moment: what is heavy is loaded when it is first used."""

import subprocess
import sys

from tests.conftest import ROOT

HEAVY = (
    "pandas",
    "chromadb",
    "pydantic_ai",
    "lark",
    "httpx",
    "pypdf",
    "openai",
    "google.genai",
    "anthropic",
    "tenacity",
)


def test_start_loads_nothing_heavy() -> None:
    program = (
        "import sys; from pathlib import Path; from services.strategy_gen.app import build; "
        "from services.strategy_gen.settings import Settings; build(Settings(data_dir=Path('/nowhere'))); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
