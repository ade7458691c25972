"""The knowledge base with a list of what is in it, so that others can be told of every change, also of one that a kill left untold."""

from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.values import DocumentState


class Shelf(Knowledge):
    """A knowledge base that lists its documents."""

    def documents(self) -> dict[str, DocumentState]:
        """Return every document that is searchable now, by its name `<domain>/<file>`; raises IndexUnavailableError."""
        with self._using:
            return {name: record.state for name, record in self._stores().catalog.records().items()}
