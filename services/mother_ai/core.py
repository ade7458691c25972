"""One round: which few of its signals become trades, how big, and the reason in plain words.

Pure: the same signals, books and limits give the same decisions, byte for byte. It refuses to decide whether an order may
leave; that is the executor's. Score = alpha x confidence + beta x win rate (document B, `calculate_confidence_score`).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from libs.common.events import MAX_CANDIDATES, Candidate, DecisionMade, PortfolioChanged, Position, SignalRaised
from libs.common.values import MONEY_STEP, Action, Side, Stage
from libs.market.fills import round_money

VALID_BARS = 2


@dataclass(frozen=True)
class Limits:
    """How choosy and how big; see the settings of the same names."""

    min_score: float = 0.5
    top_n: int = 3
    order_fraction: float = 0.1
    alpha: float = 0.6
    beta: float = 0.4


@dataclass(frozen=True)
class Heard:
    """A signal with what is known of its strategy: win rate in [0, 1] or None, own size as a share of cash or None."""

    signal: SignalRaised
    win_rate: float | None
    fraction: float | None


@dataclass(frozen=True)
class Judged:
    """A heard signal with its score (None = no view) and why it was or was not taken."""

    heard: Heard
    score: float | None
    taken: bool
    why: str


@dataclass(frozen=True)
class Choice:
    """A judged signal and, for a taken buy, what it may spend."""

    judged: Judged
    quote_amount: Decimal | None


Owner = tuple[str, str]
"""A strategy and the account it trades in."""


def score(confidence: float | None, win_rate: float | None, limits: Limits) -> float | None:
    """Return the weighted score in [0, 1]; None when either part is unknown."""
    if confidence is None or win_rate is None:
        return None
    return min(1.0, max(0.0, limits.alpha * confidence + limits.beta * win_rate))


def decide(
    heard: Sequence[Heard],
    books: Mapping[str, PortfolioChanged],
    limits: Limits,
    owners: Container[Owner],
) -> list[DecisionMade]:
    """Return the decisions of a round, accounts in name order, sells first, then buys by rank.

    heard: signals of one timeframe and one bar close. books: every account, as of that bar close. owners: who may hold a
    position where; what nobody owns any more is sold.
    """
    decisions: list[DecisionMade] = []
    for account in sorted(books):
        own = [h for h in heard if h.signal.account == account]
        decisions += [_orphan(books[account], p, rank) for rank, p in enumerate(_orphans(books[account], owners), 1)]
        decisions += _decide_account(own, books[account], limits)
    return decisions


def _decide_account(heard: Sequence[Heard], book: PortfolioChanged, limits: Limits) -> list[DecisionMade]:
    judged = [_judge(h, book, limits) for h in heard if h.signal.action is not Action.HOLD]
    judged = sorted(_take_top(_net(judged), limits), key=_rank_key)
    choices = _afforded(judged, book, limits)
    considered = tuple(_candidate(choice.judged) for choice in choices[:MAX_CANDIDATES])
    taken = [choice for choice in choices if choice.judged.taken]
    return [_decision(choice, place, considered, len(heard)) for place, choice in enumerate(taken, start=1)]


def _afforded(judged: Sequence[Judged], book: PortfolioChanged, limits: Limits) -> list[Choice]:
    """Return what each taken buy may spend, best first, never more than the cash there is; the rest is not taken."""
    cash = float(book.cash)
    choices = []
    for one in judged:
        if not one.taken or one.heard.signal.action is Action.SELL:
            choices.append(Choice(one, None))
            continue
        fraction = one.heard.fraction or limits.order_fraction
        spend = min(round_money(fraction * float(book.cash)), cash)
        if spend <= 0:
            choices.append(Choice(replace(one, taken=False, why="no cash is left"), None))
            continue
        cash = round_money(cash - spend)
        choices.append(Choice(one, Decimal(repr(spend)).quantize(MONEY_STEP)))
    return choices


def _orphans(book: PortfolioChanged, owners: Container[Owner]) -> list[Position]:
    """Return the holdings of this timeframe whose strategy no longer runs in the account, in name order."""
    mine = [p for p in book.positions if p.timeframe is book.timeframe and p.quantity > 0]
    return sorted((p for p in mine if (p.strategy_id, book.account) not in owners), key=lambda p: p.symbol)


def _orphan(book: PortfolioChanged, position: Position, rank: int) -> DecisionMade:
    return DecisionMade.after(
        book,
        key=f"{book.account}|{position.symbol}",
        account=book.account,
        strategy_id=position.strategy_id,
        symbol=position.symbol,
        timeframe=book.timeframe,
        stage=Stage.PAPER,
        action=Side.SELL,
        quote_amount=None,
        price=position.last_price,
        confidence=None,
        win_rate=None,
        score=None,
        rank=rank,
        reason=f"sell {position.symbol}: its strategy {position.strategy_id} no longer runs in this account",
        considered=(),
        considered_count=0,
        valid_until=book.at + VALID_BARS * book.timeframe.length,
        simulated=book.simulated,
    )


def _judge(heard: Heard, book: PortfolioChanged, limits: Limits) -> Judged:
    signal = heard.signal
    value = score(signal.confidence, heard.win_rate, limits)
    held = next((p for p in book.positions if p.symbol == signal.symbol and p.quantity > 0), None)
    if signal.action is Action.SELL:
        own = held is not None and held.strategy_id == signal.strategy_id
        why = "closes the position" if own else "nothing of its own to sell"
        return Judged(heard, value, own, why)
    if held:
        return Judged(
            heard,
            value,
            False,
            "already long" if held.strategy_id == signal.strategy_id else "another strategy is long",
        )
    if value is None:
        return Judged(heard, None, False, "no view: the strategy has no evidence yet")
    if value < limits.min_score:
        return Judged(heard, value, False, f"score {value:.3f} is below {limits.min_score:g}")
    return Judged(heard, value, True, f"score {value:.3f}")


def _net(judged: Sequence[Judged]) -> list[Judged]:
    """Keep one side per symbol: the better score, a sell on a draw or without a score."""
    kept: dict[str, Judged] = {}
    for choice in sorted((j for j in judged if j.taken), key=_net_key):
        kept.setdefault(choice.heard.signal.symbol, choice)
    out = []
    for choice in judged:
        winner = kept.get(choice.heard.signal.symbol)
        if choice.taken and winner is not choice:
            assert winner is not None
            why = f"{winner.heard.signal.action.value} by {winner.heard.signal.strategy_id} outweighs it"
            choice = replace(choice, taken=False, why=why)
        out.append(choice)
    return out


def _take_top(judged: Sequence[Judged], limits: Limits) -> list[Judged]:
    buys = sorted((j for j in judged if j.taken and j.heard.signal.action is Action.BUY), key=_rank_key)
    beyond = {id(j) for j in buys[limits.top_n :]} if limits.top_n else set()
    why = f"not among the best {limits.top_n} of the round"
    return [replace(j, taken=False, why=why) if id(j) in beyond else j for j in judged]


def _net_key(judged: Judged) -> tuple[float, bool, str]:
    signal = judged.heard.signal
    value = 2.0 if judged.score is None else judged.score
    return -value, signal.action is Action.BUY, signal.strategy_id


def _rank_key(judged: Judged) -> tuple[bool, bool, float, float, str, str]:
    signal = judged.heard.signal
    value = judged.score or 0.0
    return (
        not judged.taken,
        signal.action is Action.BUY,
        -value,
        -_expected_value(signal),
        signal.symbol,
        signal.strategy_id,
    )


def _expected_value(signal: SignalRaised) -> float:
    """Return the expected return of one trade if it ends at target or stop; 0 where either is unknown."""
    if signal.confidence is None or signal.stop is None or signal.target is None:
        return 0.0
    gain, loss = signal.target / signal.price - 1, 1 - signal.stop / signal.price
    return signal.confidence * gain - (1 - signal.confidence) * loss


def _candidate(judged: Judged) -> Candidate:
    signal = judged.heard.signal
    return Candidate(
        signal_id=signal.event_id,
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        action=signal.action,
        confidence=signal.confidence,
        win_rate=judged.heard.win_rate,
        score=judged.score,
        taken=judged.taken,
        why=judged.why,
    )


def _decision(choice: Choice, rank: int, considered: tuple[Candidate, ...], heard: int) -> DecisionMade:
    signal = choice.judged.heard.signal
    return DecisionMade.after(
        signal,
        key=f"{signal.account}|{signal.symbol}",
        account=signal.account,
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        timeframe=signal.timeframe,
        stage=signal.stage,
        action=Side(signal.action.value),
        quote_amount=choice.quote_amount,
        price=signal.price,
        stop=signal.stop,
        target=signal.target,
        confidence=signal.confidence,
        win_rate=choice.judged.heard.win_rate,
        score=choice.judged.score,
        rank=rank,
        reason=f"{signal.action.value} {signal.symbol}: {signal.reasoning}; {choice.judged.why}, rank {rank} of {len(considered)}",
        considered=considered,
        considered_count=heard,
        valid_until=signal.at + VALID_BARS * signal.timeframe.length,
        simulated=signal.simulated,
    )
