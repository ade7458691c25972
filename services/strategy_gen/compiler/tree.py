"""What a sentence means, as a tree of frozen values: the one thing that reading produces and writing consumes.

Pure data. Every node knows the phrase it was read from, so that the code and every error can quote it. Figures are as the engine
wants them: fractions for percentages (0.03 for 3 %), bars for durations are left to `Span`, which knows the unit a person used.
"""

from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["bar", "minute", "hour", "day", "week", "month", "year"]
Price = Literal["open", "high", "low", "close", "volume"]
IndicatorName = Literal[
    "sma",
    "ema",
    "wma",
    "rsi",
    "macd",
    "bollinger",
    "atr",
    "adx",
    "stochastic",
    "vwap",
    "obv",
    "roc",
    "highest",
    "lowest",
]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the sentence: `text` is sentence[start:end], as the person spelled it."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in the unit a person used; `bar` needs no conversion."""

    count: int
    unit: Unit = "bar"


# --- terms: numbers that each bar has


@dataclass(frozen=True, slots=True)
class Number:
    """A constant; money and counts are plain ("10 billion" is 1e10), percentages of ratios are fractions."""

    value: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the bar; `shift` > 0 is the value that many bars earlier ("yesterday's high" on a daily chart)."""

    name: Price
    shift: Span = Span(0)


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator by TA-Lib's definition and seeding. spans: its periods in the order of TA-Lib (macd: fast, slow, signal; stochastic: k, smoothing, d).

    of: the column it is computed of. part: macd `line` `signal` `histogram`; bollinger `upper` `middle` `lower`; stochastic `k` `d`; adx `adx` `plus_di`
    `minus_di`. width: Bollinger's standard deviations. before: leave the current bar out (`highest`, `lowest`, averages of volume), so a new high can exceed it.
    """

    name: IndicatorName
    spans: tuple[Span, ...] = ()
    of: Price = "close"
    part: str = ""
    width: float = 2.0
    before: bool = False


@dataclass(frozen=True, slots=True)
class Scaled:
    """`factor` times a term: "2x average volume", "2 % above the 50-day average" (1.02)."""

    factor: float
    term: "Term"


@dataclass(frozen=True, slots=True)
class Change:
    """The relative change of a column over a time, as a fraction: close / close `over` ago - 1."""

    over: Span
    of: Price = "close"


@dataclass(frozen=True, slots=True)
class Gap:
    """The opening gap as a fraction: open / previous close - 1."""


@dataclass(frozen=True, slots=True)
class FromExtreme:
    """How far the close is from the highest high or the lowest low of the last `over` bars, this one included, as a fraction: below 0 under a high, above 0 over a low."""

    extreme: Literal["high", "low"]
    over: Span


@dataclass(frozen=True, slots=True)
class Figure:
    """A company figure, a field of `get_fundamental_data` in its own unit (docs/fundamentals.md)."""

    name: str


Term = Number | Column | Indicator | Scaled | Change | Gap | FromExtreme | Figure


# --- conditions: true or false after each bar


@dataclass(frozen=True, slots=True)
class Compare:
    """left `op` right; false while either is not known."""

    left: Term
    op: Literal["<", "<=", ">", ">=", "=="]
    right: Term
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Between:
    """low <= term <= high."""

    term: Term
    low: Term
    high: Term
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Cross:
    """left is above (below) right now and was not on the bar before: previous left <= previous right and left > right."""

    left: Term
    direction: Literal["above", "below"]
    right: Term
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Trend:
    """The term rose (fell) on each of the last `bars` bars."""

    term: Term
    direction: Literal["rising", "falling"]
    over: Span
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Within:
    """abs(left / right - 1) <= fraction."""

    left: Term
    fraction: float
    right: Term
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Streak:
    """The last `over` bars were all green (close > open) or red (close < open)."""

    colour: Literal["green", "red"]
    over: Span
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Sector:
    """The company's sector is `name`, compared without case and, for technology and its like, by the names data sources use."""

    name: str
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; false while the condition's own terms are not known."""

    condition: "Condition"
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of them."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The condition was true on each of the last `over` bars, this one included ("for 3 bars in a row")."""

    condition: "Condition"
    over: Span
    phrase: Phrase


Condition = Compare | Between | Cross | Trend | Within | Streak | Sector | Not | All | Any | Held


# --- the sentence


@dataclass(frozen=True, slots=True)
class Exits:
    """Ways out besides the exit condition. Fractions of the entry price; None is off. hold: bars after which a position is closed."""

    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    hold: Span | None = None
    phrases: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumed:
    """A default that was used: the phrase that left it open, and what it was taken for."""

    phrase: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence. purpose: `trade` (buy ... sell ...), `screen` (find stocks ...) or `alert` (alert me when ...).

    exit None with no `exits`: the opposite of the entry closes, for `trade`. symbols, timeframe: those named in the text, as spelled canonically; empty
    and None where it names none. unit_timeframe: the bar length that the units used ("200-day", "daily chart") ask for, None where there are none.
    """

    text: str
    purpose: Literal["trade", "screen", "alert"]
    entry: Condition
    exit: Condition | None = None
    exits: Exits = Exits()
    symbols: tuple[str, ...] = ()
    timeframe: str | None = None
    unit_timeframe: str | None = None
    assumed: tuple[Assumed, ...] = field(default=())
