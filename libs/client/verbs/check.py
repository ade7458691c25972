"""check: what the checker finds in a strategy file, drawn under the lines it speaks of. Needs no running system."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.client import render
from libs.client.definitions import Definition, read_definition
from libs.client.verbs.options import Json
from libs.common.errors import BadStrategyError

if TYPE_CHECKING:
    from libs.strategy.check import Diagnostic

_WIDEST = 160


def check(
    file: Annotated[Path, typer.Argument(help="Python file with code, or JSON file with rules.")],
    json: Json = False,
) -> None:
    """Check a strategy file without submitting it; exit 1 if it would be refused."""
    body, drawn = _findings(read_definition(file), file)
    if json:
        render.as_json(body)
    else:
        for line in drawn:
            render.line(line)
    if not body["ok"]:
        raise typer.Exit(1)


def _findings(definition: Definition, file: Path) -> tuple[dict[str, Any], list[str]]:
    if definition.code is None:
        return _of_rules(definition, file)
    from libs.strategy.code import examine  # noqa: PLC0415 - the checker costs milliseconds that --help must not pay

    report = examine(definition.code)
    lines = definition.code.splitlines()
    drawn = [line for found in report.diagnostics for line in draw(found, lines, str(file))]
    errors = sum(found.severity == "error" for found in report.diagnostics)
    warnings = len(report.diagnostics) - errors
    told = f"{errors} errors, {warnings} warnings" if errors else f"accepted as {', '.join(report.contracts)}"
    more = f", {warnings} warnings" if warnings and not errors else ""
    body = {
        "ok": report.ok,
        "contracts": list(report.contracts),
        "parameters": report.parameters,
        "code_hash": report.code_hash,
        "diagnostics": [asdict(found) for found in report.diagnostics],
    }
    return body, [*drawn, f"{file}: {told}{more}"]


def draw(found: "Diagnostic", lines: list[str], name: str) -> list[str]:
    """Return a finding as lines: place and message, the line of source, a mark under it, the hint."""
    shown = [f"{name}:{found.line}:{found.column}: {found.severity} {found.code}: {found.message}"]
    if 0 < found.line <= len(lines):
        source = lines[found.line - 1].expandtabs(1)
        start = max(0, found.column - 1 - _WIDEST // 2) if len(source) > _WIDEST else 0
        number = f"{found.line:>5} | "
        width = max(1, (found.end_column or found.column + 1) - found.column)
        width = min(width, max(1, len(source) - found.column + 1))
        text = "".join(letter if letter.isprintable() else "?" for letter in source[start : start + _WIDEST])
        shown += [number + text, " " * 5 + " | " + " " * (found.column - 1 - start) + "^" * width]
    if found.hint:
        shown.append(f"        hint: {found.hint}")
    return shown


def _of_rules(definition: Definition, file: Path) -> tuple[dict[str, Any], list[str]]:
    from libs.strategy.spec import parse  # noqa: PLC0415 - as above

    symbols = [] if isinstance(definition.rules, dict) and "symbol" in definition.rules else ["BTCUSDT"]
    try:
        timeframe = definition.timeframe or "1h"
        strategy = parse(name=definition.name, rules=definition.rules, symbols=symbols, timeframe=timeframe)
    except BadStrategyError as error:
        words = {"code": error.code, "detail": error.detail, "pointer": error.pointer, "hint": error.hint}
        drawn = [f"{file}: error {error.code}: {error.detail} (at {error.pointer})"]
        drawn += [f"        hint: {error.hint}"] if error.hint else []
        return {"ok": False, "error": words}, drawn
    return {"ok": True, "kind": strategy.kind, "rules": strategy.rules}, [f"{file}: accepted as rules.json"]
