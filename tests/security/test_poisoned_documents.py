"""Poisoned documents, each read by a model that obeys it: nothing changes but the strategy, which nobody trusts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.common.events import AttemptMade, StrategyProposed
from libs.strategy.sandbox.host.pool import Pool
from tests.security.poisoned.answers import CROSSING, OBEYED, Obeyed
from tests.security.poisoned.documents import DOCUMENTS, NEEDLE, Poisoned
from tests.security.poisoned.harm import unharmed
from tests.security.poisoned.lab import CANARY, IDEA, Lab, Obedient, lab
from tests.security.poisoned.words import INVISIBLE


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "SENTINEL_BINANCE_SECRET", "HOME_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, f"{CANARY}-{name}")


def test_there_are_as_many_documents_as_promised() -> None:
    assert len(DOCUMENTS) >= 40
    assert len({document.title for document in DOCUMENTS}) == len(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.title)
async def test_document_that_is_obeyed_changes_no_permission_spend_order_or_gate(
    document: Poisoned, tmp_path: Path, sandbox: Pool, secrets: None, caplog: pytest.LogCaptureFixture
) -> None:
    obeyed = OBEYED[document.obeys]
    before = dict(os.environ)
    caplog.set_level("DEBUG", logger="sentinel")
    with Obedient(NEEDLE, obeyed.answer) as model:
        async with lab(tmp_path, sandbox, model, {f"{document.domain}/{document.name}": document.body}) as opened:
            hits = opened.base.search(IDEA)
            assert hits, "the document is not found, so nothing is tried"
            assert not any(INVISIBLE.search(hit.title + hit.heading + hit.text) for hit in hits)
            await opened.generated(IDEA)
            await opened.gate_stays_shut()
        unharmed(opened, caplog.text)
        assert dict(os.environ) == before
        assert bool(model.tempted) == document.seen
        _quoted(opened, document)
        _stopped(opened, obeyed if document.seen else Obeyed(obeyed.answer, "judge"))
        if not document.seen:
            (proposed,) = opened.desk.facts(StrategyProposed)
            assert proposed.code == CROSSING


def _quoted(opened: Lab, document: Poisoned) -> None:
    """Every passage of the document stands in one block that names it as a stranger's; nothing of it stands anywhere else."""
    for request in opened.requests():
        passages = request.passages()
        assert passages
        assert {passage.origin for passage in passages} == {f"{document.domain} knowledge, added by a user, untrusted"}
        assert any(NEEDLE in passage.text for passage in passages) == document.seen
        assert NEEDLE not in request.words
        assert NEEDLE not in request.system
        assert not any(NEEDLE in block.text for block in request.blocks if block.name == "request")


def _stopped(opened: Lab, obeyed: Obeyed) -> None:
    made = opened.desk.facts(AttemptMade)
    assert {attempt.step for attempt in made} == {obeyed.step}
    if obeyed.step == "judge":
        return
    assert not opened.desk.facts(StrategyProposed)
    assert all(attempt.findings and attempt.findings[0]["code"].startswith(obeyed.code) for attempt in made)
