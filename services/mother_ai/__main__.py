"""Run Mother AI: `python -m services.mother_ai`."""

from libs.common.runtime import run
from services.mother_ai.app import build
from services.mother_ai.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
