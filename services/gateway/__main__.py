"""Start the gateway: `python -m services.gateway`."""

from libs.common.runtime import run
from services.gateway.app import build
from services.gateway.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(build(settings), settings)
