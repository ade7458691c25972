"""The documents' names for the fields of commands: read on the way in, and used in every error on the way out.

Whatever a command takes beside may stand in a documented body under its own name.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from libs.common.errors import BadInputError, SentinelError
from services.gateway.problems import InvalidFieldsError

NAMES = {"strategy_code": "code", "strategy_json": "rules", "start_date": "start", "end_date": "end"}
"""Documented name -> field of the command."""


@dataclass(frozen=True)
class Asked:
    """A documented body as fields of a command. told: field -> the name it has for whoever asked."""

    fields: dict[str, Any]
    told: Mapping[str, str]

    @classmethod
    def of(cls, body: Mapping[str, Any], names: Mapping[str, str] = NAMES) -> "Asked":
        """Return the fields of `body`; raises BadInputError where one stands there under both names."""
        twice = next((name for name, field in names.items() if name in body and field in body), None)
        if twice is not None:
            raise BadInputError(
                f"{twice} and {names[twice]} are two names of one field",
                code="input.two_names",
                pointer=f"/{twice}",
                hint="give one of them",
            )
        fields = {names.get(name, name): value for name, value in body.items()}
        return cls(fields, {field: name for name, field in names.items() if field not in body})

    @contextmanager
    def words(self) -> Iterator[None]:
        """Let errors point at the names of whoever asked."""
        try:
            yield
        except InvalidFieldsError as error:
            raise InvalidFieldsError([(self._place(place), detail) for place, detail in error.errors]) from None
        except SentinelError as error:
            error.pointer = None if error.pointer is None else self._place(error.pointer)
            raise

    def _place(self, pointer: str) -> str:
        if not pointer.startswith("/"):
            return pointer
        field, slash, rest = pointer[1:].partition("/")
        return f"/{self.told.get(field, field)}{slash}{rest}"
