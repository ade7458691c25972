"""What strategy_gen may be told from outside."""

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """strategy_gen needs only the common settings."""
