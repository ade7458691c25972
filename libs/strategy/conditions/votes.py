"""What entry and exit conditions say on each bar: one vote a condition, and the words that explain it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from libs.common.values import Timeframe
from libs.market.frame import FloatArray, Frame
from libs.strategy.conditions.evaluate import BoolArray
from libs.strategy.conditions.schema import Condition, ConditionRules
from libs.strategy.conditions.text import text_of
from libs.strategy.conditions.tree import Numeric, Truth
from libs.strategy.conditions.view import View
from libs.strategy.conditions.words import facts, missing, sides
from libs.strategy.rules_fields import bad

_LONGEST_TITLE = 100
_LONGEST_WORDS = 220


@dataclass(frozen=True, slots=True, eq=False)
class ConditionVote:
    """What one condition says on T bars.

    title: its text. buy, sell: (T,) votes, False where it is unknown. columns: (T,) values by title of what it compares, NaN where
    there is none. silent: the values whose absence this vote reports; those of earlier votes are left to them.
    """

    title: str
    buy: BoolArray
    sell: BoolArray
    columns: dict[str, FloatArray]
    view: View
    tree: Truth
    silent: tuple[Numeric, ...]

    def silence(self, bar: int) -> str | None:
        """Return in words what is missing on the bar, None if the condition is known."""
        if self.view.known(self.tree, bar) is not None:
            return None
        told = [said for node in self.silent if (said := missing(self.view, node, bar))]
        return _cut(" and ".join(told), _LONGEST_WORDS) or None

    def says(self, bar: int, side: Literal["buy", "sell"]) -> str:
        """Return in words why the condition holds on the bar; it votes on one side only."""
        return _cut(" and ".join(facts(self.view, self.tree, bar)), _LONGEST_WORDS)


def condition_votes(rules: ConditionRules, frame: Frame, timeframe: Timeframe | None) -> tuple[ConditionVote, ...]:
    """Return the votes of the entry conditions, then those of the exits; timeframe: of the bars in `frame`.

    Raises BadStrategyError for a condition on bars that cannot be made of these.
    """
    own = View(frame)
    views: dict[Timeframe | None, View] = {None: own, timeframe: own}
    if timeframe is not None:
        rules.fit(timeframe)
    entry, exits = rules.entry, rules.exits()
    for one in (*entry, *exits):
        if one.timeframe not in views:
            if timeframe is None:
                raise bad("the length of the bars is not known", f"{one.place}/timeframe")
            views[one.timeframe] = View(frame, timeframe, one.timeframe)
    wants = [views[one.timeframe].truth(one.tree).true for one in entry]
    sells = [views[one.timeframe].truth(one.tree).true for one in exits]
    # Where a bar sells, an entry condition that would not have bought is not outvoted, so it does not speak.
    beaten = np.logical_or.reduce(sells) & ~np.logical_and.reduce(wants)
    none = np.zeros(len(frame), np.bool_)
    told: set[str] = set()
    return (
        *(_vote(one, want & ~beaten, none, views, told) for one, want in zip(entry, wants, strict=True)),
        *(_vote(one, none, sell, views, told) for one, sell in zip(exits, sells, strict=True)),
    )


def _vote(
    one: Condition, buy: BoolArray, sell: BoolArray, views: dict[Timeframe | None, View], told: set[str]
) -> ConditionVote:
    view = views[one.timeframe]
    titles = {f"{view.prefix}{text_of(node)}": node for node in sides(one.tree)}
    silent = tuple(node for title, node in titles.items() if title not in told)
    told.update(titles)
    columns = {title: view.column(node) for title, node in titles.items()}
    return ConditionVote(
        _cut(view.prefix + text_of(one.tree), _LONGEST_TITLE), buy, sell, columns, view, one.tree, silent
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
