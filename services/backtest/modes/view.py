"""What a strategy is shown beside bars: company figures, as known at one moment, or with their dates for a run over history."""

from libs.strategy.python import View
from libs.strategy.sandbox.layout import Scalar
from services.backtest.modes.market import Market, asks_figures
from services.backtest.modes.task import Task


def at_the_moment(task: Task, market: Market) -> View:
    """Return the figures as known at the moment that the task decides; nothing for a strategy that does not ask for any."""
    if task.fundamentals is None or not asks_figures(task.strategy.code):
        return View()
    known = market.figures(task.fundamentals)
    return View(known.all_as_of(task.as_of_ms), known.point_in_time)


def over_time(task: Task, market: Market) -> View:
    """Return the figures that count at any bar of the task, each row with the moment it was known from; those without dates for all bars."""
    if task.fundamentals is None or not asks_figures(task.strategy.code):
        return View()
    known = market.figures(task.fundamentals)
    always: dict[str, dict[str, Scalar]] = {}
    history: dict[str, list[tuple[int, dict[str, Scalar]]]] = {}
    for symbol in known.symbols:
        rows = [(moment or 0, dict(row)) for moment, row in known.history(symbol) if (moment or 0) <= task.as_of_ms]
        if len(rows) == 1 and not known.is_point_in_time(symbol):
            always[symbol] = rows[0][1]
        elif rows:
            before = [place for place, (moment, _) in enumerate(rows) if moment <= task.start_ms]
            history[symbol] = rows[before[-1] if before else 0 :]
    return View(always, known.point_in_time, history)
