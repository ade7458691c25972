"""`run_batch_backtest` and `run_screening`, called once for each as-of moment with what was known then.

Decides how the documented answers are read: `instances` and `ranked_results`. Times that the code gives are dropped, figures it
gives about itself are kept apart as claimed.
"""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.faults import Fault, StrategyError, fault_of, refused, shown
from libs.strategy.sandbox.guest.outcome import Outcome
from libs.strategy.sandbox.guest.plain import plain_object
from libs.strategy.sandbox.guest.program import Program, accepted
from libs.strategy.sandbox.guest.verdict import score_of, truth

MOST_ANSWERS = 10_000
"""Instances of one moment."""
MOST_BYTES = 3 * 1024 * 1024

_LISTS = {"run_batch_backtest": "instances", "run_screening": "ranked_results"}
_OWN = frozenset({"ticker", "symbol", "timestamp", "classification", "score", "data"})
_CLAIMS = ("performance_metrics", "summary")


def run_batch(program: Program, asof: AsOf, args: dict[str, Any]) -> Outcome:
    """Return the answers of every moment of `args["asof_ms"]` as a JSON list.

    Only symbols that have a bar by then are asked about. A moment that raises is a warning; raises StrategyError if all do, if the
    function is missing, or if the answers are beyond 3 MB.
    """
    contract: str = args["contract"]
    function = program.function(contract)
    picks: list[str] = []
    claimed: dict[str, Any] | None = None
    failed: list[tuple[int, Fault]] = []
    for moment in args["asof_ms"]:
        asof.rest()
        try:
            found, claims = program.apart(partial(_asked, program, asof, moment, args))
            picks.extend(found)
            claimed = claims or claimed
        except MemoryError as error:
            program.reserve.clear()
            raise StrategyError(fault_of(error, function)) from None
        except BaseException as error:  # noqa: BLE001  whatever one moment raises, the others go on
            failed.append((moment, fault_of(error, function)))
    if failed and len(failed) == len(args["asof_ms"]):
        raise StrategyError(failed[0][1])
    payload = ("[" + ",".join(picks) + "]").encode()
    if len(payload) > MOST_BYTES:
        raise refused(
            "strategy.result", f"{contract} answers {len(payload)} bytes", f"{MOST_BYTES} are allowed: give less data"
        )
    rows = [{"symbol": symbol, "rows": asof.stored_rows(symbol), "error": None} for symbol in args["symbols"]]
    return Outcome(contract, rows, payload, _warnings(failed, len(args["asof_ms"])), claimed, program.constants())


def _asked(program: Program, asof: AsOf, moment: int, args: dict[str, Any]) -> tuple[list[str], dict[str, Any] | None]:
    """Return the picks of one moment, and the figures that the code claims."""
    contract: str = args["contract"]
    function = program.function(contract)
    call = partial(function, **accepted(function, args["parameters"]))
    asof.move_to(moment)
    listed = [symbol for symbol in args["symbols"] if asof.is_listed(symbol)]
    program.begin_call()
    if contract == "run_screening":
        answer = call(list(listed), args.get("limit") or len(listed))
    else:
        answer = call(_day(args["start_ms"]), _day(min(moment, args["end_ms"])), list(listed))
    return _picks(answer, contract, moment, listed, args.get("limit")), _claims(answer)


def _picks(answer: Any, contract: str, moment: int, listed: list[str], limit: int | None) -> list[str]:
    key = _LISTS[contract]
    found: Any = answer.get(key) if isinstance(answer, dict) else answer
    if type(found) not in (list, tuple):
        raise refused(
            "strategy.result", f"{contract} returns {shown(answer)} without a list {key}", f"return {{'{key}': [...]}}"
        )
    if limit is not None and contract == "run_screening":
        found = found[:limit]
    if len(found) > MOST_ANSWERS:
        raise refused("strategy.result", f"{contract} returns {len(found)} {key}", f"return at most {MOST_ANSWERS}")
    known = frozenset(listed)
    return [_pick(item, f"{key}[{place}]", moment, known) for place, item in enumerate(found)]


def _pick(item: Any, at: str, moment: int, known: frozenset[str]) -> str:
    if not isinstance(item, dict):
        raise refused(
            "strategy.result", f"{at} is {shown(item)}", "make it a dict with ticker and classification or score"
        )
    ticker = item.get("ticker", item.get("symbol"))
    if type(ticker) is not str or ticker not in known:
        raise refused(
            "strategy.result",
            f"{at} names {shown(ticker)}, which was not asked about",
            "use a symbol of the list given",
        )
    own = item.get("data")
    data = (plain_object(own) if isinstance(own, dict) else {}) | plain_object(item, _OWN)
    said = item.get("classification")
    told = {
        "asof_ms": moment,
        "ticker": ticker,
        "classification": True if said is None else truth(said, f"{at} classification"),
        "score": score_of(item.get("score")),
        "data": data or None,
    }
    return json.dumps(told, separators=(",", ":"))


def _claims(answer: Any) -> dict[str, Any] | None:
    if not isinstance(answer, dict):
        return None
    return {name: plain_object(answer[name]) for name in _CLAIMS if isinstance(answer.get(name), dict)} or None


def _warnings(failed: list[tuple[int, Fault]], moments: int) -> list[dict[str, str]]:
    if not failed:
        return []
    moment, fault = failed[0]
    message = f"{len(failed)} of {moments} calls failed; first as of {_day(moment)}: {fault.sentence()}"
    return [{"code": "strategy.raised", "message": message}]


def _day(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1_000, UTC):%Y-%m-%d}"
