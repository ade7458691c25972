"""What a strategy is shown beside bars: company figures, as known at one moment, or with their dates for a run over history."""

from libs.strategy import figures
from libs.strategy.figures import asks_figures
from libs.strategy.python import View
from services.backtest.modes.market import Market
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
    return figures.over_time(market.figures(task.fundamentals), task.start_ms, task.as_of_ms)
