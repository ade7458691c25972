"""Stores models: `<root>/<SHA-256>.skops`, and beside each its card as `<SHA-256>.json`. Read by `libs.strategy.sandbox.host.models`.

Promises: a model that can be found is whole and on the disk, and so is its card.
"""

import hashlib
from pathlib import Path
from typing import Any

import orjson

from libs.strategy.sandbox.host.models import ModelFolder
from services.backtest.reports import write_whole

CARD = ".json"


def save_model(root: Path, data: bytes, card: dict[str, Any]) -> str:
    """Store a model and its card, and return its id; raises OSError when the disk refuses."""
    model_id = hashlib.sha256(data).hexdigest()
    folder = ModelFolder(root)
    root.mkdir(parents=True, exist_ok=True)
    told = orjson.dumps({"model_id": model_id, **card}, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    write_whole(folder.path(model_id, CARD), told)
    write_whole(folder.path(model_id), data)
    return model_id
