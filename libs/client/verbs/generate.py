"""generate: a trading idea in plain English becomes code that is checked, tried and judged."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.errors import FAILED, BelowVerdictError, RefusedByGatewayError, UnreachableError
from libs.client.verbs.options import DataDir, Json, client_of
from libs.client.verbs.strategies import VERDICTS, Symbols, Timeframe

_RED, _NORMAL = "\x1b[1;31m", "\x1b[0m"
_Text = Annotated[str, typer.Argument(metavar="TEXT", help='The idea, such as "buy BTCUSDT when RSI is below 30".')]


def generate(
    text: _Text,
    variants: Annotated[int, typer.Option(min=1, max=10, help="How many a model writes side by side.")] = 1,
    offline: Annotated[bool, typer.Option("--offline", help="Only the compiler: no key, no network.")] = False,
    model: Annotated[bool, typer.Option("--model", help="Only the configured model.")] = False,
    backtest: Annotated[bool, typer.Option("--backtest", help="Wait for the verdict, show the metrics.")] = False,
    symbol: Symbols = [],  # noqa: B006 - typer copies defaults
    universe: Annotated[str | None, typer.Option(help="Named list of symbols it is for.")] = None,
    timeframe: Timeframe = None,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    save: Annotated[Path | None, typer.Option("--save", help="Write the best one's code into this file.")] = None,
    min_verdict: Annotated[str | None, typer.Option(help=f"Exit 3 when worse: {' '.join(VERDICTS)}.")] = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Turn a trading idea in plain English into a strategy: checked, tried, judged, explained."""
    _check_usage(text, min_verdict, is_torn=offline and model)
    engine = "offline" if offline else "llm" if model else "auto"
    wish = {"text": text, "engine": engine, "variants": variants, "symbols": symbol, "universe": universe}
    wish |= {"timeframe": timeframe, "name": name}
    to_the_end = backtest or json or min_verdict is not None
    from libs.client.verbs import generated  # noqa: PLC0415 - --help must not pay for it

    if save is not None:
        generated.check_place(save)
    try:
        result, found = _made(wish, folder, to_the_end=to_the_end)
    except RefusedByGatewayError as error:
        _refuse(error, text)
        raise
    if json:
        render.as_json(result)
    elif result is not None:
        generated.show(result, metrics=backtest)
    if save is not None:
        generated.save(found[0]["code"], save, is_told=not json)
    if result is not None:
        _check(result["strategies"][0]["verdict"], min_verdict)


def _check_usage(text: str, min_verdict: str | None, *, is_torn: bool) -> None:
    if min_verdict is not None and min_verdict not in VERDICTS:
        raise typer.BadParameter(f"one of {', '.join(VERDICTS)}", param_hint="--min-verdict")
    if is_torn:
        raise typer.BadParameter("either the compiler or the model", param_hint="--offline, --model")
    if not text.strip():
        raise typer.BadParameter('say what to trade and when: "buy BTCUSDT when RSI is below 30"', param_hint="TEXT")


def _made(
    wish: dict[str, Any], folder: Path | None, *, to_the_end: bool
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return what came of the sentence and its strategies; no result where it is still being judged, which was said then."""
    from libs.client import work  # noqa: PLC0415 - the client's library costs 90 ms
    from libs.client.verbs import generated  # noqa: PLC0415 - as above
    from libs.client.verbs.generating import follow  # noqa: PLC0415 - as above

    with client_of(folder) as client:
        given = {name: value for name, value in wish.items() if value not in (None, [], "")}
        job = client.generate(given, work.key())
        try:
            job = follow(client, job, to_the_end=to_the_end)
        except KeyboardInterrupt:
            sys.stderr.write(f"it goes on: `sentinel jobs {job['id']}` shows it, with --cancel it is stopped\n")
            raise
        except UnreachableError as error:
            error.hint = f"it goes on when the system is back: `sentinel jobs {job['id']}`"
            raise
        if job["state"] != work.RUNNING:
            result = work.result_of(client, job)
            return result, result["strategies"]
        found = [client.get(f"/strategies/{identity}") for identity in _proposed(job)]
        generated.show_pending(job, found)
        return None, found


def _proposed(job: dict[str, Any]) -> list[str]:
    return sorted({attempt["strategy_id"] for attempt in job["attempts"] if attempt["strategy_id"]})


def _refuse(error: RefusedByGatewayError, text: str) -> None:
    """Draw the phrases that were not understood under the sentence, and end; other errors are left to the caller."""
    from libs.client.verbs.phrases import draw, is_mark, is_of_text  # noqa: PLC0415 - only a refusal pays for it

    if not any(is_of_text(found) for found in error.diagnostics):
        return
    for line in draw(text, error.diagnostics):
        is_red = is_mark(line) and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        sys.stderr.write((f"{_RED}{line}{_NORMAL}" if is_red else line) + "\n")
    count = len(error.diagnostics)
    marked = "the phrase is" if count == 1 else f"the {count} phrases are"
    sys.stderr.write(f"sentinel: no strategy was made, {marked} marked above [{error.code}]\n")
    raise typer.Exit(FAILED)


def _check(verdict: str | None, wanted: str | None) -> None:
    if wanted is None:
        return
    if verdict is None or VERDICTS.index(verdict) > VERDICTS.index(wanted):
        raise BelowVerdictError(f"the verdict is {verdict or 'missing'}, {wanted} was asked for")
