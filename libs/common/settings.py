"""Settings every service reads, from SENTINEL_* variables; a service adds its own in its `settings.py`."""

import hashlib
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """Where things are. Read once in `__main__` and passed down."""

    model_config = SettingsConfigDict(env_prefix="SENTINEL_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("data/simulated"), description="bars, databases, reports and logs of one profile"
    )
    nats_url: str = Field(default="nats://127.0.0.1:4222", description="where the bus listens")
    database_url: str | None = Field(
        default=None, description="PostgreSQL for all services; default one SQLite file each"
    )
    log_level: str = Field(default="INFO", description="lowest level that goes to standard error")

    def database_for(self, service: str) -> str:
        """Return the URL of one service's database."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'sql' / (service + '.db')}"

    @property
    def catalog_dir(self) -> Path:
        """Folder of the bar catalog."""
        return self.data_dir / "catalog"

    @property
    def universes_dir(self) -> Path:
        """Folder of the named lists of symbols."""
        return self.data_dir / "universes"

    @property
    def fundamentals_dir(self) -> Path:
        """Folder of the versions of company figures."""
        return self.data_dir / "fundamentals"

    @property
    def reports_dir(self) -> Path:
        """Folder of the content-addressed reports."""
        return self.data_dir / "reports"

    @property
    def models_dir(self) -> Path:
        """Folder of the trained models."""
        return self.data_dir / "models"

    def config_hash(self) -> str:
        """Return a short hash of all settings that are not secret, for the pulse."""
        return hashlib.sha256(self.model_dump_json(exclude={"database_url"}).encode()).hexdigest()[:12]
