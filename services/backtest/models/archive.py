"""A fitted model as bytes, without pickle, equal for equal models. Decides how skops' archive is put in one fixed order.

skops names members by the addresses objects had in memory and stamps them with the clock; here they are numbered in the order of the
schema and carry one fixed date.
"""

import io
import json
import re
import zipfile
from typing import Any

import skops.io

SCHEMA = "schema.json"
_DATE = (1980, 1, 1, 0, 0, 0)
_MEMBER = re.compile(r"([0-9]+)(\.npy)")


def archived(model: dict[str, Any]) -> bytes:
    """Return a model as the bytes of its file."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as raw:
        schema = json.loads(raw.read(SCHEMA))
        renamed: dict[str, str] = {}
        text = json.dumps(_numbered(schema, {}, renamed), separators=(",", ":"))
        members = {SCHEMA: text.encode(), **{new: raw.read(old) for old, new in renamed.items()}}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED, compresslevel=6)
    return packed.getvalue()


def _numbered(node: Any, numbers: dict[int, int], renamed: dict[str, str]) -> Any:
    """Return the schema with addresses replaced by numbers in order of appearance; notes the new names of members."""
    if isinstance(node, list):
        return [_numbered(each, numbers, renamed) for each in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for name, value in node.items():
        if name == "__id__":
            found[name] = numbers.setdefault(value, len(numbers) + 1)
        elif name == "file" and isinstance(value, str) and (member := _MEMBER.fullmatch(value)):
            number = numbers.setdefault(int(member[1]), len(numbers) + 1)
            found[name] = renamed.setdefault(value, f"{number}{member[2]}")
        else:
            found[name] = _numbered(value, numbers, renamed)
    return found
