"""Mother AI on the bus: signals, books and fills in, few decisions and the end of each round out."""

from collections.abc import Sequence

from libs.common.bus import On, Service, Tx
from libs.common.events import (
    BarClosed,
    Event,
    OrderFilled,
    PortfolioChanged,
    RoundDecided,
    SignalRaised,
    StrategyDeleted,
    StrategyPromoted,
    StrategyRetired,
)
from services.mother_ai import core, store
from services.mother_ai.book import MAIN_ACCOUNT, Book, RoundKey
from services.mother_ai.settings import Settings


class MotherAI:
    """A thin coat on `book` and `core`."""

    def __init__(self, limits: core.Limits):
        """Decide within `limits`."""
        self.limits = limits

    async def on_bar(self, bar: BarClosed, tx: Tx) -> Sequence[Event]:
        """Note how far a series has come, and so who may still speak."""
        book: Book = tx.draft()
        if not book.see(bar.timeframe, bar.symbol, bar.at):
            return []
        store.save_bar(tx, bar.timeframe, bar.symbol, bar.at)
        return self._decide(book, tx)

    async def on_signal(self, signal: SignalRaised, tx: Tx) -> Sequence[Event]:
        """Keep a signal for its round."""
        book: Book = tx.draft()
        if not book.hear(signal):
            return []
        voice = (signal.strategy_id, signal.symbol)
        store.save_spoken(tx, signal.timeframe, voice, book.spoken[voice])
        if book.keep(signal):
            store.save_signal(tx, signal)
        return self._decide(book, tx)

    async def on_portfolio(self, portfolio: PortfolioChanged, tx: Tx) -> Sequence[Event]:
        """Note the books of an account after a bar close."""
        book: Book = tx.draft()
        if book.mark(portfolio):
            store.save_portfolio(tx, portfolio)
        return self._decide(book, tx)

    async def on_fill(self, fill: OrderFilled, tx: Tx) -> Sequence[Event]:
        """Count a fill towards its strategy's record."""
        book: Book = tx.draft()
        record = book.count(fill)
        store.save_fill(tx, fill, book.fills[fill.account], record)
        return self._decide(book, tx)

    async def on_promoted(self, strategy: StrategyPromoted, tx: Tx) -> Sequence[Event]:
        """Expect signals of a strategy from now on."""
        book: Book = tx.draft()
        if book.promote(strategy):
            store.save_running(tx, strategy)
        return self._decide(book, tx)

    async def on_gone(self, event: StrategyRetired | StrategyDeleted, tx: Tx) -> Sequence[Event]:
        """Stop expecting signals of a strategy; what it still holds is sold in the next round."""
        book: Book = tx.draft()
        if book.stop(event.strategy_id, event.step):
            store.drop_running(tx, event.strategy_id, event.step)
        return self._decide(book, tx)

    def _decide(self, book: Book, tx: Tx) -> list[Event]:
        events: list[Event] = []
        while (key := book.complete_round()) is not None:
            events += self._round(book, key)
            before = dict(book.spoken)
            book.close(key)
            for voice, spoken in book.spoken.items():
                if before.get(voice) != spoken:
                    store.save_spoken(tx, key[0], voice, spoken)
            store.close_round(tx, key)
        return events

    def _round(self, book: Book, key: RoundKey) -> list[Event]:
        timeframe, at = key
        heard, missing = book.round_of(key)
        decisions = core.decide(heard, book.portfolios, self.limits, book.owners())
        scores = [d.score for d in decisions if d.score is not None]
        closing = RoundDecided.after(
            book.portfolios[MAIN_ACCOUNT],
            key=f"{timeframe}|{at.isoformat()}",
            at=at,
            timeframe=timeframe,
            decisions=len(decisions),
            considered=len(heard),
            missing=missing,
            best_score=max(scores, default=None),
        )
        return [*decisions, closing]


def build(settings: Settings) -> Service:
    """Return Mother AI ready to run."""
    limits = core.Limits(
        min_score=settings.min_score,
        top_n=settings.top_n,
        order_fraction=settings.order_fraction,
        alpha=settings.alpha,
        beta=settings.beta,
    )
    app = MotherAI(limits)
    return Service("mother_ai", table(app), store.MIGRATIONS, store.load)


def table(app: MotherAI) -> list[On]:
    """Return the whole service on one screen."""
    return [
        On(BarClosed, app.on_bar, remember=False),
        On(SignalRaised, app.on_signal, remember=False),
        On(PortfolioChanged, app.on_portfolio, remember=False),
        On(OrderFilled, app.on_fill),
        On(StrategyPromoted, app.on_promoted),
        On(StrategyRetired, app.on_gone),
        On(StrategyDeleted, app.on_gone),
    ]
