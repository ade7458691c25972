"""What a generated strategy is called and whose it is. Decides lineage and family: see ADR 0014."""

import hashlib
import unicodedata
from base64 import b32encode

from libs.common.events import StrategyProposed
from libs.strategy.family import family_of
from libs.strategy.spec import Strategy, code_hash, strategy_id
from services.strategy_gen.generation.values import Attempt, Job

NAMELESS = "bus"
"""Who asks where nobody is named: the same as for submissions, so that both count as one search."""


def lineage_of(text: str) -> str:
    """Return `gen-` and 20 base32 characters of a sentence: all its variants and repairs share it, whatever its case and spaces."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return "gen-" + b32encode(hashlib.sha256(plain.encode()).digest()).decode().lower()[:20]


def proposal_of(job: Job, attempt: Attempt, strategy: Strategy, proposal: int) -> StrategyProposed:
    """Return the fact that an attempt may be judged; `proposal` counts how often its strategy was proposed."""
    command, identity = job.command, strategy_id(strategy)
    return StrategyProposed.after(
        command,
        key=f"{identity}|{proposal}",
        strategy_id=identity,
        lineage_id=lineage_of(command.text),
        family_id=family_of(command.asked_by or NAMELESS, strategy.symbols, strategy.timeframe),
        kind=strategy.kind,
        name=strategy.name or identity,
        rules=None,
        code=strategy.code,
        code_hash=code_hash(strategy),
        symbols=strategy.symbols,
        timeframe=strategy.timeframe,
        parameters=strategy.parameters,
        signal_mode=strategy.signal_mode,
        allow_short=strategy.allow_short,
        origin=attempt.made.engine,
        submitted_by=command.asked_by,
        in_words=(job.plan.in_words or attempt.description)[:4_000],
        generation_id=job.job_id,
        proposal=proposal,
    )
