"""What came of a sentence, as a person reads it: code, its meaning in words, what was assumed, what it is worth, what to do next."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from libs.client import render
from libs.common.errors import BadInputError

_VARIANTS = ("variant", "strategy_id", "verdict", "return", "sharpe", "drawdown", "trades", "by", "attempts")
_FRACTIONS = ("return", "drawdown")
_METRICS = (
    "total_return",
    "benchmark_return",
    "max_drawdown",
    "sharpe",
    "closed_trades",
    "win_rate",
    "profit_factor",
    "average_trade",
    "exposure",
)
_LONGEST_NAME = 60
_STAGES = {"paper": "sentinel promote {id}", "alert": "sentinel promote {id} --stage alert"}


def show(result: Mapping[str, Any], *, metrics: bool) -> None:
    """Print a result; metrics: those of the best strategy too."""
    best = result["strategies"][0]
    told = best.get("in_words") or result["in_words"]
    _heading(f"{_name(best)}: {_market(best)}, {best['kind']}, written by {_author(best)}")
    render.python(best["code"] or "")
    _heading("in words")
    render.line(render.plain(told) or render.EMPTY)
    if result["assumptions"]:
        _heading("assumed, because the sentence leaves it open")
        render.table(("phrase", "taken as"), [(one["phrase"], one["meaning"]) for one in result["assumptions"]])
    if result["citations"]:
        _heading("read for it")
        render.table(("document", "heading", "quote"), [_cited(one) for one in result["citations"]])
    for text in result["warnings"]:
        render.line(f"warning: {render.cell(text)}")
    if len(result["strategies"]) > 1:
        _heading("variants, best first")
        render.table(_VARIANTS, [_variant(one) for one in result["strategies"]])
    _heading("worth")
    _worth(best, metrics=metrics)
    _spent(result)
    render.line(f"next: {next_of(best)}")
    if best["kind"] == "python.classify":
        render.line(f"what it picks now: sentinel screen {best['strategy_id']}")


def show_pending(job: Mapping[str, Any], strategies: list[dict[str, Any]]) -> None:
    """Print strategies that were proposed and are still being judged."""
    for one in strategies:
        _heading(f"{_name(one)}: {_market(one)}, {one['kind']}")
        render.python(one["code"] or "")
        _heading("in words")
        render.line(render.plain(one["in_words"] or "") or render.EMPTY)
        render.line(f"strategy: {one['id']}")
    render.line(f"it is being judged; its verdict: sentinel jobs {job['id']} --result, or sentinel strategies")


def save(code: str, place: Path) -> None:
    """Write the code into a file; raises BadInputError when that cannot be done."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(code)
    except OSError as error:
        raise BadInputError(f"{place}: {error.strerror}", code="input.file", pointer="--save") from None


def next_of(best: Mapping[str, Any]) -> str:
    """Return the command that a person would want now."""
    identity = best["strategy_id"]
    stage = next((stage for stage in _STAGES if stage in (best.get("gate") or ())), None)
    if stage:
        return _STAGES[stage].format(id=identity)
    if best["backtest_id"]:
        return f"sentinel report {best['backtest_id']} says why it may not run yet"
    return f"sentinel backtest {identity}, once its bars are stored"


def _worth(best: Mapping[str, Any], *, metrics: bool) -> None:
    if best["verdict"] is None:
        render.line(f"verdict: none: {render.cell(best['detail'])}")
    else:
        rule = best["deciding_rule"] or ""
        mark = " (SIMULATED prices)" if best.get("simulated") else ""
        render.line(f"verdict: {rule if rule.startswith(best['verdict']) else best['verdict'] + ': ' + rule}{mark}")
    if best["duplicate"]:
        render.line("it was known already, with this verdict")
    known = best.get("metrics") or {}
    if metrics and known:
        render.table(("metric", "value"), [row for name in _METRICS if (row := _metric(name, known))])
    closed = next(
        (one["words"] for one in best.get("reasons") or () if one["stage"] == "paper" and not one["met"]), None
    )
    if closed:
        render.line(f"not yet on {render.cell(closed)}")
    render.line(
        f"strategy: {best['strategy_id']}" + (f", backtest: {best['backtest_id']}" if best["backtest_id"] else "")
    )


def _metric(name: str, known: Mapping[str, Any]) -> tuple[str, str] | None:
    from libs.report.words import BY_NAME  # noqa: PLC0415 - only who asks for metrics pays for it

    if name not in known:
        return None
    value, told = known[name], BY_NAME[name]
    return told.title, render.EMPTY if value is None else told.spell(value)


def _name(one: Mapping[str, Any]) -> str:
    name = str(one["name"] or one["id"])
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _variant(one: Mapping[str, Any]) -> list[Any]:
    known = one.get("metrics") or {}
    named = {"return": "total_return", "sharpe": "sharpe", "drawdown": "max_drawdown", "trades": "closed_trades"}
    values: dict[str, Any] = {**one, **{name: known.get(metric) for name, metric in named.items()}, "by": _author(one)}
    values |= {name: render.percent(values[name]) for name in _FRACTIONS}
    return [values.get(name) for name in _VARIANTS]


def _cited(one: Mapping[str, Any]) -> tuple[Any, ...]:
    quote = render.cell(one["quote"])
    return f"{one['document']}#{one['chunk']}", one["heading"], quote if len(quote) <= 70 else quote[:69] + "…"


def _market(one: Mapping[str, Any]) -> str:
    symbols = one["symbols"] or []
    named = ", ".join(symbols[:3]) + (f" and {len(symbols) - 3} more" if len(symbols) > 3 else "")
    return f"{named} {one['timeframe']}"


def _author(one: Mapping[str, Any]) -> str:
    return "the compiler" if one["engine"] == "compiler" else str(one["model"] or one["engine"])


def _spent(result: Mapping[str, Any]) -> None:
    tried = result["attempts"]
    tokens = [sum(one[name] or 0 for one in tried) for name in ("tokens_in", "tokens_out")]
    if any(tokens) or result["cost_usd"]:
        guess = ", in part estimated" if any(one["estimated"] for one in tried) else ""
        told = f"{tokens[0]:,} tokens in, {tokens[1]:,} out, {result['cost_usd']:.4f} USD{guess}"
        render.line(f"spent: {len(tried)} attempts, {told}")


def _heading(text: str) -> None:
    if not sys.stdout.isatty():
        render.line(f"# {render.cell(text)}")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    Console().print(Text("\n" + render.plain(text), style="bold cyan"))
