"""Settings of the backtest service."""

import os
from typing import Literal

from pydantic import Field

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """Beside the common ones, how Python code is contained; windows, costs and limits of a run stand in the command."""

    sandbox: Literal["on", "off"] = Field(
        default="on", description="off runs strategy code uncontained: only for code you wrote yourself"
    )
    backtest_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=64, description="fork servers that run strategy code"
    )
