"""The shape a model's answer must have. What is wrong with it is said in words a model can act on; nothing is repaired but a fence around the code.

Fields beyond these six are not read, so an answer that claims its own win rate, verdict or order changes nothing. The code is not judged here.
"""

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.strategy_gen.llm.protocol import Parameter

MAX_CODE = 64_000
"""Characters; the checker takes no more bytes."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e01ef]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Each takes six bytes in a fact, so that a whole answer of them would be too long for the bus."""

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_FENCED = re.compile(r"\s*```[ \t]*(?P<tag>[^\n`]*)\n(?P<code>.*?)\n?[ \t]*```\s*", re.DOTALL)
_TAGS = ("", "python", "py", "python3")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def visible(text: str) -> str:
    """Return text without terminal codes, control, direction, zero-width and tag characters; line ends and tabs stay."""
    return _UNSEEN.sub("", _ANSI.sub("", text.replace("\r\n", "\n")))


def unfenced(code: str) -> str:
    """Return code without one Markdown fence around all of it.

    Raises ValueError when there is a fence that is not just that: prose beside it, a second block, one that stays open, another language.
    """
    found = _FENCED.fullmatch(code)
    inner = found["code"] if found else code
    if found and found["tag"].strip().lower() not in _TAGS:
        raise ValueError("the code is fenced as another language; write Python, without a Markdown fence")
    if any(line.lstrip().startswith("```") for line in inner.splitlines()):
        raise ValueError("the code holds a Markdown fence; write one Python module and nothing beside it")
    return inner


class Written(BaseModel):
    """The strategy."""

    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    name: Annotated[str, Field(max_length=400, description="a short name, at most 120 characters")]
    description: Annotated[str, Field(max_length=8_000, description="what it does, in one or two sentences")] = ""
    code: Annotated[str, Field(max_length=MAX_CODE, description="one Python module, without Markdown")]
    parameters: Annotated[
        dict[str, Parameter], Field(max_length=32, description="arguments of the code to change; {} keeps its defaults")
    ] = Field(default_factory=dict)
    rationale: Annotated[str, Field(max_length=16_000, description="why it should work, and when it will not")] = ""
    citations: Annotated[
        list[int], Field(max_length=50, description="numbers of the passages it rests on, [] where none")
    ] = Field(default_factory=list)

    @field_validator("name")
    @classmethod
    def _is_named(cls, value: str) -> str:
        name = " ".join(visible(value).split())[:120].strip()
        if not name:
            raise ValueError("the name is empty")
        return name

    @field_validator("description", "rationale")
    @classmethod
    def _is_text(cls, value: str) -> str:
        return visible(value).strip()[:4_000]

    @field_validator("code")
    @classmethod
    def _is_code(cls, value: str) -> str:
        code = unfenced(value)
        if not code.strip():
            raise ValueError("the code is empty")
        if len(code) + 5 * len(_CONTROL.findall(code)) > MAX_CODE:
            raise ValueError("the code holds too many control characters; in a text write them as escapes")
        return code

    @field_validator("parameters")
    @classmethod
    def _are_plain(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, given in value.items():
            if not _NAME.fullmatch(name):
                raise ValueError("a parameter is not named like an argument of the code")
            if isinstance(given, float) and not math.isfinite(given):
                raise ValueError("a parameter is not a finite number")
            if isinstance(given, str) and (len(given) > 200 or visible(given) != given):
                raise ValueError(
                    "a parameter's text is longer than 200 characters or holds characters that do not show"
                )
        return value

    @field_validator("citations")
    @classmethod
    def _exist(cls, value: list[int], info: ValidationInfo) -> list[int]:
        passages = int((info.context or {}).get("passages", 0))
        if any(not 1 <= number <= passages for number in value):
            raise ValueError(f"there are {passages} passages, numbered from 1; cite only those, or none")
        return sorted(set(value))
