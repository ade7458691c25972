"""What an indicator is when a sentence only names it: its usual lengths. Refuses lengths that it cannot have."""

from dataclasses import replace

from services.strategy_gen.compiler.tree import Assumed, Indicator, IndicatorName, Sentence, Span
from services.strategy_gen.compiler.writing.bars import rewritten
from services.strategy_gen.compiler.writing.refusal import Refusal

USUAL: dict[IndicatorName, tuple[int, ...]] = {
    "sma": (20,),
    "ema": (20,),
    "wma": (20,),
    "rsi": (14,),
    "macd": (12, 26, 9),
    "bollinger": (20,),
    "atr": (14,),
    "adx": (14,),
    "stochastic": (14, 3, 3),
    "vwap": (20,),
    "obv": (),
    "roc": (10,),
    "highest": (20,),
    "lowest": (20,),
}
"""Bars of each length of an indicator, in the order of `tree.Indicator.spans`."""

_FIRST_PART = {"macd": "line", "bollinger": "middle", "stochastic": "k", "adx": "adx"}
_OF_WHOLE_BARS = ("atr", "adx", "stochastic", "vwap", "obv")
_AT_LEAST_TWO = ("rsi", "adx")


def with_defaults(sentence: Sentence) -> tuple[Sentence, tuple[Assumed, ...]]:
    """Return the sentence with every indicator complete, and the lengths that were added."""
    added: dict[Assumed, None] = {}

    def complete(indicator: Indicator) -> Indicator:
        name, usual = indicator.name, USUAL[indicator.name]
        if not indicator.spans and usual:
            added[Assumed(name.upper(), f"over {', '.join(map(str, usual))} bars")] = None
        if indicator.spans and len(indicator.spans) != len(usual):
            raise Refusal(
                f"{name} has {len(usual)} lengths, not {len(indicator.spans)}",
                code="prompt.length",
                hint="leave them out",
            )
        return replace(
            indicator,
            spans=indicator.spans or tuple(map(Span, usual)),
            of="close" if name in _OF_WHOLE_BARS else indicator.of,
            part=(indicator.part or _FIRST_PART[name]) if name in _FIRST_PART else "",
            width=indicator.width if name == "bollinger" else 2.0,
        )

    result = rewritten(sentence, Indicator, complete)
    return result, tuple(added)


def check_lengths(indicator: Indicator) -> Indicator:
    """Return an indicator, its lengths in bars; raises Refusal where it cannot have them."""
    least = 2 if indicator.name in _AT_LEAST_TWO else 1
    if any(span.count < least for span in indicator.spans):
        raise Refusal(f"{indicator.name} of fewer than {least} bars", code="prompt.length", hint="name a longer time")
    if indicator.name == "macd" and indicator.spans[0].count >= indicator.spans[1].count:
        raise Refusal("the first length of the MACD is not below the second", code="prompt.length", hint="12, 26, 9")
    return indicator
