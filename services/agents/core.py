"""What a promoted strategy says after a bar, as a fact: action, confidence, stop, target and the reason.

Pure: bars up to one bar and what `evaluate` says of them in, that bar's signal out, the same as the backtest's for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.common.events import AlertRaised, BarClosed, SignalRaised, StrategyPromoted
from libs.common.values import Action, Side, Stage, to_epoch_ms
from libs.market.frame import Frame
from libs.market.indicators import atr
from libs.strategy.signals import Fault, Signals
from libs.strategy.spec import Strategy, from_definition

ATR_PERIOD = 14
STOP_ATRS = 2.0
TARGET_ATRS = 3.0

_ACTIONS = {1: Action.BUY, 0: Action.HOLD, -1: Action.SELL}
_TARGETS = {1: Action.BUY, 0: Action.SELL, -1: Action.SELL}


@dataclass(frozen=True)
class Agent:
    """One strategy at work."""

    promoted: StrategyPromoted
    strategy: Strategy

    @classmethod
    def of(cls, promoted: StrategyPromoted) -> "Agent":
        """Return the agent of a promoted strategy; raises BadStrategyError for a kind that this version does not run."""
        return cls(promoted, from_definition(promoted))

    @property
    def anchor_ms(self) -> int | None:
        """Return the open time of the first bar that counts, None where all stored ones do."""
        return to_epoch_ms(self.promoted.anchor) if self.promoted.anchor else None

    @property
    def is_code(self) -> bool:
        """Tell whether it runs in the sandbox, which takes milliseconds and not microseconds."""
        return self.strategy.rules is None


@dataclass(frozen=True)
class Said:
    """What a strategy says of one bar: action, reason in one sentence, and the values that decided, None where not warm.

    begins: of a picker, whether it says yes and did not on the bar before; None for those that say buy and sell.
    """

    action: Action
    reasoning: str
    values: Mapping[str, float | None]
    begins: bool | None = None

    @classmethod
    def of(cls, strategy: Strategy, signals: Signals, position: int) -> "Said":
        """Return what `signals` say of the bar at `position`."""
        action, hits = action_at(strategy, signals, position), signals.hits
        begins = None if hits is None else bool(hits[position]) and not (position and hits[position - 1])
        return cls(action, signals.reason(position), signals.values_at(position), begins)


Thought = Said | Fault
"""What became of evaluating a strategy up to a bar: what it says of that bar, or why it says nothing."""


def speak(agent: Agent, bar: BarClosed, bars: Frame, thought: Thought) -> SignalRaised:
    """Return the agent's signal of `bar`.

    bars: those the strategy was shown, of which `bar` is the last. A strategy that failed holds, and says so in `fault`. Raises nothing
    on short histories, indicators are silent until warm.
    """
    if isinstance(thought, Fault):
        action = Action.HOLD
        said: dict[str, Any] = {"reasoning": f"no view, the code failed: {thought.words}", "fault": thought.code}
    else:
        action = thought.action
        said = {"reasoning": thought.reasoning, "values": dict(thought.values)}
    stop, target = _exits(bars, bar.close) if action is Action.BUY else (None, None)
    promoted = agent.promoted
    return SignalRaised.after(
        bar,
        key=promoted.strategy_id,
        strategy_id=promoted.strategy_id,
        symbol=bar.symbol,
        timeframe=bar.timeframe,
        stage=promoted.stage,
        account=promoted.account,
        open_time=bar.open_time,
        action=action,
        confidence=promoted.confidence,
        price=bar.close,
        stop=stop,
        target=target,
        simulated=bar.simulated,
        **said,
    )


def action_at(strategy: Strategy, signals: Signals, position: int) -> Action:
    """Return what the signal of one bar asks for: the action itself, or the way to the target position."""
    spoken = _TARGETS if strategy.signal_mode == "position" else _ACTIONS
    return spoken[int(signals.actions[position])]


def alert(signal: SignalRaised, thought: Thought, before: Action | None) -> AlertRaised | None:
    """Return the alert of a strategy at stage alert when its condition has just become true, else None.

    A picker alerts on its picks alone, however long one of them would be held.
    """
    picks = thought.begins if isinstance(thought, Said) else None
    begins = signal.action not in (Action.HOLD, before) if picks is None else picks
    if not begins:
        return None
    side = Side.BUY if picks else Side(signal.action.value)
    return AlertRaised.after(
        signal,
        key=signal.strategy_id,
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        timeframe=signal.timeframe,
        action=Action(side.value),
        message=f"{signal.symbol} {side.value} at {signal.price:g}: {signal.reasoning}",
        price=signal.price,
        simulated=signal.simulated,
    )


def bar_of(signal_bar: BarClosed, bars: Frame, position: int, open_time: datetime) -> BarClosed:
    """Return the stored bar at `position` as the fact that announced it, whose message was lost or is still to come."""
    symbol, timeframe = signal_bar.symbol, signal_bar.timeframe
    close_time = open_time + timeframe.length
    return BarClosed.first(
        key=BarClosed.key_of(symbol, timeframe, open_time),
        at=close_time,
        symbol=symbol,
        timeframe=timeframe,
        open_time=open_time,
        close_time=close_time,
        open=float(bars.open[position]),
        high=float(bars.high[position]),
        low=float(bars.low[position]),
        close=float(bars.close[position]),
        volume=float(bars.volume[position]),
        source=signal_bar.source,
        simulated=signal_bar.simulated,
    )


def _exits(bars: Frame, price: float) -> tuple[float | None, float | None]:
    """Return stop and target from the average true range, None until it is warm or where the stop would not be a price."""
    ranges = atr(bars.high, bars.low, bars.close, ATR_PERIOD)
    width = float(ranges[-1])
    stop, target = price - STOP_ATRS * width, price + TARGET_ATRS * width
    return (stop if stop > 0 else None, target if width > 0 else None) if width == width else (None, None)


def is_alert(agent: Agent) -> bool:
    """Tell whether the agent only alerts."""
    return agent.promoted.stage is Stage.ALERT
