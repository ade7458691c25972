"""What code in the guest can name: the allowed built-ins and modules, and no way from them to the rest.

The code here is not judged by the checker first, so that only the second layer is seen.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

from libs.strategy.check.allowed import BUILTINS, CHILDREN, MODULES, PROVIDED
from libs.strategy.sandbox.guest.chance import draws
from libs.strategy.sandbox.guest.output import Printed
from libs.strategy.sandbox.guest.program import World, load, own_module
from libs.strategy.sandbox.guest.proxies import Importer, ModuleProxy


def names_of(source: str) -> dict[str, Any]:
    """Run a source that no checker saw, behind the guards, and return its names."""
    with own_module():
        return load(source, 7, World(dict.fromkeys, Printed(), lambda: 0, []), guarded=True).names


def raised_by(source: str) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        names_of(source)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "open",
        "eval",
        "exec",
        "compile",
        "getattr",
        "setattr",
        "type",
        "vars",
        "globals",
        "locals",
        "input",
        "memoryview",
        "dir",
    ],
)
def test_builtin_that_is_not_allowed_does_not_exist(name: str) -> None:
    assert raised_by(f"x = {name}") == f"name '{name}' is not defined"


def test_builtins_are_those_of_the_checker_and_what_the_language_needs() -> None:
    found = names_of("")["__builtins__"]
    assert set(found) == BUILTINS | {"__import__", "__build_class__", "__debug__"}


@pytest.mark.parametrize(
    "module", ["os", "sys", "subprocess", "builtins", "importlib", "ctypes", "numpy.ctypeslib", "numpy.core", "io"]
)
def test_module_that_is_not_allowed_is_not_imported(module: str) -> None:
    assert "is not available to a strategy" in raised_by(f"import {module}")
    assert "is not available to a strategy" in raised_by(f"from {module} import x")


@pytest.mark.parametrize(
    "source",
    [
        "from numpy import load",
        "from numpy import ctypeslib",
        "from numpy import *",
        "from pandas import read_csv",
        "from pandas import io",
        "from statistics import sys",
        "from random import _os",
        "from . import x",
        "import numpy as n; n.load",
        "import numpy as n; n.lib.npyio",
        "import pandas as p; p.read_pickle",
        "import random as r; r._os",
        "import statistics as s; s.sys",
        "import re as r; r.enum",
        "import collections as c; c._sys",
        "import time as t; t.sleep",
        "import warnings as w; w.sys",
        "import numpy as n; n.sum = len",
        "import numpy as n; del n.sum",
        "import math as m; m.pi = 3",
    ],
)
def test_module_gives_no_more_than_its_allowed_names(source: str) -> None:
    assert raised_by(source)


@pytest.mark.parametrize("title", sorted(MODULES))
def test_every_allowed_name_of_a_module_is_there(title: str) -> None:
    wanted = sorted({*MODULES[title], *CHILDREN[title]})
    assert names_of(f"from {title} import {', '.join(wanted)}").keys() >= set(wanted)
    assert isinstance(names_of(f"import {title} as own\nx = 1")["own"], ModuleProxy)


def test_no_module_itself_is_within_reach_of_a_proxy() -> None:
    importer = Importer({})
    for title in MODULES:
        found = vars(importer.module(title))
        assert not [name for name, value in found.items() if isinstance(value, ModuleType)]
        assert not [name for name in found if name.startswith("_")]


def test_names_provided_without_an_import_are_those_of_the_checker() -> None:
    found = names_of("np pd math datetime timedelta".replace(" ", "\n"))
    assert set(PROVIDED) <= set(found)
    assert names_of("x = 1").keys() & PROVIDED.keys() == set()


def test_numpy_may_ask_for_its_own_modules_from_a_strategys_line() -> None:
    assert names_of("import numpy as np\nx = np.array([1.0, 3.0]).std()\ny = np.float64(1).mean()")["x"] == 1.0
    ask = Importer({}).import_function()
    assert ask("os", {}, {}, [], 0) is None
    with pytest.raises(ImportError):
        ask("module_that_is_not_loaded", {}, {}, [], 0)


def test_classes_dataclasses_and_the_main_guard_work() -> None:
    source = """
from __future__ import annotations
from dataclasses import dataclass
from typing import NamedTuple
from enum import Enum
import collections.abc
import numpy.linalg as algebra
@dataclass
class Box:
    size: int = 2
class Pair(NamedTuple):
    first: int
class Side(Enum):
    BUY = 1
x = Box(3).size + Pair(1).first + Side.BUY.value + algebra.norm([3.0, 4.0])
if __name__ == "__main__":
    raise ValueError
"""
    assert names_of(source)["x"] == 10.0


@pytest.mark.parametrize(
    ("source", "does"),
    [("import random", True), ("df.sample(3)", True), ("import ｒandom", True), ("x = np.mean(y)", False)],
)
def test_code_that_cannot_draw_is_known_by_its_words(source: str, does: bool) -> None:
    assert draws(source) is does


def test_unguarded_code_has_pythons_own_builtins() -> None:
    world = World(dict.fromkeys, Printed(), lambda: 0, [])
    assert load("import sys\nx = sys", 7, world, guarded=False).names["x"] is sys
    assert importlib.import_module("builtins").print is print
