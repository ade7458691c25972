"""The `sentinel` command: which verbs there are, and what their errors become.

Decides exit codes: 0 ok, 1 failed, 2 usage, 3 verdict below --min-verdict, 4 not reachable. Everything heavy is imported inside
the verbs, so that `--help` takes under 200 ms.
"""

import sys
from collections.abc import Callable

import typer

from libs.client import render
from libs.client.errors import exit_code_of
from libs.client.verbs import (
    alerts,
    check,
    dead,
    doctor,
    generate,
    jobs,
    knowledge,
    market,
    models,
    replay,
    report,
    screen,
    strategies,
    system,
    trading,
)
from libs.common.errors import SentinelError

INTERRUPTED = 130

_VERBS: tuple[Callable[..., None], ...] = (
    system.up,
    system.down,
    system.status,
    generate.generate,
    knowledge.ask,
    knowledge.index,
    check.check,
    strategies.submit,
    strategies.strategies,
    strategies.backtest,
    report.report,
    report.view_trades,
    report.inspect,
    screen.screen,
    jobs.jobs,
    models.train,
    models.models,
    strategies.promote,
    strategies.retire,
    trading.trades,
    trading.portfolio,
    trading.agents,
    alerts.alerts,
    trading.decisions,
    trading.why,
    trading.kill,
    trading.resume,
    replay.replay,
    doctor.doctor,
)


def build() -> typer.Typer:
    """Return the command with all its verbs."""
    app = typer.Typer(
        help="Describe a trading idea, prove it on history, trade it on paper, and be able to say why.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
    )
    for verb in _VERBS:
        app.command()(verb)
    app.command("test", context_settings={"ignore_unknown_options": True})(system.run_tests)
    ingest = typer.Typer(help="Market data.", no_args_is_help=True)
    ingest.command("import")(market.import_)
    ingest.command("fundamentals")(market.fundamentals)
    ingest.command("universe")(market.universe)
    ingest.command("universes")(market.universes)
    ingest.command("watch")(market.watch)
    ingest.command("unwatch")(market.unwatch)
    app.add_typer(ingest, name="ingest")
    graves = typer.Typer(help="Messages that no service could handle.", no_args_is_help=True)
    for name, act in (("list", dead.list_), ("show", dead.show), ("retry", dead.retry)):
        graves.command(name)(act)
    app.add_typer(graves, name="dead")
    return app


def main() -> None:
    """Run the command line and end the process with the exit code."""
    try:
        build()(prog_name="sentinel")
    except SentinelError as error:
        render.problem(error)
        sys.exit(exit_code_of(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
