"""The documents of the knowledge base as the read model knows them, by name."""

import json

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus.table import Tx
from libs.common.events import DocumentIndexed
from services.gateway.merging import merge
from services.gateway.paging import decode, encode
from services.gateway.queries import Body
from services.gateway.tables import DOCUMENTS

_SHOWN = ("domain", "document", "title", "characters", "chunks", "own", "content_hash", "at")
_DOCUMENT = tuple(column.name for column in DOCUMENTS.columns)
_SAVE_DOCUMENT = merge(DOCUMENTS, _DOCUMENT, ["document_id"], "excluded.at >= documents.at")


def fold_document(tx: Tx, event: DocumentIndexed) -> None:
    """Keep how a document stands now; an older fact does not bring a removed one back."""
    words = {name: getattr(event, name) for name in ("document_id", "at", "document")}
    tx.later(
        _SAVE_DOCUMENT,
        **words,
        domain=str(event.domain),
        removed=int(event.removed),
        body=event.model_dump_json(),
    )


async def list_documents(
    connection: AsyncConnection, domain: str | None, limit: int, cursor: str | None
) -> tuple[list[Body], str | None]:
    """Return up to `limit` documents that are searchable, by name, and the cursor of the next page; domain: None is any."""
    name, identity = DOCUMENTS.c.document, DOCUMENTS.c.document_id
    query = select(name, identity, DOCUMENTS.c.body).where(DOCUMENTS.c.removed == 0)
    if domain is not None:
        query = query.where(DOCUMENTS.c.domain == domain)
    if cursor is not None:
        last, last_id = decode(cursor, (str, str))
        query = query.where(or_(name > last, and_(name == last, identity > last_id)))
    rows = (await connection.execute(query.order_by(name, identity).limit(limit + 1))).all()
    shown = rows[:limit]
    following = encode(shown[-1].document, shown[-1].document_id) if len(rows) > limit else None
    return [_brief(json.loads(row.body)) for row in shown], following


def _brief(body: Body) -> Body:
    return {"id": body["document_id"], **{name: body.get(name) for name in _SHOWN}}
