"""What a generated strategy is called and whose it is. Decides lineage and family: see ADR 0014."""

import hashlib
import unicodedata
from base64 import b32encode

from services.strategy_gen.core import Origin
from services.strategy_gen.generation.values import Attempt, Job

NAMELESS = "bus"
"""Who asks where nobody is named: the same as for submissions, so that both count as one search."""


def lineage_of(text: str) -> str:
    """Return `gen-` and 20 base32 characters of a sentence: all its variants and repairs share it, whatever its case and spaces."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return "gen-" + b32encode(hashlib.sha256(plain.encode()).digest()).decode().lower()[:20]


def origin_of(job: Job, attempt: Attempt) -> Origin:
    """Return where the strategy of an attempt comes from."""
    command = job.command
    return Origin(
        submitter=command.asked_by or NAMELESS,
        origin=attempt.made.engine,
        submitted_by=command.asked_by,
        lineage_id=lineage_of(command.text),
        in_words=(job.plan.in_words or attempt.description)[:4_000],
        generation_id=job.job_id,
    )
