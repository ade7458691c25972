"""The checker as a whole: tables that fit the libraries, examples without a remark, and no input that makes it raise."""

import ast
import builtins
import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.strategy.check import check
from libs.strategy.check.allowed import BUILTINS, CHILDREN, MODULES, PROVIDED, denied_attribute
from libs.strategy.check.flow_words import FREQUENCIES

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "examples" / "strategies").glob("*.py"))
SAMPLE = '''
import numpy as np
from dataclasses import dataclass
@dataclass
class A:
    x: int = 1
    def f(self, *a, **k):
        return f"{self._x!r:>{3}} {a}"
def generate_signals(df, fast=10):
    """Words."""
    with np.errstate(all="ignore"):
        y = [z for z in df["close"].shift(-1) if (w := z) > 3]
    match y:
        case [1, *rest] | {"a": 2}:
            pass
    try:
        del y[0]
    except (ValueError, TypeError) as e:
        raise e from None
    return np.where(df.close > df.close.mean(), 1, lambda q, *, r=1: -q)
'''


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_accepted_without_a_remark(path: Path) -> None:
    source = path.read_bytes()
    report = check(source)
    assert report.diagnostics == ()
    assert report.contracts
    assert len((ast.get_docstring(ast.parse(source)) or "").split()) > 20


def test_there_are_examples_of_every_python_contract() -> None:
    found = [check(path.read_bytes()).contracts[0] for path in EXAMPLES]
    assert set(found) == {"python.signals", "python.classify", "python.batch"}


@pytest.mark.parametrize("module", MODULES)
def test_allowed_names_of_a_module_exist_and_are_no_modules(module: str) -> None:
    found = importlib.import_module(module)
    for name in MODULES[module]:
        assert not isinstance(getattr(found, name), types.ModuleType), name
        assert not name.startswith("_")
    for name, child in CHILDREN[module].items():
        assert isinstance(getattr(importlib.import_module(child), "__name__", None), str), name


def test_allowed_builtins_and_provided_names_exist() -> None:
    assert all(hasattr(builtins, name) for name in BUILTINS)
    for module, member in PROVIDED.values():
        assert member is None or member in MODULES[module]


@pytest.mark.parametrize(
    "name", ["open", "eval", "exec", "compile", "getattr", "setattr", "type", "vars", "globals", "input"]
)
def test_dangerous_builtin_is_not_allowed(name: str) -> None:
    assert name not in BUILTINS


@pytest.mark.parametrize(
    "name", ["read_csv", "to_csv", "to_pickle", "gi_frame", "f_back", "tb_frame", "mro", "_mgr", "__class__", "eval"]
)
def test_dangerous_attribute_is_denied(name: str) -> None:
    assert denied_attribute(name)


@pytest.mark.parametrize(
    "name", ["close", "load", "info", "test", "options", "char", "to_numpy", "to_dict", "data", "base", "name"]
)
def test_common_word_is_no_denied_attribute(name: str) -> None:
    assert denied_attribute(name) is None


def test_every_way_pandas_writes_or_reads_is_denied() -> None:
    pandas = pytest.importorskip("pandas")
    ways = {
        "clipboard",
        "csv",
        "excel",
        "feather",
        "hdf",
        "html",
        "json",
        "latex",
        "markdown",
        "orc",
        "parquet",
        "pickle",
        "sql",
        "stata",
        "xml",
    }
    offered = {
        name for kind in (pandas.DataFrame, pandas.Series) for name in dir(kind) if name.partition("_")[2] in ways
    }
    assert offered
    assert all(denied_attribute(name) for name in offered)
    assert not {name for name in MODULES["pandas"] if name.startswith(("read_", "to_"))} - {
        "to_datetime",
        "to_numeric",
        "to_timedelta",
    }


def test_frequencies_are_refused_by_pandas_and_their_replacements_taken() -> None:
    pandas = pytest.importorskip("pandas")
    for old, new in FREQUENCIES.items():
        with pytest.raises(ValueError, match="Invalid frequency"):
            pandas.tseries.frequencies.to_offset(old)
        assert pandas.tseries.frequencies.to_offset(new)


def test_checker_needs_the_standard_library_only() -> None:
    program = "import sys, libs.strategy.check; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'pandas', 'pydantic')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_and_mixed_source_never_raises(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SAMPLE)))
    until = data.draw(st.integers(at, min(len(SAMPLE), at + 40)))
    put = data.draw(
        st.sampled_from(
            ["", " ", "(", ")", "*", ":", "\n", "_", "__", "'", "yield ", "async ", "global x\n", "np.", "="]
        )
    )
    report = check(SAMPLE[:at] + put + SAMPLE[until:])
    assert all(one.line >= 1 and one.column >= 1 for one in report.diagnostics)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=80), st.binary(max_size=80)))
def test_any_text_or_bytes_never_raises(source: str | bytes) -> None:
    assert not check(source).ok


def test_diagnostics_are_sorted_by_place_and_bounded() -> None:
    report = check("\n".join(f"x{n}(y{n})" for n in range(200)))
    places = [(one.line, one.column) for one in report.diagnostics]
    assert places == sorted(places)
    assert len(places) == 100


def test_same_source_gives_the_same_report() -> None:
    assert check(SAMPLE) == check(SAMPLE.encode())
