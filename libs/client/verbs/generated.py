"""What came of a sentence, as a person reads it: code, its meaning in words, what was assumed, what it is worth, what to do next."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from libs.client import render
from libs.client.verbs.worth import next_steps, worth_of
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
_LONGEST_NAME = 76
_NAMED = 3


def show(result: Mapping[str, Any], *, metrics: bool) -> None:
    """Print a result; metrics: those of the best strategy too."""
    best = result["strategies"][0]
    render.heading(_name(best), f"{best['kind']} for {_market(best)}, written by {_author(best)}")
    render.python(best["code"] or "")
    _say(best.get("in_words") or result["in_words"])
    if result["assumptions"]:
        render.heading("assumed; say it in the sentence to have it otherwise")
        render.table(("phrase", "taken as"), [(one["phrase"], one["meaning"]) for one in result["assumptions"]])
    if result["citations"]:
        render.heading("to read on" if _is_compiled(best) else "read for it")
        render.table(("document", "heading"), [_cited(one) for one in result["citations"]])
    if len(result["strategies"]) > 1:
        render.heading("variants, best first")
        render.table(_VARIANTS, [_variant(one) for one in result["strategies"]])
    render.heading("worth")
    for text in result["warnings"]:
        render.prose(f"warning: {render.cell(text)}")
    if metrics and (known := best.get("metrics")):
        render.table(("metric", "value"), [row for name in _METRICS if (row := _metric(name, known))])
    render.rows(worth_of(best) + _spent(result))
    render.heading("next")
    render.rows(next_steps(best), commands=True)


def show_pending(job: Mapping[str, Any], strategies: list[dict[str, Any]]) -> None:
    """Print strategies that were proposed and are still being judged."""
    for one in strategies:
        render.heading(_name(one), f"{one['kind']} for {_market(one)}")
        render.python(one["code"] or "")
        _say(one["in_words"])
        render.rows([("strategy", one["id"])])
    render.heading("next: it is being judged, which goes on by itself")
    waiting = [(f"sentinel jobs {job['id']}", "how far it is")]
    render.rows([*waiting, (f"sentinel jobs {job['id']} --result", "all of this with its verdict")], commands=True)


def check_place(place: Path) -> None:
    """Raise BadInputError where nothing can be written at `place`, before time is spent on what would be written."""
    if place.is_dir():
        raise BadInputError(f"{place}: is a folder", code="input.file", pointer="--save", hint="name a file in it")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{place}: {error.strerror}", code="input.file", pointer="--save") from None


def save(code: str, place: Path, *, is_told: bool) -> None:
    """Write the code into a file, and say so where that is not JSON's place; raises BadInputError when it cannot be done."""
    try:
        place.write_text(code)
    except OSError as error:
        raise BadInputError(f"{place}: {error.strerror}", code="input.file", pointer="--save") from None
    if is_told:
        render.line(f"saved: {place}")


def _say(words: str | None) -> None:
    render.heading("in words")
    render.prose(words or render.EMPTY)


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
    values["sharpe"] = None if values["sharpe"] is None else f"{values['sharpe']:.2f}"
    return [values.get(name) for name in _VARIANTS]


def _cited(one: Mapping[str, Any]) -> tuple[str, str]:
    return f"{one['document']}#{one['chunk']}", one["heading"]


def _market(one: Mapping[str, Any]) -> str:
    symbols = one["symbols"] or []
    first = ", ".join(symbols[:_NAMED])
    named = first if len(symbols) <= _NAMED else f"{len(symbols):,} symbols ({first}, …)"
    return f"{named} on {one['timeframe']} bars"


def _is_compiled(one: Mapping[str, Any]) -> bool:
    return bool(one["engine"] == "compiler")


def _author(one: Mapping[str, Any]) -> str:
    return "the compiler" if _is_compiled(one) else str(one["model"] or one["engine"])


def _spent(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    tried = result["attempts"]
    tokens = [sum(one[name] or 0 for one in tried) for name in ("tokens_in", "tokens_out")]
    if not any(tokens) and not result["cost_usd"]:
        return []
    guess = ", in part estimated" if any(one["estimated"] for one in tried) else ""
    told = f"{tokens[0]:,} tokens in, {tokens[1]:,} out, {result['cost_usd']:.4f} USD{guess}"
    return [("spent", f"{len(tried)} attempt{'s' if len(tried) != 1 else ''}, {told}")]
