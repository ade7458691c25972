"""What can go wrong with the knowledge base, told so that a person can act."""

from libs.common.errors import BadInputError, StoreUnavailableError, TransientError


class UnreadableError(BadInputError):
    """A file that cannot be read as text; `detail` is the reason, to be shown beside its name. The other files are read."""

    code = "knowledge.unreadable"


class BadQuestionError(BadInputError):
    """A question that is too long, or a limit out of range."""

    code = "knowledge.question"


class BadDocumentError(BadInputError):
    """A document that cannot be kept: its name, its size or its text."""

    code = "knowledge.document"


class EmbeddingsError(TransientError):
    """The embeddings URL did not answer, or not with embeddings. What was searchable stays as it was."""

    code = "knowledge.embeddings"


class IndexUnavailableError(StoreUnavailableError):
    """The index cannot be opened, read or written. It is derived from the texts, so it can always be made anew."""

    code = "knowledge.index"
