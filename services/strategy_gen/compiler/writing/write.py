"""A tree as the source of a strategy. Decides the contract's frame, what is assumed, and the words; the parts have files of their own."""

from dataclasses import dataclass

from services.strategy_gen.compiler.tree import Assumed, Indicator, Sentence, Span
from services.strategy_gen.compiler.writing.bars import Clock, clock_of, in_bars, length, rewritten
from services.strategy_gen.compiler.writing.classify.classify import classify_code
from services.strategy_gen.compiler.writing.defaults import check_lengths, with_defaults
from services.strategy_gen.compiler.writing.exits import DEFAULT_HOLD, completed
from services.strategy_gen.compiler.writing.layout import clean
from services.strategy_gen.compiler.writing.refusal import Refusal
from services.strategy_gen.compiler.writing.refusals import MAX_HORIZON, Kind, check_tree
from services.strategy_gen.compiler.writing.signals.signals import signals_code
from services.strategy_gen.compiler.writing.words import Words, in_words

CLASSIFIED_TIMEFRAME = "1d"
"""Bars that a classifier asks for where nobody names a length, as `get_price_data` does."""

_MOST_PHRASE = 256
_MOST_MEANING = 400


@dataclass(frozen=True, slots=True)
class Written:
    """The source, what it does in words, and every default that was used, those of reading first."""

    code: str
    in_words: str
    assumptions: tuple[Assumed, ...]


def write(sentence: Sentence, timeframe: str | None, kind: Kind) -> Written:
    """Return the code of a sentence on bars of `timeframe`; the same tree gives the same bytes.

    timeframe: None where nobody named one; lengths in days cannot be counted then. Raises Refusal for what the contract
    cannot do.
    """
    check_tree(sentence, kind)
    whole, added = with_defaults(sentence)
    classifies = kind == "python.classify"
    if classifies:
        clock = clock_of(whole, timeframe or CLASSIFIED_TIMEFRAME)
        code, words, ways = _classifier(whole, clock, named=timeframe is not None)
    else:
        clock = clock_of(whole, timeframe)
        code, words, ways = _signals(whole, clock)
    units = in_bars(whole, clock)[1]
    assumed = (*sentence.assumed, *added, *units, *ways)
    return Written(code, words, tuple(_clipped(one) for one in dict.fromkeys(assumed)))


def _signals(sentence: Sentence, clock: Clock) -> tuple[str, str, tuple[Assumed, ...]]:
    whole, named = completed(sentence)
    words = in_words(whole, clock, horizon=None)
    code = signals_code(_counted(whole, clock), words, implied=not named)
    ways = () if named else (Assumed("no way out", _way_out(whole, clock)),)
    if any(part is not None for part in (whole.exits.stop_loss, whole.exits.take_profit, whole.exits.trailing_stop)):
        said = ", ".join(phrase.text for phrase in whole.exits.phrases) or "stop"
        ways = (*ways, Assumed(said, "checked when a bar closes, and filled at the next open"))
    return code, words, ways


def _classifier(sentence: Sentence, clock: Clock, *, named: bool) -> tuple[str, str, tuple[Assumed, ...]]:
    hold = sentence.exits.hold or Span(DEFAULT_HOLD)
    horizon = clock.bars(hold)
    if not 1 <= horizon <= MAX_HORIZON:
        raise Refusal(
            "that is not a holding time", code="prompt.length", hint=f"1 to {MAX_HORIZON:,} bars", phrase=hold
        )
    words = in_words(sentence, clock, horizon=length(hold, clock))
    code = classify_code(_counted(sentence, clock), words, str(clock.timeframe), horizon)
    ways = (
        () if sentence.exits.hold else (Assumed("no holding time", f"a hit is held for {DEFAULT_HOLD} bars (HORIZON)"),)
    )
    return code, words, ways if named else (*ways, Assumed("no bar length", f"{clock.timeframe} bars"))


def _counted(sentence: Sentence, clock: Clock) -> Sentence:
    return rewritten(in_bars(sentence, clock)[0], Indicator, check_lengths)


def _way_out(sentence: Sentence, clock: Clock) -> str:
    if sentence.exit is None:
        return f"sells {DEFAULT_HOLD} bars after buying"
    return f"sells when {Words(clock).condition(sentence.exit)}, the opposite of the entry"


def _clipped(assumed: Assumed) -> Assumed:
    return Assumed(clean(assumed.phrase)[:_MOST_PHRASE], clean(assumed.meaning)[:_MOST_MEANING])
