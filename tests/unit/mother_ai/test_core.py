"""Which signals become decisions, and with what words."""

from decimal import Decimal

from libs.common.events import DecisionMade, PortfolioChanged
from libs.common.values import Action, Side
from services.mother_ai.core import Heard, Limits, decide, score
from tests.support.build import bar, portfolio, signal


def heard(symbol: str = "BTCUSDT", action: str = "buy", win_rate: float | None = 0.6, **changes: object) -> Heard:
    fraction = changes.pop("fraction", None)
    told = signal(bar(5, symbol), action, str(changes.pop("strategy_id", "s1")), **changes)
    return Heard(told, win_rate, fraction)  # type: ignore[arg-type]


def books(*held: str, cash: str = "10000") -> dict[str, PortfolioChanged]:
    return {"paper": portfolio(5, cash=cash, held=held)}


def decide_(heard: list[Heard], books: dict[str, PortfolioChanged], limits: Limits) -> list[DecisionMade]:
    owners = {("s1", "paper"), ("s2", "paper")}
    return decide(heard, books, limits, owners)


def test_score_is_the_documented_weighting() -> None:
    assert score(0.75, 0.5, Limits()) == 0.6 * 0.75 + 0.4 * 0.5
    assert score(None, 0.5, Limits()) is None
    assert score(0.5, None, Limits()) is None


def test_buy_above_the_score_spends_a_tenth_of_the_cash() -> None:
    (decision,) = decide_([heard()], books(), Limits())
    assert (decision.action, decision.quote_amount) == (Side.BUY, Decimal("1000.00000000"))
    assert decision.score == 0.6
    assert decision.caused_by == heard().signal.event_id
    assert decision.root_id == bar(5).event_id
    assert "because" in decision.reason


def test_buy_with_its_own_fraction_spends_that() -> None:
    (decision,) = decide_([heard(fraction=1.0)], books(cash="1234.56789012"), Limits())
    assert decision.quote_amount == Decimal("1234.56789012")


def test_buy_below_the_score_is_not_taken() -> None:
    assert decide_([heard(confidence=0.4, win_rate=0.4)], books(), Limits()) == []


def test_buy_without_evidence_is_not_taken() -> None:
    assert decide_([heard(win_rate=None)], books(), Limits(min_score=0)) == []


def test_buy_while_long_is_a_hold() -> None:
    assert decide_([heard()], books("BTCUSDT"), Limits()) == []


def test_sell_with_a_holding_always_passes() -> None:
    (decision,) = decide_([heard(action="sell", confidence=None, win_rate=None)], books("BTCUSDT"), Limits())
    assert (decision.action, decision.quote_amount, decision.score) == (Side.SELL, None, None)


def test_sell_without_a_holding_is_not_taken() -> None:
    assert decide_([heard(action="sell")], books(), Limits()) == []


def test_buys_beyond_top_n_are_not_taken_and_say_so() -> None:
    symbols = ["AUSDT", "BUSDT", "CUSDT", "DUSDT"]
    all_heard = [heard(symbol, confidence=0.6 + i / 100) for i, symbol in enumerate(symbols)]
    decisions = decide_(all_heard, books(), Limits(top_n=3))
    assert [d.symbol for d in decisions] == ["DUSDT", "CUSDT", "BUSDT"]
    assert [d.rank for d in decisions] == [1, 2, 3]
    whys = {c.symbol: c.why for c in decisions[0].considered}
    assert whys["AUSDT"] == "not among the best 3 of the round"
    assert decisions[0].considered_count == 4


def test_equal_scores_are_ranked_by_symbol_whatever_the_order_heard() -> None:
    one, two = heard("BUSDT"), heard("AUSDT")
    assert [d.symbol for d in decide_([one, two], books(), Limits(top_n=1))] == ["AUSDT"]
    assert decide_([one, two], books(), Limits()) == decide_([two, one], books(), Limits())


def test_buys_of_one_round_never_spend_more_than_the_cash() -> None:
    all_heard = [heard(f"{c}USDT", fraction=0.5) for c in "ABC"]
    decisions = decide_(all_heard, books(cash="100"), Limits())
    assert [d.quote_amount for d in decisions] == [Decimal(50), Decimal(50)]
    assert {c.symbol: c.why for c in decisions[0].considered}["CUSDT"] == "no cash is left"


def test_conflict_on_a_symbol_goes_to_the_better_score() -> None:
    better, worse = heard(confidence=0.9, strategy_id="s2"), heard(confidence=0.6)
    (decision,) = decide_([worse, better], books(), Limits())
    assert decision.strategy_id == "s2"
    assert {c.strategy_id: c.why for c in decision.considered}["s1"] == "buy by s2 outweighs it"


def test_sell_of_another_strategys_holding_is_not_taken() -> None:
    assert decide_([heard(action="sell", strategy_id="s2")], books("BTCUSDT"), Limits()) == []


def test_holding_that_nobody_owns_any_more_is_sold() -> None:
    (decision,) = decide([], books("BTCUSDT"), Limits(), {("s2", "paper"), ("s1", "elsewhere")})
    assert (decision.action, decision.symbol, decision.strategy_id) == (Side.SELL, "BTCUSDT", "s1")
    assert decision.caused_by == books("BTCUSDT")["paper"].event_id
    assert decide([], books("BTCUSDT"), Limits(), {("s1", "paper")}) == []


def test_hold_is_no_candidate() -> None:
    assert decide_([heard(action="hold")], books("BTCUSDT"), Limits()) == []
    assert Action.HOLD == "hold"
