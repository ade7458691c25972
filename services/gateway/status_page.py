"""The plain status page: one self-contained document, put together at start from `status/`.

Its policy allows exactly its own script and style, by hash, and requests to its own origin; text from facts is only ever set as
text. It shows what the API says, and where the API has nothing it says what to do next.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "status"


@dataclass(frozen=True)
class StatusPage:
    """The document and its Content-Security-Policy."""

    html: str
    policy: str


def load_page() -> StatusPage:
    """Read the page's three files; raises OSError when the installation is damaged."""
    html, style, script = ((_FOLDER / name).read_text() for name in ("status.html", "status.css", "status.js"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return StatusPage(html.replace("/*style*/", style).replace("/*script*/", script), policy)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
