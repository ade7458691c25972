"""The root script: what it decides before anything is installed."""

import ast
import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "sentinel"


@pytest.fixture
def script(tmp_path: Path) -> ModuleType:
    copy = tmp_path / "sentinel"
    copy.write_bytes(SCRIPT.read_bytes())
    for name in ("constraints.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    loader = SourceFileLoader("bootstrap", str(copy))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def stamped(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7\n")
    Path(script.STAMP).write_text(script.wanted_stamp())


def test_script_parses_on_python_3_8_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= set(sys.stdlib_module_names)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)


def test_stamp_of_an_unchanged_clone_is_current(script: ModuleType, tmp_path: Path) -> None:
    assert not script.is_current()
    stamped(script, tmp_path)
    assert script.is_current()


@pytest.mark.parametrize("changed", ["constraints.txt", "pyproject.toml", ".venv/pyvenv.cfg"])
def test_stamp_after_a_change_is_out_of_date(script: ModuleType, tmp_path: Path, changed: str) -> None:
    stamped(script, tmp_path)
    (tmp_path / changed).write_text("version = 3.12.1\n")
    assert not script.is_current()


def test_stamp_of_a_venv_whose_python_is_gone_is_out_of_date(script: ModuleType, tmp_path: Path) -> None:
    stamped(script, tmp_path)
    (tmp_path / ".venv" / "bin" / "python").unlink()
    assert not script.is_current()


def test_venv_of_a_moved_clone_is_made_anew(script: ModuleType, tmp_path: Path) -> None:
    stamped(script, tmp_path)
    assert not script.is_moved()
    stamp = Path(script.STAMP)
    stamp.write_text(stamp.read_text().replace(str(tmp_path), "/elsewhere"))
    assert script.is_moved()
    assert not script.is_current()


def test_new_enough_python_is_the_running_one(script: ModuleType) -> None:
    assert script.new_enough_python() == sys.executable


def test_interpreter_that_cannot_run_is_not_new_enough(script: ModuleType, tmp_path: Path) -> None:
    stand_in = tmp_path / "python3.12"
    stand_in.write_text("#!/bin/sh\nexit 127\n")
    stand_in.chmod(0o755)
    assert not script.runs_new_enough(str(stand_in))
    assert script.runs_new_enough(sys.executable)


def test_help_for_a_missing_part_names_one_command(script: ModuleType) -> None:
    assert "3.11" in script.python_help()
    for help_line in (script.python_help(), script.venv_help()):
        assert "\n" not in help_line
        assert "Run: " in help_line


def test_constraints_pin_everything_and_name_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all("==" in line for line in lines)
    assert not [line for line in lines if "://" in line or line.startswith("-")]
