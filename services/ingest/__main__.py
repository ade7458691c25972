"""`python -m services.ingest`."""

from libs.common.runtime import run
from services.ingest.app import build
from services.ingest.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
