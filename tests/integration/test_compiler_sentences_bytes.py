"""The same sentence gives the same bytes, in this process and in others whose sets and dictionaries hash otherwise."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict

from services.strategy_gen.compiler.compile import Compiled, compile_text
from services.strategy_gen.compiler.errors import BadPromptError
from tests.unit.strategy_gen.sentences.every import CASES
from tests.unit.strategy_gen.sentences.refused import ALL

SCRIPT = "from tests.integration.test_compiler_sentences_bytes import digest; print(digest(-1))"


def digest(step: int = 1) -> str:
    """Return the SHA-256 (hex) of everything that the compiler says of every sentence, good or bad. step: -1 asks in reverse order."""
    texts = [(case.text, None if case.own else case.bars) for case in CASES] + [
        (bad.text, bad.timeframe) for bad in ALL
    ]
    told = {text: _told(text, timeframe) for text, timeframe in texts[::step]}
    return hashlib.sha256(b"".join(told[text] for text, _ in texts)).hexdigest()


def _told(text: str, timeframe: str | None) -> bytes:
    try:
        return json.dumps(_plain(compile_text(text, timeframe=timeframe))).encode()
    except BadPromptError as error:
        return json.dumps([error.detail, error.hint, error.diagnostics]).encode()


def _plain(found: Compiled) -> list[object]:
    assumed = [asdict(each) for each in found.assumptions]
    return [found.kind, found.code, found.name, found.symbols, found.timeframe, found.purpose, found.in_words, assumed]


def elsewhere(seed: str) -> str:
    """Return the digest of a process of its own, which compiles in reverse order."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_same_sentences_give_the_same_bytes_in_a_process_that_hashes_otherwise() -> None:
    seed = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "1"
    assert elsewhere(seed) == digest()


def test_same_sentence_twice_gives_equal_results() -> None:
    text = "Find stocks that gap up by more than 3% with high volume"
    assert compile_text(text, timeframe="1d") == compile_text(text, timeframe="1d")
