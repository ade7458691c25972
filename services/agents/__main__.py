"""Run the agents: `python -m services.agents`."""

from libs.common.runtime import run
from services.agents.app import build
from services.agents.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
