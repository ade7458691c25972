"""Run strategy_gen: `python -m services.strategy_gen`."""

from libs.common.runtime import run
from services.strategy_gen.app import build
from services.strategy_gen.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
