"""Strategy files as people keep them: JSON rules, or Python code. Decides what a file says, not whether it runs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.common.errors import BadInputError, BadStrategyError
from libs.strategy.rules_text import read_text

MAX_FILE_BYTES = 262_144


@dataclass(frozen=True)
class Definition:
    """One file's strategy: rules or code, and the timeframe the file asks for, if it does."""

    name: str
    timeframe: str | None
    rules: Any = None
    code: str | None = None

    def wish(self, timeframe: str | None, symbols: list[str], parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the body of a request; what is given here goes before what the file says."""
        said = {"rules": self.rules} if self.code is None else {"code": self.code}
        more = {"symbols": symbols, "parameters": parameters}
        return {
            "name": self.name,
            **said,
            "timeframe": timeframe or self.timeframe or "1h",
            **{name: value for name, value in more.items() if value},
        }


def read_definition(path: Path) -> Definition:
    """Return the strategy in a file: `.py` is code, anything else `{"name", "timeframe", "rules"}` or the rules alone, as JSON.

    Raises BadInputError with the line and column of what is wrong.
    """
    raw = _bytes(path)
    if path.suffix == ".py":
        try:
            return Definition(path.stem, None, code=raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise BadInputError(
                f"{path}: not UTF-8 at byte {error.start}", code="input.file", pointer=str(path)
            ) from None
    try:
        found = read_text(raw)
    except BadStrategyError as error:
        raise BadInputError(
            f"{path}: {error.detail}", code=error.code, pointer=error.pointer, hint=error.hint
        ) from None
    return Definition(found.get("name", path.stem), found.get("timeframe"), rules=found.get("rules", found))


def is_file(text: str) -> bool:
    """Tell whether a word on the command line names a strategy file rather than a strategy's id."""
    path = Path(text)
    return path.suffix in (".json", ".py") or path.is_file()


def parameters_of(given: list[str], option: str = "--param") -> dict[str, Any]:
    """Return the `name=value` words of an option by name; values are JSON, or texts where they are not. Raises BadInputError."""
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadInputError(f"{text[:64]!r} is not name=value", code="input.parameter", pointer=option)
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}", code="input.file", pointer=str(path)) from None
    if len(raw) > MAX_FILE_BYTES:
        raise BadInputError(f"{path} is larger than {MAX_FILE_BYTES} bytes", code="input.file", pointer=str(path))
    return raw
