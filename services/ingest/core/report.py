"""What an import tells: the events of its symbols and the answer to the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libs.common.commands import ImportBars
from libs.common.events import BarsImported, Event
from libs.common.values import from_epoch_ms
from libs.market.catalog import MergeResult
from libs.market.gaps import Gap
from services.ingest.core.csv_types import Parsed, SymbolBars
from services.ingest.core.facts import gaps_found
from services.ingest.core.market_gaps import file_sessions, market_gaps

SHOWN_GAPS = 50
"""How many gaps, and how many spikes, the answer lists."""

SHOWN_SYMBOLS = 500
"""How many symbols the answer lists."""

PUBLISHED_GAPS = 1_000
"""How many gaps of one symbol are published, longest first; the counts are always of all."""


@dataclass(frozen=True)
class SymbolReport:
    """What became of one symbol. stored_before: bars the catalog had already, with the same values."""

    bars: SymbolBars
    added: int
    stored_before: int
    gaps: tuple[Gap, ...]

    @property
    def bars_missing(self) -> int:
        """Return how many bars the gaps add up to."""
        return sum(gap.bars_missing for gap in self.gaps)


@dataclass(frozen=True)
class ImportReport:
    """What became of a file. source: as written on the bars. sessions: trading times of the file, None for a market that never rests."""

    parsed: Parsed
    source: str
    symbols: tuple[SymbolReport, ...]
    sessions: int | None = None

    @property
    def rows_added(self) -> int:
        """Return how many bars the catalog gained."""
        return sum(symbol.added for symbol in self.symbols)

    @property
    def duplicates(self) -> int:
        """Return how many rows said nothing new: repeated within the file, or stored before."""
        return sum(symbol.bars.duplicates + symbol.stored_before for symbol in self.symbols)


def report(parsed: Parsed, results: Sequence[MergeResult], source: str) -> ImportReport:
    """Return the report on a file whose symbols were stored with `results`, in the same order."""
    sessions = file_sessions([bars.frame.ts for bars in parsed.symbols])
    symbols = [
        SymbolReport(
            bars, result.added, result.duplicates, tuple(market_gaps(bars.frame.ts, parsed.timeframe, sessions))
        )
        for bars, result in zip(parsed.symbols, results, strict=True)
    ]
    return ImportReport(parsed, source, tuple(symbols), None if sessions is None else len(sessions))


def events(done: ImportReport, command: ImportBars) -> list[Event]:
    """Return one BarsImported per symbol, and its gaps before it."""
    found: list[Event] = []
    timeframe = done.parsed.timeframe
    for symbol in done.symbols:
        name, ts = symbol.bars.symbol, symbol.bars.frame.ts
        longest = sorted(symbol.gaps, key=lambda gap: (-gap.bars_missing, gap.first_missing_ms))[:PUBLISHED_GAPS]
        found += gaps_found(name, timeframe, sorted(longest, key=lambda gap: gap.first_missing_ms))
        found.append(
            BarsImported.after(
                command,
                key=name,
                symbol=name,
                timeframe=timeframe,
                source=done.source,
                rows_read=symbol.bars.rows_read,
                rows_added=symbol.added,
                duplicates=symbol.bars.duplicates + symbol.stored_before,
                gaps=len(symbol.gaps),
                bars_missing=symbol.bars_missing,
                quarantined=symbol.bars.quarantined,
                first_open_time=from_epoch_ms(int(ts[0])),
                last_open_time=from_epoch_ms(int(ts[-1])),
            )
        )
    return found


def answer(done: ImportReport) -> dict[str, Any]:
    """Return the report as plain JSON values, bounded: totals of everything, the first gaps, spikes and symbols."""
    parsed = done.parsed
    gaps = [(symbol.bars.symbol, gap) for symbol in done.symbols for gap in symbol.gaps]
    return {
        "timeframe": parsed.timeframe.value,
        "source": done.source,
        "rows_read": parsed.rows_read,
        "rows_added": done.rows_added,
        "duplicates": done.duplicates,
        "quarantined": len(parsed.spikes),
        "gaps_total": len(gaps),
        "bars_missing": sum(symbol.bars_missing for symbol in done.symbols),
        "sessions": done.sessions,
        "has_volume": parsed.has_volume,
        "ambiguous_times": parsed.ambiguous_times,
        "ignored_columns": list(parsed.ignored_columns),
        "symbols_total": len(done.symbols),
        "symbols": [_symbol(symbol) for symbol in done.symbols[:SHOWN_SYMBOLS]],
        "gaps": [_gap(name, gap) for name, gap in gaps[:SHOWN_GAPS]],
        "spikes": [
            {"symbol": s.symbol, "open_time": _iso(s.open_ms), "line": s.line, "low": s.low, "high": s.high}
            for s in parsed.spikes[:SHOWN_GAPS]
        ],
    }


def _symbol(symbol: SymbolReport) -> dict[str, Any]:
    ts = symbol.bars.frame.ts
    return {
        "symbol": symbol.bars.symbol,
        "rows_read": symbol.bars.rows_read,
        "rows_added": symbol.added,
        "duplicates": symbol.bars.duplicates + symbol.stored_before,
        "gaps": len(symbol.gaps),
        "bars_missing": symbol.bars_missing,
        "first_open_time": _iso(int(ts[0])),
        "last_open_time": _iso(int(ts[-1])),
    }


def _gap(symbol: str, gap: Gap) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "first_open_time": _iso(gap.first_missing_ms),
        "last_open_time": _iso(gap.last_missing_ms),
        "bars_missing": gap.bars_missing,
    }


def _iso(open_ms: int) -> str:
    moment = from_epoch_ms(open_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
