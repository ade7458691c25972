"""The settings of ingest, from SENTINEL_* variables."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from libs.common.settings import CommonSettings
from libs.common.values import Timeframe, parse_symbol


class Settings(CommonSettings):
    """Which feed, and how it plays."""

    feed: Literal["simulated", "files"] = Field(default="simulated", description="where live bars come from")
    seed: int = Field(default=66, ge=0, lt=2**63, description="which simulated market")
    symbols: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT"),
        min_length=1,
        max_length=100,
        description="symbols a simulation starts with, separated by commas",
    )
    timeframe: Timeframe = Field(default=Timeframe.M1, description="bar length a simulation starts with")
    simulation_speed: float = Field(
        default=60.0,
        ge=0,
        le=1e6,
        allow_inf_nan=False,
        description="how much faster than life; 0 = as fast as consumers go",
    )
    history_bars: int = Field(
        default=5_000, ge=0, le=5_000, description="simulated bars stored before the first live one"
    )

    @field_validator("symbols", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("symbols")
    @classmethod
    def _canonical(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({parse_symbol(text) for text in value}))
