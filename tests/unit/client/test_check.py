"""`sentinel check`: findings drawn under their lines, exit codes, JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from libs.client import cli
from libs.client.definitions import read_definition
from libs.common.errors import BadInputError

GOOD = "def generate_signals(df, fast=5):\n    return (df['close'] > df['close'].shift(fast)).astype(int)\n"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.build(), ["check", *words])
    return result.exit_code, result.output


def test_good_file_is_accepted_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    assert run(str(tmp_path / "good.py")) == (0, f"{tmp_path}/good.py: accepted as python.signals\n")


def test_findings_are_drawn_under_the_place_they_speak_of(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(GOOD + "value = undefined_name\n")
    code, shown = run(str(path))
    lines = shown.splitlines()
    assert code == 1
    assert lines[0].startswith(f"{path}:3:9: error ")
    assert lines[1] == "    3 | value = undefined_name"
    assert lines[2] == "      |         ^^^^^^^^^^^^^^"
    assert lines[3].startswith("        hint: ")
    assert lines[-1] == f"{path}: 1 errors, 0 warnings"


def test_warning_is_shown_and_does_not_refuse(tmp_path: Path) -> None:
    path = tmp_path / "peek.py"
    path.write_text(GOOD.replace("shift(fast)", "shift(-1)"))
    code, shown = run(str(path))
    assert code == 0
    assert " warning " in shown
    assert shown.splitlines()[-1] == f"{path}: accepted as python.signals, 1 warnings"


def test_json_has_what_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("import os\n" + GOOD)
    code, shown = run(str(path), "--json")
    assert code == 1
    body = json.loads(shown)
    assert (body["ok"], body["parameters"], body["diagnostics"][0]["line"]) == (False, {"fast": 5}, 1)


@pytest.mark.parametrize(
    ("rules", "more", "code", "words"),
    [
        ({"indicators": {"rsi": {"period": 14}}}, {}, 0, "accepted as rules.json"),
        ({"indicators": {"rsi": {"period": 0}}}, {}, 1, "(at /rules/indicators/rsi/period)"),
        ({"indicators": {"rsi": {"period": 14}}}, {"name": 5}, 1, "(at /name)"),
        ({"indicators": {"rsi": {"period": 14}}}, {"timeframe": 5}, 1, "(at /timeframe)"),
    ],
)
def test_rules_are_checked_too(
    tmp_path: Path, rules: dict[str, object], more: dict[str, object], code: int, words: str
) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": rules, **more}))
    found, shown = run(str(path))
    assert found == code
    assert words in shown


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a file without end is needed")
def test_file_without_end_is_refused() -> None:
    with pytest.raises(BadInputError, match="larger than"):
        read_definition(Path("/dev/zero"))
