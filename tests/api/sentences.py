"""One sentence that becomes strategies: what strategy_gen says of it, step by step."""

from typing import Any

from libs.common.commands import AddDocument, GenerateStrategy, IndexKnowledge
from libs.common.events import (
    AttemptMade,
    DocumentIndexed,
    GenerationDone,
    GenerationFailed,
    GenerationStarted,
    JobProgressed,
    KnowledgeIndexed,
    StrategyJudged,
    StrategyProposed,
)
from libs.common.values import Timeframe, Verdict
from tests.api.facts import judged, proposed
from tests.support.build import START

TEXT = "Buy BTCUSDT hourly when the RSI is below 30 and the moon is full"
CODE = "def generate_signals(df):\n    return [0] * len(df)\n"
PHRASE = {
    "code": "prompt.not_understood",
    "message": "these words are not understood",
    "phrase": "the moon is full",
    "start": 48,
    "end": 64,
    "line": 1,
    "column": 49,
    "nearest": ["the volume is high", "the trend is up"],
    "hint": "leave it out, or say it with prices, volume or indicators",
}
CITATION = {"document": "risk/stops.md", "chunk": 2, "heading": "Stops", "quote": "A stop is a price", "score": 0.71}
ASSUMED = {"phrase": "RSI", "meaning": "RSI over 14 bars"}


def command(job_id: str) -> GenerateStrategy:
    return GenerateStrategy.first(key=job_id, at=START, text=TEXT)


def generating(job_id: str = "g1", **changes: Any) -> GenerationStarted:
    fields = {"engine": "auto", "variants": 2, "symbols_total": 1, "timeframe": Timeframe.H1, **changes}
    return GenerationStarted.after(command(job_id), job_id=job_id, text=TEXT, **fields)


def attempt(job_id: str = "g1", variant: int = 1, number: int = 1, **changes: Any) -> AttemptMade:
    fields = {"engine": "compiler", "step": "judge", "strategy_id": "s1", "code": CODE, **changes}
    key = f"{variant}.{number}"
    return AttemptMade.after(command(job_id), key=key, job_id=job_id, variant=variant, number=number, **fields)


def broken(job_id: str = "g1", variant: int = 1, number: int = 1, **changes: Any) -> AttemptMade:
    finding = {"code": "strategy.forbidden_import", "message": "os may not be imported", "line": 1, "column": 1}
    fields = {"engine": "llm", "model": "m-1", "prompt_hash": "ab", "step": "check", "strategy_id": None, **changes}
    spent = {"tokens_in": 900, "tokens_out": 120, "cost_usd": 0.002}
    return attempt(job_id, variant, number, **fields, code="import os", findings=(finding,), **spent)


def made(**changes: Any) -> dict[str, Any]:
    fields = {"variant": 1, "attempts": 1, "strategy_id": "s1", "engine": "compiler", "name": "rsi dip"}
    return {**fields, "verdict": Verdict.GOOD, "backtest_id": "b1", **changes}


def generated(job_id: str = "g1", *strategies: dict[str, Any], **changes: Any) -> GenerationDone:
    told: dict[str, Any] = {
        "in_words": "buys when RSI(14) < 30",
        "assumptions": (ASSUMED,),
        "citations": (CITATION,),
        **changes,
    }
    parts = strategies or (made(),)
    return GenerationDone.after(
        command(job_id), job_id=job_id, text=TEXT, strategies=parts, symbols=("BTCUSDT",), **told
    )


def ungenerated(job_id: str = "g1", **changes: Any) -> GenerationFailed:
    told: dict[str, Any] = {
        "code": "prompt.not_understood",
        "detail": '"the moon is full" is not understood',
        "pointer": "/text",
    }
    return GenerationFailed.after(
        command(job_id), job_id=job_id, text=TEXT, **{**told, "findings": (PHRASE,), **changes}
    )


def progressed(job_id: str, phase: str, done: int) -> JobProgressed:
    fields: dict[str, Any] = {"service": "strategy_gen", "job_id": job_id, "phase": phase, "done": done, "total": 6}
    return JobProgressed.after(command(job_id), key=phase, **fields)


def strategy(job_id: str | None = "g1") -> tuple[StrategyProposed, StrategyJudged]:
    definition: dict[str, Any] = {
        "kind": "python.signals",
        "rules": None,
        "code": CODE,
        "in_words": "buys when RSI(14) < 30",
    }
    proposal = proposed("s1", **definition, generation_id=job_id, origin="compiler")
    return proposal, judged(proposal)


def document(document_id: str = "d1", name: str = "risk/stops.md", n: int = 0, **changes: Any) -> DocumentIndexed:
    cause = AddDocument.first(key=document_id, at=START, domain="risk", name="stops", text="x")
    domain = name.split("/")[0]
    fields = {"title": "Stops", "content_hash": "ab", "characters": 1_200, "chunks": 2, **changes}
    return DocumentIndexed.after(cause, key=str(n), document_id=document_id, domain=domain, document=name, **fields)


def indexed(job_id: str = "x1", **changes: Any) -> KnowledgeIndexed:
    cause = IndexKnowledge.first(key=job_id, at=START)
    counts = {"added": 2, "changed": 0, "removed": 1, "unchanged": 43}
    fields = {"chunks": {"risk": 12, "technical": 30}, **counts, "embedder": "hash-1", **changes}
    return KnowledgeIndexed.after(cause, job_id=job_id, **fields)
