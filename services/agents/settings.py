"""What agents may be told from outside."""

from typing import Literal

from pydantic import Field

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """The common settings, and how the agents contain Python code."""

    sandbox: Literal["on", "off"] = Field(
        default="on", description="off runs strategy code uncontained: only for code you wrote yourself"
    )
    agents_processes: int = Field(default=1, ge=1, le=64, description="fork servers that run the agents' code")
