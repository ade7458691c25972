"""train, models: a classifier trained on stored bars, and those there are."""

from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.definitions import parameters_of
from libs.client.verbs.options import DataDir, Json, Limit, client_of, moment

_COLUMNS = ("id", "name", "estimator", "symbols", "timeframe", "accuracy", "always_up", "at")
_SCORES = ("accuracy", "balanced_accuracy", "log_loss", "brier")


def train(
    symbol: Annotated[list[str], typer.Option("--symbol", help="Learn from its bars; may be repeated.")],
    timeframe: Annotated[str, typer.Option(help="Length of a bar.")] = "1h",
    estimator: Annotated[str, typer.Option(help="A scikit-learn classifier.")] = "RandomForestClassifier",
    option: Annotated[list[str], typer.Option("--option", help="One of its options, name=value.")] = [],  # noqa: B006 - typer copies defaults
    label: Annotated[str, typer.Option(help="next_bar or triple_barrier.")] = "next_bar",
    horizon: Annotated[int | None, typer.Option(help="Bars of a triple barrier.")] = None,
    take_profit: Annotated[float | None, typer.Option(help="Its target, a fraction.")] = None,
    stop_loss: Annotated[float | None, typer.Option(help="Its stop, a fraction.")] = None,
    calibration: Annotated[str, typer.Option(help="sigmoid, isotonic or none.")] = "sigmoid",
    buy_above: Annotated[float, typer.Option(help="Buy above this probability.")] = 0.55,
    sell_below: Annotated[float, typer.Option(help="Sell below this probability.")] = 0.45,
    start: Annotated[str | None, typer.Option(help="First day; default two years before the end.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day; default all bars not kept back.")] = None,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Train a model on stored bars; it becomes a strategy that is judged like any other."""
    from libs.client.verbs.waiting import result_of  # noqa: PLC0415 - the client's library costs 90 ms

    wish: dict[str, Any] = {
        "symbols": symbol,
        "timeframe": timeframe,
        "estimator": estimator,
        "options": parameters_of(option, "--option"),
        "label": label,
        "horizon": horizon,
        "take_profit": take_profit,
        "stop_loss": stop_loss,
        "calibration": calibration,
        "buy_above": buy_above,
        "sell_below": sell_below,
        "start": moment(start, "start"),
        "end": moment(end, "end"),
        "name": name or None,
    }
    with client_of(folder) as client:
        card = result_of(client, "/models/train", wish, "TrainModel", f"training {estimator}", folder)
    render.as_json(card) if json else _show(card)


def models(
    model_id: Annotated[str | None, typer.Argument(help="Show the card of this one.")] = None,
    limit: Limit = 20,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """List the models that were trained, or show the card of one."""
    with client_of(folder) as client:
        if model_id is not None:
            found = client.get(f"/models/{model_id}")
            render.as_json(found) if json else _show(found["card"])
            return
        items = list(client.items("/models", limit))
    if json:
        render.as_json({"items": items})
        return
    rows = [[_cell(item, column) for column in _COLUMNS] for item in items]
    render.table(_COLUMNS, rows, "models")


def _show(card: dict[str, Any]) -> None:
    scores = card["scores"]
    forward = scores["walk_forward"]
    rows = [["bars not seen", *_row(scores["split"])], ["always up", *_row(scores["always_up"])]]
    rows += [[f"fold {number}", *_row(fold)] for number, fold in enumerate(forward, 1)]
    render.table(("scores", *_SCORES), rows, f"{card['estimator']} on {', '.join(card['symbols'])} {card['timeframe']}")
    render.line(f"model {card['model_id']}")
    render.line(f"learnt from {card['learnt_rows']} bars until {card['learnt_until']}, silent until then")
    spread = card["chances_unseen"]
    render.line(
        f"probabilities on bars not seen: {spread['p01']:.3f} to {spread['p99']:.3f}, median {spread['p50']:.3f}"
    )


def _row(scores: dict[str, Any]) -> list[Any]:
    return [None if scores[name] is None else f"{scores[name]:.4f}" for name in _SCORES]


def _cell(item: dict[str, Any], column: str) -> Any:
    if column == "accuracy":
        return f"{item['split']['accuracy']:.4f}"
    if column == "always_up":
        return f"{item['always_up']['accuracy']:.4f}"
    if column == "symbols":
        return ", ".join(item["symbols"])
    return item[column]
