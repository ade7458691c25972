"""The command that asks backtest to train a model."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.command import Command, Spelled
from libs.common.values import UtcTime


class TrainModel(Command):
    """Train a scikit-learn classifier on stored bars and propose it as a strategy; the bars kept back from its family stay unseen.

    start, end: by default the newest two years before those bars. estimator: a classifier's class name; options: its own, by name. label: `next_bar` is up
    if the next close is above this one, `triple_barrier` if `take_profit` is touched before `stop_loss` (fractions) within `horizon` bars.
    embargo: bars left out around what is tested. buy_above, sell_below: probabilities.
    """

    subject: ClassVar[str] = "cmd.backtest.train"
    name: Annotated[str, Field(max_length=120)] = ""
    symbol: Spelled | None = None
    symbols: Annotated[list[Spelled], Field(max_length=100, default_factory=list)]
    timeframe: Spelled = "1h"
    start: UtcTime | None = None
    end: UtcTime | None = None
    estimator: Annotated[str, Field(min_length=1, max_length=64)] = "RandomForestClassifier"
    options: Annotated[dict[str, Any], Field(max_length=64, default_factory=dict)]
    label: Literal["next_bar", "triple_barrier"] = "next_bar"
    horizon: Annotated[int, Field(ge=1, le=500)] = 24
    take_profit: Annotated[FiniteFloat, Field(gt=0, le=10)] = 0.02
    stop_loss: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.02
    calibration: Literal["sigmoid", "isotonic", "none"] = "sigmoid"
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    embargo: Annotated[int, Field(ge=0, le=100_000)] | None = None
    buy_above: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.55
    sell_below: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.45
