"""The facts Mother AI writes: which few signals become trades, how big, and why."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event, Part
from libs.common.values import (
    Action,
    Amount,
    Fraction,
    Identifier,
    Price,
    Side,
    Stage,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
)

MAX_CANDIDATES = 50
"""How many of a round's candidates a decision lists."""


class Candidate(Part):
    """One signal of a round as Mother AI saw it; `why` says in plain words why it was or was not taken."""

    signal_id: str
    strategy_id: Identifier
    symbol: Symbol
    action: Action
    confidence: Fraction | None
    win_rate: Fraction | None
    score: Fraction | None
    taken: bool
    why: Text


class DecisionMade(Event):
    """A signal that becomes an order; `event_id` is the decision id, `caused_by` the signal, `at` the round's bar close.

    quote_amount: what a buy may spend, fee included, in the quote asset; null for a sell, which closes the whole holding.
    price: the close it was decided on. valid_until: after it no order may leave (exchange accounts; on the event clock
    of a paper account two closed bars of the timeframe without a bar of the symbol expire it).
    """

    subject: ClassVar[str] = "decisions.{symbol}"
    account: Identifier
    strategy_id: Identifier
    symbol: Symbol
    timeframe: Timeframe
    stage: Stage
    action: Side
    quote_amount: Amount | None
    price: Price
    stop: Price | None = None
    target: Price | None = None
    confidence: Fraction | None
    win_rate: Fraction | None
    score: Fraction | None
    rank: Annotated[int, Field(ge=1)]
    reason: Text
    considered: Annotated[tuple[Candidate, ...], Field(max_length=MAX_CANDIDATES)]
    considered_count: int
    valid_until: UtcTime
    simulated: bool = False


class RoundDecided(Event):
    """Everything Mother AI had to say about the bars of one timeframe that closed at `at`; it never adds to it.

    decisions: how many DecisionMade this round has. The executor moves its paper accounts past `at` only once this and
    those have arrived, so fills do not depend on how messages interleave.
    """

    subject: ClassVar[str] = "rounds.{timeframe}"
    timeframe: Timeframe
    decisions: Annotated[int, Field(ge=0)]
    considered: Annotated[int, Field(ge=0)]
    missing: Annotated[int, Field(ge=0)] = 0
    best_score: FiniteFloat | None = None
    mode: Literal["live"] = "live"
