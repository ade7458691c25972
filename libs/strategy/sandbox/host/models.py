"""A pool that runs trained models as well, in fork servers of their own, and the folder the models are read from.

Decides that a model is what its name says: the SHA-256 of its bytes. Reads no model, it only hands the bytes on.
"""

import hashlib
import os
import re
import threading
from pathlib import Path
from typing import Any

from libs.common.errors import BadInputError, ConflictError, NotFoundError, StoreUnavailableError
from libs.strategy.sandbox.host.fleet import Plan
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.process import model_command
from libs.strategy.sandbox.wire import Switches

_ID = re.compile(r"[0-9a-f]{64}")


class ModelFolder:
    """The models of one profile: `<root>/<SHA-256>.skops`."""

    def __init__(self, root: Path):
        """Read below `root`; the folder need not exist."""
        self._root = root

    def path(self, model_id: str, ending: str = ".skops") -> Path:
        """Return where a model lies; raises BadInputError for what is no model id."""
        if not _ID.fullmatch(model_id):
            raise BadInputError(
                "a model id is 64 hexadecimal digits",
                code="model.id",
                pointer="/parameters/model",
                hint="see GET /models",
            )
        return self._root / f"{model_id}{ending}"

    def read(self, model_id: str) -> bytes:
        """Return the bytes of a model; raises NotFoundError, ConflictError when they were changed, StoreUnavailableError."""
        try:
            data = self.path(model_id).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(
                f"no model {model_id} is stored",
                code="model.unknown",
                pointer="/parameters/model",
                hint="train it on this machine: models are files of one profile",
            ) from None
        except OSError as error:
            raise StoreUnavailableError(f"the model cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != model_id:
            raise ConflictError(
                f"the model {model_id} was changed on the disk",
                code="model.damaged",
                pointer="/parameters/model",
                hint="remove the file and train it again",
            )
        return data


class ModelPool(Pool):
    """A pool of code, and beside it one of models that starts with the first model."""

    def __init__(self, folder: Path, size: int | None = None, switches: Switches | None = None):
        """Read models below `folder`; size and switches as in Pool, for both."""
        super().__init__(size, switches)
        self.folder = ModelFolder(folder)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        self._models = Pool(plan=Plan(size or cores, switches or Switches(), command=model_command))
        self._wanted = threading.Event()

    @property
    def models(self) -> Pool:
        """Return the pool of models."""
        self._wanted.set()
        return self._models

    def capabilities(self) -> dict[str, Any]:
        """Return what contains the code, and under `models` what contains the models, once one was asked for."""
        told = super().capabilities()
        return {**told, "models": self._models.capabilities()["sandbox"]} if self._wanted.is_set() else told

    def close(self) -> None:
        """Close both."""
        try:
            self._models.close()
        finally:
            super().close()
