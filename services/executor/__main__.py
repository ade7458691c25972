"""`python -m services.executor`."""

from libs.common.runtime import run
from services.executor.app import build
from services.executor.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
