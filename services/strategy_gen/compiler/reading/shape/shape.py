"""Puts lexemes in the order the grammar reads: drops words without meaning, settles words with two uses by their neighbours, marks where pieces
and conditions begin. A word is settled by its neighbours alone; nothing that carries meaning is removed.
"""

from dataclasses import replace

from services.strategy_gen.compiler.reading.shape.exits import entries, guards, waits
from services.strategy_gen.compiler.reading.shape.joints import again, alternatives, brackets, in_order, joints, pieces
from services.strategy_gen.compiler.reading.shape.nouns import nouns
from services.strategy_gen.compiler.reading.shape.run import Lexemes, Step, retyped
from services.strategy_gen.compiler.reading.shape.words import (
    at_records,
    closings,
    denied_facts,
    sectors,
    shared_names,
    single_units,
    small_words,
    spikes,
    split_more,
    two_sides,
    two_ways,
)

_STEPS: tuple[Step, ...] = (
    two_ways,
    two_sides,
    at_records,
    split_more,
    single_units,
    closings,
    retyped(small_words),
    denied_facts,
    shared_names,
    sectors,
    spikes,
    waits,
    entries,
    guards,
    nouns,
    pieces,
    in_order,
    joints,
    alternatives,
    brackets,
    again,
)


def shape(lexemes: Lexemes) -> Lexemes:
    """Return `lexemes`, from which markets were lifted and which are not empty, as the grammar wants them."""
    if lexemes[0].type == "WHICH":
        lexemes = [replace(lexemes[0], type="FIND"), *lexemes[1:]]
    for step in _STEPS:
        lexemes = step(lexemes)
    return lexemes
