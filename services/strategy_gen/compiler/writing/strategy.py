"""A sentence that was read as a strategy. Decides which contract and which bars; runs nothing."""

from dataclasses import dataclass

from libs.common.values import parse_timeframe
from services.strategy_gen.compiler.tree import Assumed, Sentence
from services.strategy_gen.compiler.writing.layout import clean
from services.strategy_gen.compiler.writing.refusal import Refusal, found, told
from services.strategy_gen.compiler.writing.refusals import Kind, kind_of
from services.strategy_gen.compiler.writing.write import CLASSIFIED_TIMEFRAME, write

_MOST_NAME = 80
_SPELLED = {
    "1m": r"1[\s-]?m(in(ute)?s?)?\b|every minute|minutely|one[\s-]minute",
    "5m": r"5[\s-]?m(in(ute)?s?)?\b|five[\s-]minute",
    "15m": r"15[\s-]?m(in(ute)?s?)?\b|fifteen[\s-]minute|quarter[\s-]hour",
    "1h": r"1[\s-]?h(our)?s?\b|hourly|one[\s-]hour",
    "4h": r"4[\s-]?h(our)?s?\b|four[\s-]hour",
    "1d": r"1[\s-]?d(ay)?s?\b|daily|one[\s-]day",
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A sentence as code.

    timeframe: the sentence's own, else the caller's, else that of its units, else (python.classify) daily; None leaves it open. in_words: what
    the code does. assumptions: every default that was used. sentence: what was read.
    """

    kind: Kind
    code: str
    name: str
    symbols: tuple[str, ...]
    timeframe: str | None
    purpose: str
    in_words: str
    assumptions: tuple[Assumed, ...]
    sentence: Sentence


def compile_sentence(
    sentence: Sentence, *, timeframe: str | None = None, kind: str | None = None, name: str = ""
) -> Compiled:
    """Return the strategy that a sentence describes; the same arguments give the same bytes.

    timeframe: of the bars, where the sentence names none. kind: `python.signals` or `python.classify`, where the sentence leaves it open.
    Raises BadPromptError for what no contract can do, and where the arguments contradict the sentence; BadTimeframeError, BadInputError for
    a timeframe or a kind that does not exist.
    """
    try:
        contract = kind_of(sentence, kind)
        bars = _timeframe(sentence, timeframe)
        written = write(sentence, bars, contract)
    except Refusal as refusal:
        raise told(sentence, refusal) from None
    return Compiled(
        kind=contract,
        code=written.code,
        name=name or _named(sentence.text),
        symbols=sentence.symbols,
        timeframe=bars or (CLASSIFIED_TIMEFRAME if contract == "python.classify" else None),
        purpose=sentence.purpose,
        in_words=written.in_words,
        assumptions=written.assumptions,
        sentence=sentence,
    )


def _timeframe(sentence: Sentence, asked: str | None) -> str | None:
    """Return the bar length of a sentence for a caller who asks for one; raises Refusal if the two disagree."""
    wanted = str(parse_timeframe(asked)) if asked is not None else None
    own = str(parse_timeframe(sentence.timeframe)) if sentence.timeframe is not None else None
    if own and wanted and own != wanted:
        raise Refusal(
            f"the text asks for {own} bars, the request for {wanted}",
            code="prompt.timeframe",
            hint=f"leave one of them out, or write {own} in both",
            phrase=found(sentence, rf"\b(?:{_SPELLED[own]})"),
        )
    return own or wanted or sentence.unit_timeframe


def _named(text: str) -> str:
    name = clean(text)
    return name if len(name) <= _MOST_NAME else f"{name[: _MOST_NAME - 3].rstrip()}..."
