"""One small story of facts: a strategy is proposed, judged and promoted; a bar becomes a signal, a decision, an order, a fill."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from libs.common.events import (
    AlertRaised,
    BacktestCompleted,
    BarClosed,
    ControlChanged,
    DecisionMade,
    Event,
    FeedChanged,
    OrderChanged,
    OrderFilled,
    SignalRaised,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
)
from libs.common.values import Side, Timeframe, Verdict
from tests.support.build import START, bar, hour, signal

DEFINITION: dict[str, Any] = {
    "strategy_id": "s1",
    "lineage_id": "s1",
    "family_id": "f1",
    "kind": "rules.json",
    "name": "dip buyer",
    "rules": {"indicators": {"rsi": {"period": 14}}},
    "code_hash": "c1",
    "symbols": ("BTCUSDT",),
    "timeframe": Timeframe.H1,
}
METRICS = {"total_return": 0.21, "sharpe": 1.5, "max_drawdown": -0.04}


@dataclass(frozen=True)
class Story:
    proposed: StrategyProposed
    judged: StrategyJudged
    promoted: StrategyPromoted
    bar: BarClosed
    signal: SignalRaised
    decision: DecisionMade
    intent: OrderChanged
    filled: OrderChanged
    fill: OrderFilled

    def facts(self) -> list[Event]:
        """Every fact the gateway keeps, causes first."""
        mine = self.proposed, self.judged, self.promoted, self.signal, self.decision, self.intent, self.filled
        return [*mine, self.fill]


def proposed(strategy_id: str = "s1", n: float = 0, **changes: Any) -> StrategyProposed:
    fields = {**DEFINITION, "strategy_id": strategy_id, **changes}
    return StrategyProposed.first(key=f"{strategy_id}{n}", at=hour(n), **fields)


def judged(cause: StrategyProposed, verdict: Verdict = Verdict.GOOD) -> StrategyJudged:
    return StrategyJudged.after(
        cause,
        strategy_id=cause.strategy_id,
        backtest_id="b1",
        verdict=verdict,
        deciding_rule="return >= 15 %",
        metrics=METRICS,
        closed_trades=40,
        winning_trades=24,
        window_start=START,
        window_end=hour(100),
        bars=100,
        gate=("paper",),
        data_hash="d1",
        report_key="0" * 64,
    )


def alert(n: float, strategy_id: str, symbol: str) -> AlertRaised:
    return AlertRaised.first(
        key=f"{n}",
        at=hour(n),
        strategy_id=strategy_id,
        symbol=symbol,
        timeframe="1d",
        action="buy",
        message=f"{symbol} buy: a gap",
        price=100.0,
    )


def decided(cause: SignalRaised) -> DecisionMade:
    return DecisionMade.after(
        cause,
        account="paper",
        strategy_id=cause.strategy_id,
        symbol=cause.symbol,
        timeframe=cause.timeframe,
        stage="paper",
        action=Side.BUY,
        quote_amount=Decimal("1000"),
        price=cause.price,
        confidence=0.85,
        win_rate=0.6,
        score=0.75,
        rank=1,
        reason="score 0.75 is the best of 1",
        considered=(),
        considered_count=1,
        valid_until=hour(50),
    )


def order(cause: DecisionMade, state: str, n: float, **changes: Any) -> OrderChanged:
    fields = {
        "order_id": "sn-1",
        "decision_id": cause.event_id,
        "strategy_id": cause.strategy_id,
        "account": cause.account,
        "symbol": cause.symbol,
        "timeframe": cause.timeframe,
        "side": cause.action,
        "state": state,
        "filled_quantity": Decimal("0"),
        **changes,
    }
    return OrderChanged.after(cause, key=state, at=hour(n), **fields)


def filled(cause: OrderChanged, n: float, **changes: Any) -> OrderFilled:
    fields = {
        "order_id": cause.order_id,
        "decision_id": cause.decision_id,
        "strategy_id": cause.strategy_id,
        "account": cause.account,
        "venue": "paper",
        "symbol": cause.symbol,
        "timeframe": cause.timeframe,
        "side": cause.side,
        "quantity": Decimal("9.98"),
        "price": 100.0,
        "cost": Decimal("998"),
        "fee": Decimal("0.998"),
        "fee_asset": "USDT",
        "reasoning": "RSI 28 < 30",
        "confidence": 0.85,
        **changes,
    }
    return OrderFilled.after(cause, key=f"fill{n}", at=hour(n), **fields)


def story() -> Story:
    proposal = proposed()
    judgement = judged(proposal)
    promotion = StrategyPromoted.after(
        judgement, at=hour(1), **DEFINITION, stage="paper", verdict=Verdict.GOOD, judged_by=judgement.event_id
    )
    closed = bar(5)
    raised = signal(closed)
    decision = decided(raised)
    intent, full = order(decision, "intent", 6), order(decision, "filled", 7, filled_quantity=Decimal("9.98"))
    return Story(proposal, judgement, promotion, closed, raised, decision, intent, full, filled(full, 7))


def backtest(backtest_id: str = "b1", n: float = 2, **changes: Any) -> BacktestCompleted:
    fields = {
        "backtest_id": backtest_id,
        "strategy_id": "s1",
        "name": "dip buyer",
        "kind": "rules.json",
        "code_hash": "c1",
        "symbols": ("BTCUSDT",),
        "timeframe": Timeframe.H1,
        "window_start": START,
        "window_end": hour(100),
        "bars": 100,
        "initial_capital": 10_000.0,
        "final_equity": 12_100.0,
        "metrics": METRICS,
        "verdict": Verdict.GOOD,
        "deciding_rule": "return >= 15 %",
        "data_hash": "d1",
        "report_key": "0" * 64,
        **changes,
    }
    return BacktestCompleted.first(key=f"{backtest_id}{n}", at=hour(n), **fields)


def control(state: str, n: float) -> ControlChanged:
    return ControlChanged.first(key=f"{state}{n}", at=hour(n), state=state, reason="because", changed_by="me")


def feed(simulated: bool = True, watch_id: str = "w1") -> FeedChanged:
    fields = {"watch_id": watch_id, "symbols": ("BTCUSDT",), "timeframe": Timeframe.H1, "state": "started"}
    return FeedChanged.first(key=watch_id, at=START, **fields, source="simulated", simulated=simulated)
