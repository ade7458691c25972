"""Settings of the backtest service."""

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """Only what every service has: windows, costs and limits of a run stand in the command or are constants of the core."""
