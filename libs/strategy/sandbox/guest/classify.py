"""`classify_symbol` for every symbol and bar, as-of moving from bar to bar; one call's error stops no other."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.faults import Fault, StrategyError, fault_of
from libs.strategy.sandbox.guest.outcome import Outcome
from libs.strategy.sandbox.guest.program import Program
from libs.strategy.sandbox.guest.swallowed import swallowed
from libs.strategy.sandbox.guest.verdict import Verdict, verdict_of

CONTRACT = "classify_symbol"
MOST_DETAIL_BYTES = 2 * 1024 * 1024
_OFTEN = 8
"""From this many calls on a symbol its bars are worth being held as lists."""


class Classifying:
    """One run over all symbols: answers, details and errors as they come."""

    def __init__(self, program: Program, asof: AsOf, args: dict[str, Any]):
        """Prepare; nothing is called yet. Raises StrategyError if there is no such function."""
        self._program = program
        self._asof = asof
        self._function = program.function(CONTRACT)
        self._parameters: dict[str, Any] = args["parameters"]
        self._symbols: list[str] = args["symbols"]
        self._first: dict[str, int] = args.get("first") or {}
        self._last_only = bool(args.get("last_only"))
        self._told: int | None = args.get("told")
        self._told_from = 0
        self._details: list[str] = []
        self._detail_bytes = 2
        self._details_cut = False
        self._calls = self._raised = 0
        self._fault: tuple[str, Fault] | None = None

    def run(self) -> Outcome:
        """Return hits (int8) of every symbol that answered at least once, then the JSON list of details."""
        told, parts = [], []
        for place, symbol in enumerate(self._symbols):
            rows = self._asof.stored_rows(symbol)
            start = self._start(symbol, rows)
            self._asof.rest()
            hits, error = self._alone(place, symbol, range(start, rows))
            told.append({"symbol": symbol, "rows": rows, "error": error})
            if error is None:
                parts.append(hits)
        hits_told, details = b"".join(parts), ("[" + ",".join(self._details) + "]").encode()
        return Outcome(
            CONTRACT,
            told,
            hits_told + details,
            self._warnings(has_hits=1 in hits_told),
            values=self._program.constants(),
            extra={"details_bytes": len(details)},
        )

    def _start(self, symbol: str, rows: int) -> int:
        return max(0, rows - 1) if self._last_only else min(rows, self._first.get(symbol, 0))

    def _alone(self, place: int, symbol: str, called: range) -> tuple[bytearray, dict[str, Any] | None]:
        """Answer for one symbol, whatever code ran for others before."""
        self._calls += len(called)
        self._told_from = 0 if self._told is None else called.stop - self._told
        if not called:
            return bytearray(), None
        try:
            return self._program.apart(partial(self._answers, place, symbol, called))
        except MemoryError as error:
            self._program.reserve.clear()
            raise StrategyError(fault_of(error, self._function)) from None
        except BaseException as error:  # noqa: BLE001  the code at the top may raise anything when it runs anew
            return bytearray(), self._failed(symbol, fault_of(error, self._function), len(called), len(called))

    def _answers(self, place: int, symbol: str, called: range) -> tuple[bytearray, dict[str, Any] | None]:
        asof, draws, call = self._asof, self._program.draws, self._call()
        hits = bytearray(len(called))
        asof.take(symbol)
        if len(called) >= _OFTEN:
            asof.list_hand()
        fault: Fault | None = None
        raised = 0
        for row in called:
            asof.stop = row + 1
            if draws:
                self._program.begin_call()
            try:
                answer = call(symbol)
                if answer is True:
                    hits[row - called.start] = 1
                elif answer is not False:
                    hits[row - called.start] = self._read(place, row, answer)
            except MemoryError:
                self._program.reserve.clear()
                raise
            except BaseException as error:  # noqa: BLE001  whatever one call raises, the others go on
                raised += 1
                fault = fault or fault_of(error, self._function)
        return hits, self._failed(symbol, fault, raised, len(called))

    def _call(self) -> Callable[[str], Any]:
        function = self._program.function(CONTRACT)
        return partial(function, **self._parameters) if self._parameters else function

    def _failed(self, symbol: str, fault: Fault | None, raised: int, called: int) -> dict[str, Any] | None:
        """Count a symbol's failed calls; return its error if every call failed."""
        if fault is None:
            return None
        self._raised += raised
        self._fault = self._fault or (symbol, fault)
        return None if raised < called else fault.brief()

    def _read(self, place: int, row: int, answer: Any) -> bool:
        verdict = verdict_of(answer)
        self._keep(place, row, verdict)
        return verdict.hit

    def _keep(self, place: int, row: int, verdict: Verdict) -> None:
        if row < self._told_from or not (verdict.hit or self._last_only or verdict.signal == -1):
            return
        if verdict.score is None and verdict.signal is None and verdict.data is None:
            return
        if self._details_cut:
            return
        told = json.dumps([place, row, verdict.score, verdict.signal, verdict.data], separators=(",", ":"))
        self._detail_bytes += len(told) + 1
        if self._detail_bytes > MOST_DETAIL_BYTES:
            self._details_cut = True
            return
        self._details.append(told)

    def _warnings(self, *, has_hits: bool) -> list[dict[str, str]]:
        found = []
        if self._fault is not None and self._raised:
            symbol, fault = self._fault
            found.append(
                {
                    "code": "strategy.raised",
                    "message": f"{self._raised} of {self._calls} calls failed; first on {symbol}: {fault.sentence()}",
                }
            )
        if self._details_cut:
            found.append(
                {
                    "code": "strategy.details_cut",
                    "message": "scores and data beyond 2 MB were dropped, the hits are whole",
                }
            )
        if self._calls and not has_hits and not self._raised:
            found.extend(self._swallowed())
        return found

    def _swallowed(self) -> list[dict[str, str]]:
        rows = {symbol: self._asof.stored_rows(symbol) for symbol in self._symbols}
        called = {symbol: range(self._start(symbol, count), count) for symbol, count in rows.items()}
        fault = swallowed(self._call(), self._asof, {symbol: each for symbol, each in called.items() if each})
        if fault is None:
            return []
        message = f"no call succeeded: each one tried caught an error and went on, such as {fault.sentence()}"
        return [{"code": "strategy.swallowed", "message": message}]
