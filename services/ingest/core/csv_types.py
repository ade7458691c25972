"""What a CSV import is told, what it finds, and how it says no."""

from dataclasses import dataclass, field

from libs.common.errors import BadBarsError
from libs.common.values import Timeframe
from libs.market.frame import Frame

SHOWN_LINES = 10
"""How many bad lines an error names."""


@dataclass(frozen=True)
class CsvLimits:
    """How much one import may be; everything above is refused while it is being read.

    max_bytes: of the unpacked text. max_rows: of data lines. max_line_bytes, max_columns: of one line.
    max_symbols: of different symbols.
    """

    max_bytes: int = 200_000_000
    max_rows: int = 5_000_000
    max_line_bytes: int = 65_536
    max_columns: int = 256
    max_symbols: int = 5_000


@dataclass(frozen=True)
class CsvOptions:
    """What the reader of a CSV must be told, because a CSV does not say it.

    now_ms: a bar that closes after it is refused. symbol: the canonical symbol all rows must have. default_symbol:
    what rows of a file without symbol column are of, when `symbol` is not given. by_column: name of the column with each
    row's symbol, when it is not called symbol. timeframe: None infers it from the commonest step. zone: IANA name, read into times without an offset.
    """

    now_ms: int
    symbol: str | None = None
    default_symbol: str | None = None
    by_column: str | None = None
    timeframe: Timeframe | None = None
    zone: str = "UTC"
    delimiter: str = ","
    limits: CsvLimits = field(default_factory=CsvLimits)


@dataclass(frozen=True)
class Spike:
    """A bar left out because its range lies more than 20 times above or below both neighbours."""

    symbol: str
    open_ms: int
    line: int
    low: float
    high: float


@dataclass(frozen=True)
class SymbolBars:
    """The accepted bars of one symbol, with what was dropped on the way. duplicates: identical rows within the file."""

    symbol: str
    frame: Frame
    rows_read: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Parsed:
    """A whole CSV, accepted. symbols: sorted by name. ambiguous_times: local times that exist twice in the declared zone.

    has_volume: False when the file has no volume column; the bars then carry 0. ignored_columns: names nobody asked for.
    """

    timeframe: Timeframe
    symbols: tuple[SymbolBars, ...]
    rows_read: int
    spikes: tuple[Spike, ...]
    ambiguous_times: int
    has_volume: bool
    ignored_columns: tuple[str, ...]


class BadCsvError(BadBarsError):
    """A CSV that is refused whole. `lines`: the first ten bad lines as (line number, reason); empty when no line is to blame."""

    code = "data.bad_csv"

    def __init__(
        self,
        detail: str,
        lines: tuple[tuple[int, str], ...] = (),
        *,
        hint: str | None = None,
        pointer: str | None = None,
    ):
        """Name the lines in the detail, and point at the first."""
        told = "; ".join(f"line {line}: {reason}" for line, reason in lines)
        place = pointer or (f"{lines[0][0]}:1" if lines else None)
        super().__init__(f"{detail}: {told}" if told else detail, pointer=place, hint=hint)
        self.lines = lines


class Faults:
    """The bad lines seen so far, one reason each: the first one found."""

    def __init__(self) -> None:
        """Start with none."""
        self._reasons: dict[int, str] = {}

    def __len__(self) -> int:
        """Return how many lines are bad."""
        return len(self._reasons)

    def add(self, line: int, reason: str) -> None:
        """Note a bad line; `reason` is cut to 160 characters."""
        self._reasons.setdefault(line, reason[:160])

    def check(self, complete: bool = True) -> None:
        """Raise BadCsvError when there is a bad line. complete: False when more of them may follow."""
        if self._reasons:
            first = tuple(sorted(self._reasons.items())[:SHOWN_LINES])
            count = len(self._reasons)
            told = f"{count} bad line{'s' if count > 1 else ''}"
            raise BadCsvError(told if complete else f"at least {told}", first)
