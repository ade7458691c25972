"""What Mother AI may be told from outside."""

from pydantic import Field

from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """Limits of her decisions."""

    min_score: float = Field(default=0.5, ge=0, le=1, description="a buy below this score is not taken")
    top_n: int = Field(default=3, ge=0, description="buys per round and account, 0 = no limit")
    order_fraction: float = Field(default=0.1, gt=0, le=1, description="share of an account's cash one buy spends")
    alpha: float = Field(default=0.6, ge=0, le=1, description="weight of a signal's confidence in its score")
    beta: float = Field(default=0.4, ge=0, le=1, description="weight of the historical win rate in the score")
