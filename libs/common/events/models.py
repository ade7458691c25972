"""The fact backtest writes when a model has been trained."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event
from libs.common.values import Fraction, Identifier, Symbol, Timeframe, UtcTime


class ModelTrained(Event):
    """A model has been trained and is stored; strategy_gen proposes it as a strategy.

    model_id: SHA-256 of its file. silent_until: open time of the last bar it learnt from; it says nothing of bars up to there. split, always_up: scores
    on bars it has not seen, of the model and of who always says "up"; the card under `result_key` has all. data_hash: of the bars.
    """

    subject: ClassVar[str] = "models.trained.{model_id}"
    model_id: Identifier
    job_id: Identifier
    family_id: Identifier
    name: Annotated[str, Field(max_length=120)] = ""
    symbols: Annotated[tuple[Symbol, ...], Field(min_length=1, max_length=100)]
    timeframe: Timeframe
    estimator: Annotated[str, Field(max_length=64)]
    options: dict[str, Any] = Field(default_factory=dict)
    label: Annotated[str, Field(max_length=32)]
    calibration: Annotated[str, Field(max_length=16)]
    buy_above: Fraction
    sell_below: Fraction
    start: UtcTime
    end: UtcTime
    silent_until: UtcTime
    rows: int
    learnt_rows: int
    split: dict[str, FiniteFloat | int | None]
    always_up: dict[str, FiniteFloat | int | None]
    data_hash: str
    result_key: str
    simulated: bool = False
    origin: Literal["model"] = "model"
    asked_by: Annotated[str, Field(max_length=64)] = ""
