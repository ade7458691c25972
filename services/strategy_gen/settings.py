"""What strategy_gen may be told from outside; what concerns models stands in `llm/settings.py`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from libs.common.settings import CommonSettings

_SHIPPED = Path(__file__).resolve().parents[2] / "knowledge"


class Settings(CommonSettings):
    """Beside the common ones: the knowledge it reads, and how the code it tries is contained."""

    knowledge_dir: Path = Field(
        default=_SHIPPED, description="folder of shared knowledge, one folder per domain below it"
    )
    embeddings_url: str | None = Field(
        default=None, description="OpenAI-compatible /v1/embeddings; default an embedder of its own"
    )
    embeddings_model: str = Field(default="", description="which model embeds there")
    embeddings_key: SecretStr | None = Field(default=None, description="key for that server of embeddings")
    sandbox: Literal["on", "off"] = Field(
        default="on", description="off runs strategy code uncontained: only for code you wrote yourself"
    )

    @property
    def own_knowledge_dir(self) -> Path:
        """Folder of the texts that were added to this profile."""
        return self.data_dir / "knowledge"

    @property
    def index_dir(self) -> Path:
        """Folder of the search index of everything known."""
        return self.data_dir / "index"
