"""`KnowledgeIndexer`: the documented way for a program to have the knowledge folders read.

from libs.client.knowledge import KnowledgeIndexer

stats = KnowledgeIndexer().index_all()
print(f"Indexed {stats['technical']} chunks for Technical Analysis.")
"""

from pathlib import Path

from libs.client import work
from libs.client.client import Client
from libs.client.places import data_dir, gateway_url

DOMAINS = ("technical", "sentiment", "fundamental", "risk", "papers")


class KnowledgeIndexer:
    """Has the running system read `knowledge/<domain>/` and waits until it has."""

    def __init__(self, base_url: str | None = None, folder: Path | None = None):
        """base_url: the gateway, by default the one of the profile in `folder`, by default that of the profile that runs."""
        self._base_url = base_url or gateway_url(data_dir(folder))

    def index_all(self, *, rebuild: bool = False) -> dict[str, int]:
        """Return the searchable chunks of every domain, 0 where there are none.

        Only what is new or changed is embedded; rebuild: everything anew. Raises UnreachableError, RefusedByGatewayError.
        """
        with Client(self._base_url) as client:
            found = work.run(client, "/knowledge/index", {"rebuild": rebuild})
        return {domain: int(found["chunks"].get(domain, 0)) for domain in DOMAINS}
