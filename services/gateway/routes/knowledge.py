"""`/api/v1/knowledge`: ask the knowledge base, read its folders again, add a text to it and take it back.

strategy_gen owns the base; everything here is a command to it, but for the list of documents, which is in the read model.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.bus.table import Tx
from libs.common.commands import AddDocument, IndexKnowledge, RemoveDocument, SearchKnowledge
from services.gateway.bodies import read_object
from services.gateway.documents import list_documents
from services.gateway.gateway import Gateway
from services.gateway.job_views import keep_asked
from services.gateway.paging import Page
from services.gateway.routes.jobs import started
from services.gateway.routes.params import Documents, Id, IdempotencyKey, Prefer


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of the knowledge base."""
    routes = APIRouter(prefix="/knowledge")
    timeout_s = gateway.settings.body_timeout_s

    @routes.post("/search")
    async def search(request: Request) -> dict[str, Any]:
        fields = await read_object(request, timeout_s)
        answer = await gateway.act(SearchKnowledge, fields)
        return {"query": fields["query"], "domain": fields.get("domain"), **answer.result}

    @routes.post("/index")
    async def index(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        fields = await read_object(request, timeout_s, empty_ok=True)
        answer = await gateway.act(IndexKnowledge, fields, key)
        job_id = answer.command_id

        async def keep(tx: Tx) -> None:
            await keep_asked(tx, job_id, gateway.clock.now())

        await gateway.outlet.commit(keep)
        return await started(gateway, answer, prefer, job_id)

    @routes.get("/documents")
    async def documents(query: Annotated[Documents, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            return Page(*await list_documents(connection, query.domain, query.limit, query.cursor)).body()

    @routes.post("/documents")
    async def add(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(AddDocument, await read_object(request, timeout_s), key)
        return JSONResponse(answer.body(), 201, answer.headers())

    @routes.delete("/documents/{domain}/{name}")
    async def remove(domain: Id, name: Id, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(RemoveDocument, {"domain": domain, "name": name}, key)
        return JSONResponse(answer.body(), headers=answer.headers())

    return routes
