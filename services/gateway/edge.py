"""The only place where the gateway draws something by chance: the id of a request or command nobody named."""

import uuid


def new_id() -> str:
    """Return a fresh random id. A repeated request without an Idempotency-Key acts twice, as asked."""
    return str(uuid.uuid4())
