"""What a generated strategy is worth, on which bars that was found, where it may run, and the commands one would want now.

Decides words and their order; the verdict and the gate are decided elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from libs.client import render

_FEW = 5
_FIGURES = "get_fundamental_data("
Pairs = list[tuple[str, str]]


def worth_of(best: Mapping[str, Any]) -> Pairs:
    """Return what there is to say of a strategy's worth as names and values, the verdict first."""
    rows: Pairs = []
    if best["verdict"] is None:
        rows.append(("verdict", f"none: {best['detail']}"))
    else:
        rows += [("verdict", spell(best["verdict"], best["deciding_rule"])), ("judged on", _evidence(best))]
        rows.append(("gate", _gate(best)))
    if best["duplicate"]:
        rows.append(("known", "it was judged before, with this verdict"))
    rows.append(("strategy", best["strategy_id"]))
    if best["backtest_id"]:
        rows.append(("backtest", best["backtest_id"]))
    return rows


def spell(verdict: str | None, rule: str | None) -> str:
    """Return a verdict with the rule that decided it, which mostly starts with the verdict."""
    if verdict is None:
        return "none yet"
    if not rule:
        return verdict
    return rule if rule.startswith(verdict) else f"{verdict}: {rule}"


def next_steps(best: Mapping[str, Any]) -> Pairs:
    """Return the commands one would want now, the likeliest first, each with what it is for."""
    identity, backtest, gate = best["strategy_id"], best["backtest_id"], best.get("gate") or ()
    if not backtest:
        return [
            (_import(best), "its bars, if those are missing"),
            (f"sentinel backtest {identity}", "its verdict, once they are stored"),
        ]
    why = (f"sentinel report {backtest}", "why: each limit, equity, trades")
    is_idle = best.get("closed_trades") == 0
    steps: Pairs = [why] if is_idle else []
    is_picker = best["kind"] == "python.classify"
    if is_picker:
        steps.append((f"sentinel screen {identity}{_among(best)}", "what it picks now"))
    if "alert" in gate and (is_picker or "paper" not in gate):
        steps.append((f"sentinel promote {identity} --stage alert", "tells when it fires, never trades"))
    if "paper" in gate:
        steps.append((f"sentinel promote {identity}", "let it trade on paper"))
    return steps if is_idle else [*steps, why]


def _among(best: Mapping[str, Any]) -> str:
    """Return the options that keep a screen to the few symbols a strategy is for; without any it looks at all."""
    symbols = best["symbols"] or []
    return "".join(f" --symbol {symbol}" for symbol in symbols) if len(symbols) <= _FEW else ""


def _import(best: Mapping[str, Any]) -> str:
    symbols = best["symbols"] or []
    whose = f"--symbol {symbols[0]}" if len(symbols) == 1 else "--by-column symbol"
    return f"sentinel ingest import FILE {whose} --timeframe {best['timeframe']}"


def _evidence(best: Mapping[str, Any]) -> str:
    symbols, timeframe = best["symbols"] or [], best["timeframe"]
    bars = (best.get("metrics") or {}).get("bars")
    whose = symbols[0] if len(symbols) == 1 else f"{len(symbols):,} symbols"
    parts = [whose, f"{bars:,} bars of {timeframe}" if bars is not None else f"{timeframe} bars"]
    if best.get("window_start") and best.get("window_end"):
        parts.append(f"{_moment(best['window_start'], timeframe)} to {_moment(best['window_end'], timeframe)}")
    trades = best.get("closed_trades")
    if trades is not None:
        parts.append(_counted(trades, "closed trade") if trades else _idle(best))
    if best.get("simulated"):
        parts.append("SIMULATED prices")
    return ", ".join(parts)


def _idle(best: Mapping[str, Any]) -> str:
    """Return why nothing was traded, as far as it can be told from outside."""
    never = "no trade: its condition was never met"
    if _FIGURES not in (best["code"] or ""):
        return never
    return f"{never} by the company figures that are stored (`sentinel screen` names missing ones)"


def _gate(best: Mapping[str, Any]) -> str:
    gate = best.get("gate") or ()
    if "paper" in gate:
        return "open to alert and paper"
    stage = "paper" if "alert" in gate else "alert"
    missed = next((one for one in best.get("reasons") or () if one["stage"] == stage and not one["met"]), None)
    why = f": {missed['words'].removeprefix(stage + ': ')}" if missed else ""
    return f"open to alert, closed to paper{why}" if "alert" in gate else f"closed{why}"


def _moment(text: str, timeframe: str) -> str:
    day, _, clock = render.cell(text).partition("T")
    return day if timeframe == "1d" else f"{day} {clock[:5]}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
