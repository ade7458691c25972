"""A report, wherever it is: in a file, in the system that runs, or the newest one there. Decides which of them a word means."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from libs.common.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from libs.client.client import Client

MAX_FILE_BYTES = 256 * 1024 * 1024

_LOOKED_AT = 100


def is_report_file(word: str) -> bool:
    """Tell whether a word on the command line names a file rather than a backtest."""
    return word.endswith(".json") or Path(word).is_file()


def read_report(path: Path) -> dict[str, Any]:
    """Return the JSON of a file; raises BadInputError when it cannot be read or is no JSON object. Says nothing of what is in it."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInputError(f"{path} is larger than {MAX_FILE_BYTES} bytes", code="input.file", pointer=str(path))
        tree = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}", code="input.file", pointer=str(path)) from None
    except (ValueError, RecursionError):
        raise BadInputError(
            f"{path} is not JSON", code="report.malformed", pointer=str(path), hint="give a report.json"
        ) from None
    if not isinstance(tree, dict):
        raise BadInputError(f"{path} is not a report", code="report.malformed", pointer=str(path))
    return tree


def fetch_report(client: "Client", backtest_id: str | None) -> dict[str, Any]:
    """Return the report of a backtest, None: of the newest that completed; raises NotFoundError when there is none."""
    return client.get(f"/backtests/{backtest_id or _newest(client)}/report.json")


def _newest(client: "Client") -> str:
    for one in client.items("/backtests", _LOOKED_AT):
        if one["status"] == "completed":
            return str(one["id"])
    raise NotFoundError("no backtest has completed yet", hint="`sentinel backtest FILE` makes one")
