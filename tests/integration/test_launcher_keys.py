"""Which processes are handed the language models' keys: strategy_gen, and no other."""

from pathlib import Path

import psutil
import pytest

from deploy.local import System

KEYS = ("GEMINI_API_KEY", "OPENAI_API_KEY", "SENTINEL_LLM_KEY", "SENTINEL_EMBEDDINGS_KEY")


async def test_only_strategy_gen_is_handed_the_keys_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "canary")
    system = System(tmp_path, services=("strategy_gen", "agents"), ports="free")
    await system.start()
    try:
        await system.wait_ready()
        knows = {
            name: [key for key in KEYS if key in psutil.Process(system.pid_of(name)).environ()]
            for name in ("nats", "strategy_gen", "agents")
        }
    finally:
        await system.stop()
    assert knows == {"nats": [], "strategy_gen": list(KEYS), "agents": []}
