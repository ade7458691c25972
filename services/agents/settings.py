"""What agents may be told from outside."""

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """Agents need only the common settings."""
