"""What `import` gives a strategy: read-only copies of the allowed names of the allowed modules, and nothing behind them.

Decides by the tables of `libs.strategy.check.allowed`, the same ones the checker judges by.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from libs.strategy.check.allowed import CHILDREN, MODULES


class ModuleProxy:
    """Allowed names of one module; nothing can be set or deleted, and there is no way to the module itself."""

    def __init__(self, title: str, names: Mapping[str, Any]):
        """Hold `names`; `title` is the module's full name, for messages."""
        self.__dict__.update(names)
        self.__dict__[" title"] = title

    def __getattr__(self, name: str) -> Any:
        """Refuse: every allowed name is in the dictionary."""
        raise AttributeError(
            f"{self.__dict__[' title']}.{name} does not exist or is not available to a strategy", name=name
        )

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse."""
        raise AttributeError(f"{self.__dict__[' title']} is read-only: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        """Refuse."""
        raise AttributeError(f"{self.__dict__[' title']} is read-only: {name} cannot be deleted")

    def __repr__(self) -> str:
        """Return the name without a path or an address."""
        return f"<module {self.__dict__[' title']}>"


class Importer:
    """The modules of one strategy, each made when it is first asked for.

    replaced: by module and name, what stands in for the real thing (clock, chance).
    """

    def __init__(self, replaced: Mapping[str, Mapping[str, Any]]):
        """Make no module yet."""
        self._replaced = replaced
        self._made: dict[str, ModuleProxy] = {}

    def module(self, title: str) -> ModuleProxy:
        """Return the proxy of an allowed module by its full name; raises ImportError for any other."""
        if title not in self._made:
            if title not in MODULES:
                raise ImportError(f"{title} is not available to a strategy", name=title)
            children = {name: self.module(child) for name, child in CHILDREN[title].items()}
            self._made[title] = ModuleProxy(title, {**_allowed(title), **self._replaced.get(title, {}), **children})
        return self._made[title]

    def make_all(self) -> None:
        """Import and make every allowed module."""
        for title in sorted(MODULES):
            self.module(title)

    def import_function(self) -> Callable[..., Any]:
        """Return `__import__` for a strategy."""

        def guarded_import(
            name: str,
            globals: object = None,
            locals: object = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> Any:
            # C code of numpy asks the caller's __import__ with an empty list and looks the answer up in sys.modules itself.
            if type(fromlist) is list and not fromlist and name in sys.modules:
                return None
            if level:
                raise ImportError("a strategy has no package to import from")
            if not fromlist:
                self.module(name)
                return self.module(name.partition(".")[0])
            found = self.module(name)
            for wanted in fromlist:
                if wanted not in found.__dict__:
                    raise ImportError(f"{name}.{wanted} does not exist or is not available to a strategy", name=name)
            return found

        return guarded_import


@cache
def _allowed(title: str) -> Mapping[str, Any]:
    """Return the real module's allowed names; the same in every job of a process."""
    real = importlib.import_module(title)
    return {name: getattr(real, name) for name in sorted(MODULES[title]) if hasattr(real, name)}
