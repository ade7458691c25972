"""The HTTP application: guard, routes, errors. Nothing is served here that is not listed here."""

from fastapi import APIRouter, FastAPI

from services.gateway import problems
from services.gateway.gateway import Gateway
from services.gateway.guard import Guard
from services.gateway.routes import (
    backtests,
    documented,
    facts,
    generation,
    jobs,
    knowledge,
    market,
    models,
    said,
    screens,
    strategies,
    system,
    trading,
    universes,
)
from services.gateway.shapes import API
from services.gateway.status_page import StatusPage


def build_api(gateway: Gateway, page: StatusPage) -> FastAPI:
    """Return the application over `gateway`."""
    app = FastAPI(title="Sentinel", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    version_1 = APIRouter(prefix=API)
    of_strategies = generation, strategies, backtests
    of_work = jobs, models, screens, knowledge
    for module in (*of_strategies, *of_work, said, facts, trading, market, universes, system):
        version_1.include_router(module.router(gateway))
    for routes in (version_1, system.probes(gateway), documented.router(gateway, page)):
        app.include_router(routes)
    problems.install(app)
    app.add_middleware(Guard)
    return app
