"""New code in the sandbox, on made-up bars: does it run, does it trade, does it know the future, does it mean what was asked.

Blocking, so it is called in a thread; repeatable. Raises TransientError while the sandbox is busy, PermanentError where it cannot run at all.
"""

from collections.abc import Mapping
from dataclasses import replace

from libs.common.errors import BadStrategyError
from libs.market.frame import Frame
from libs.strategy.python_jobs import Span
from libs.strategy.runtime import evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.signals import Evaluation, Fault
from libs.strategy.spec import Strategy
from services.strategy_gen.generation import meaning
from services.strategy_gen.generation.attempts import Finding
from services.strategy_gen.generation.probe import Probe, cut

CUTS = (0.5, 0.83)
"""Shares of the bars at which code is asked again for its earlier signals."""

CPU_S = 5
"""Seconds of processor that code may use on all made-up bars together, as on live ones; the limit by the clock is 5 s more."""

_SHOWN = 3


class Trial:
    """One strategy on one probe. `run` first."""

    def __init__(self, strategy: Strategy, markets: Probe, sandbox: Pool):
        """Try `strategy` on `markets` in `sandbox`."""
        self._strategy = strategy
        self._markets = markets
        self._sandbox = sandbox
        self._said: Evaluation | None = None

    def run(self) -> tuple[Finding, ...]:
        """Run the code on every market; return its faults, each with its line."""
        try:
            self._said = self._asked(self._markets.frames)
        except BadStrategyError as error:
            return ({"code": error.code, "message": error.detail[:1_000], "hint": error.hint},)
        return _faults(self._said.faults)

    def traded(self) -> Mapping[str, meaning.Traded]:
        """Return what it does on each market."""
        said = self._ran()
        mode = self._strategy.signal_mode == "position"
        return {name: meaning.traded(signals, position_mode=mode) for name, signals in said.signals.items()}

    def looks_ahead(self) -> Finding | None:
        """Return a finding if earlier signals change when later bars are taken away; a classifier cannot reach later bars."""
        if self._strategy.kind != "python.signals":
            return None
        whole = self._ran().signals
        for share in CUTS:
            again = self._asked(cut(self._markets.frames, share))
            found = meaning.looks_ahead(whole, again.signals)
            if found:
                return found
        return None

    def strays(self, reference: "Trial | None", *, exactly: bool = True) -> Finding | None:
        """Return how it differs from the compiler's code for the same sentence; without one, whether it never trades.

        exactly: it has to trade alike; else it is another variant and has to be about the same.
        """
        if reference is None:
            return meaning.silent(self.traded())
        if not exactly:
            return meaning.departs(reference.traded(), self.traded())
        times = {name: frame.ts for name, frame in self._markets.frames.items()}
        return meaning.differs(reference.traded(), self.traded(), times)

    def _ran(self) -> Evaluation:
        assert self._said is not None
        return self._said

    def _asked(self, frames: Mapping[str, Frame]) -> Evaluation:
        strategy = replace(self._strategy, symbols=tuple(frames))
        return evaluate_all(strategy, frames, self._sandbox, view=self._markets.view, span=Span(cpu_s=CPU_S))


def _faults(faults: Mapping[str, Fault]) -> tuple[Finding, ...]:
    found: dict[str, Finding] = {}
    for name, fault in faults.items():
        told = found.setdefault(
            fault.words,
            {"code": fault.code, "message": fault.words[:1_000], "line": fault.line, "hint": fault.hint, "markets": []},
        )
        told["markets"].append(name)
    return tuple(found.values())[:_SHOWN]
