"""`evaluate`: the one function that runs a strategy, in backtest, screen, alert and live alike.

Equal strategy and bars give equal signals. Rules run here and see no later bar; Python code runs in a sandbox and is shown the whole
frame, so that its signals depend on no later bar is for evidence to prove.
"""

from collections.abc import Mapping

from libs.common.errors import RefusedError
from libs.market.frame import Frame
from libs.strategy import python
from libs.strategy.model import evaluate_model
from libs.strategy.model_terms import MODEL
from libs.strategy.rules import combined, each_vote
from libs.strategy.rules_schema import read_rules
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.signals import Evaluation, Fault, Signals
from libs.strategy.spec import Strategy

__all__ = ["Evaluation", "Fault", "Signals", "evaluate", "evaluate_all"]


def evaluate(strategy: Strategy, frame: Frame, sandbox: Pool | None = None, *, symbol: str | None = None) -> Signals:
    """Return what `strategy` says after each bar of `frame`; no bars give no signals.

    symbol: whose bars these are, by default the strategy's first. Raises BadStrategyError if the definition is not one that `parse`
    would have let through, or if its code fails on these bars; see `evaluate_all` for the rest.
    """
    name = symbol or strategy.symbols[0]
    return evaluate_all(strategy, {name: frame}, sandbox).only(name)


def evaluate_all(
    strategy: Strategy,
    frames: Mapping[str, Frame],
    sandbox: Pool | None = None,
    *,
    focus: tuple[str, ...] | None = None,
    view: python.View = python.View(),  # noqa: B008 - an empty frozen value
    span: python.Span = python.Span(),  # noqa: B008 - the same
) -> Evaluation:
    """Return what `strategy` says on each symbol of `focus` (default: all of `frames`).

    frames: bars by symbol, in the strategy's timeframe; classifiers may look at all of them. view: what else they may look at. span: at
    which bars classifiers and batch contracts are asked, default all; other kinds answer for every bar.
    Raises RefusedError for Python code or a model without a sandbox, TransientError while the sandbox is busy.
    """
    asked = tuple(frames) if focus is None else focus
    if strategy.kind == MODEL:
        return evaluate_model(strategy, frames, sandbox, asked)
    if strategy.code is None:
        return Evaluation({symbol: _by_rules(strategy, frames[symbol]) for symbol in asked})
    if sandbox is None:
        raise RefusedError(
            "Python strategies do not run here: there is no sandbox",
            code="sandbox.unavailable",
            hint="run it through the backtest service, which has one",
        )
    return python.evaluate_code(strategy, frames, sandbox, asked, view, span)


def _by_rules(strategy: Strategy, frame: Frame) -> Signals:
    rules = read_rules(strategy.rules)
    each = each_vote(rules, frame, strategy.timeframe)
    values = {title: column for vote in each for title, column in vote.columns.items()}
    return Signals(combined(rules, each), values, frame, each)
