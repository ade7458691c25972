"""Finds a strategy by any name the documents use: its id, the hash of its code, its name, its file.

A file is `<SYMBOL>_strategy_<id or name>`, with or without `.json`.
"""

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.paging import MAX_LIMIT
from services.gateway.queries import Body
from services.gateway.strategies import Wanted, find_strategy, list_strategies

_FILE = re.compile(r"(?P<symbol>[A-Z0-9][A-Z0-9_-]*)_strategy_(?P<rest>.+)")


async def resolve(connection: AsyncConnection, given: str) -> str:
    """Return the id of the strategy `given` names, the newest of several; `given` itself where none is known by it."""
    if await find_strategy(connection, given) is not None:
        return given
    stem = given.removesuffix(".json")
    cursor: str | None = None
    while True:
        page, cursor = await list_strategies(connection, Wanted(), MAX_LIMIT, cursor)
        found = next((body for body in page if _is_named(body, stem)), None)
        if found is not None:
            return str(found["id"])
        if cursor is None:
            return given


def _is_named(body: Body, stem: str) -> bool:
    if stem in (body["code_hash"], body["name"]):
        return True
    file = _FILE.fullmatch(stem)
    return file is not None and file["symbol"] in body["symbols"] and file["rest"] in (body["id"], body["name"])
