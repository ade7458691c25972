"""replay: play stored bars through a private copy of the whole system, and compare it with the backtest."""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.client import render
from libs.client.definitions import Definition, read_definition
from libs.client.places import ROOT, data_dir
from libs.client.verbs.options import DataDir, Json, moment
from libs.client.verbs.progress import bar

if TYPE_CHECKING:
    from libs.client.rerun import Outcome, Window

SHOWN = 10
EXAMPLE = ROOT / "examples" / "strategies" / "rsi_ema.json"


def replay(
    start: Annotated[str, typer.Option("--start", help="First bar's open time, such as 2022-01-01 (UTC).")],
    end: Annotated[str, typer.Option("--end", help="Time before which the last bar opens.")],
    symbols: Annotated[str, typer.Option(help="Stored symbols, separated by commas.")],
    timeframe: Annotated[str, typer.Option(help="Bar length: 1m 5m 15m 1h 4h 1d.")] = "1h",
    strategy: Annotated[list[Path] | None, typer.Option(help="Strategy file; may be given more than once.")] = None,
    parity: Annotated[
        bool, typer.Option("--parity", help="No limits but the backtest's; exit 1 on a difference.")
    ] = False,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Replay bars through the real bus and services, in a directory of its own that is removed afterwards."""
    import asyncio  # noqa: PLC0415 - 27 ms that --help must not pay

    from libs.client.rerun import Window  # noqa: PLC0415 - starts the bus library, which --help must not pay

    first, last = (datetime.fromisoformat(moment(text, name) or "") for text, name in ((start, "start"), (end, "end")))
    names = tuple(sorted({name.strip() for name in symbols.split(",") if name.strip()}))
    definitions = [read_definition(path) for path in strategy or [EXAMPLE]]
    window = Window(names, timeframe, first, last)
    outcomes = asyncio.run(_run(data_dir(folder) / "catalog", window, definitions, parity=parity))
    body = [_body(outcome) for outcome in outcomes]
    if json:
        render.as_json({"items": body})
    else:
        _show(body)
    if parity and any(one["differences"] for one in body):
        raise typer.Exit(1)


async def _run(catalog: Path, window: "Window", definitions: Sequence[Definition], *, parity: bool) -> "list[Outcome]":
    from deploy.local import System  # noqa: PLC0415 - as above
    from libs.client.rerun import PARITY_ENV, Rerun, copy_bars  # noqa: PLC0415 - as above
    from libs.common.values import parse_timeframe  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="sentinel-replay-") as place:
        copy_bars(catalog, Path(place) / "catalog", window)
        env = {"SENTINEL_FEED": "files", "SENTINEL_LOG_LEVEL": "INFO"} | (PARITY_ENV if parity else {})
        system = System(Path(place), env=env, ports="free")
        await system.start()
        try:
            await system.wait_ready()
            rerun = Rerun(system, window)
            lines = await rerun.prepare(definitions)
            with bar("replaying", (window.end - window.start) // parse_timeframe(window.timeframe).length) as progress:
                await rerun.play([line.account for line in lines], progress)
            return await rerun.compare(lines)
        finally:
            await system.stop()


def _body(outcome: "Outcome") -> dict[str, Any]:
    line, certificate = outcome.line, outcome.certificate
    found = [vars(difference) for difference in certificate.differences]
    counts = {"bars": certificate.bars, "signals": certificate.signals, "fills": certificate.fills}
    return {
        "symbol": line.symbol,
        "strategy_id": line.strategy_id,
        "account": line.account,
        **counts,
        "differences": found,
    }


def _show(body: list[dict[str, Any]]) -> None:
    columns = ("symbol", "strategy_id", "bars", "signals", "fills")
    rows = [[*(one[name] for name in columns), len(one["differences"])] for one in body]
    render.table((*columns, "differences"), rows)
    for one in body:
        for difference in one["differences"][:SHOWN]:
            told = f"backtest {difference['expected']}, replay {difference['found']}"
            render.line(f"{one['symbol']} {difference['what']} {difference['at']}: {told}")
