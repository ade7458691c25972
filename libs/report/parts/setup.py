"""How the run was made, so that it can be made again: hashes, parameters, costs, data; and the strategy itself, with line numbers."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from libs.report import figures
from libs.report.figures import known, written
from libs.report.markup import Markup, tag
from libs.report.reading import Report
from libs.report.shapes import listed, tree

_LINE_ENDS = re.compile("\r\n|\r|\n")
_HASHES = (("code_hash", "Code"), ("data_hash", "Data"), ("signal_hash", "Signals"))
_COSTS: dict[str, tuple[str, Callable[[object], str]]] = {
    "initial_capital": ("Initial capital", figures.number),
    "fraction": ("Share of equity per entry", figures.percent),
    "fee": ("Fee per side", lambda value: figures.percent(value, 3)),
    "slippage": ("Slippage per side", lambda value: figures.percent(value, 3)),
    "stop_loss": ("Stop loss", figures.percent),
    "take_profit": ("Take profit", figures.percent),
    "trailing_stop": ("Trailing stop", figures.percent),
    "volume_cap": ("Largest share of a bar's volume", figures.percent),
    "lot": ("Lot step", figures.price),
}
_OFF_AT_ZERO = ("stop_loss", "take_profit", "trailing_stop", "volume_cap")


def setup(report: Report) -> Markup:
    """Return what the run was made of and with."""
    metadata = report.metadata
    groups = [
        _group("Identity", _identity(metadata)),
        _group(
            "Parameters", [(name, _value(value)) for name, value in sorted(tree(metadata.get("parameters")).items())]
        ),
        _group("Costs and sizing", _costs(tree(metadata.get("costs")))),
        _group("Data", _data(report)),
    ]
    return tag(
        "section",
        tag("h2", "How it was run", id="setup"),
        tag("div", *groups, class_="columns two"),
        aria_labelledby="setup",
    )


def strategy(report: Report) -> Markup | None:
    """Return the code or the rules, numbered by line, and what running it brought up; None where the report has neither."""
    code, rules = report.metadata.get("code"), report.metadata.get("rules")
    if not code and not rules:
        return None
    text = str(code) if code else json.dumps(rules, indent=2, ensure_ascii=False, sort_keys=True)
    lines = [tag("span", line + "\n", class_="line") for line in _LINE_ENDS.split(text.rstrip())]
    listing = tag("pre", tag("code", *lines), class_="code", tabindex="0", role="region", aria_label="Strategy")
    return tag(
        "section", tag("h2", "Code" if code else "Rules", id="code"), listing, *_said(report), aria_labelledby="code"
    )


def _identity(metadata: Mapping[str, Any]) -> list[tuple[str, Any]]:
    named = [
        ("Backtest", metadata.get("backtest_id")),
        ("Strategy", metadata.get("strategy_id")),
        ("Kind", metadata.get("kind")),
    ]
    hashes = [
        (f"{title} hash", tag("code", str(metadata[key]), class_="hash")) for key, title in _HASHES if metadata.get(key)
    ]
    more = [
        ("Signal mode", metadata.get("signal_mode")),
        ("Purse", _purse(tree(metadata.get("purse")))),
        ("Engine version", metadata.get("engine_version")),
        ("Seed", metadata.get("seed")),
    ]
    return [(name, value) for name, value in [*named, *hashes, *more] if value is not None]


def _purse(purse: Mapping[str, Any]) -> str | None:
    if not purse:
        return None
    places, bars = figures.count(purse.get("max_positions")), figures.count(purse.get("horizon"))
    return f"one for all symbols, at most {places} positions of equal weight, each held {bars} bars"


def _costs(costs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    told: list[tuple[str, Any]] = []
    for name, (title, spell) in _COSTS.items():
        if name in costs:
            is_off = name in _OFF_AT_ZERO and known(costs[name]) == 0
            told.append((title, "off" if is_off else spell(costs[name])))
    return told + [(name, _value(value)) for name, value in sorted(costs.items()) if name not in _COSTS]


def _data(report: Report) -> list[tuple[str, Any]]:
    metadata = report.metadata
    sources = sorted({str(one) for one in tree(metadata.get("sources")).values()})
    absent = listed(metadata.get("symbols_without_bars"))
    told: list[tuple[str, Any]] = [
        ("Symbols", ", ".join(str(one) for one in listed(metadata.get("symbols")))),
        ("Bar length", metadata.get("timeframe")),
        ("First bar opens (UTC)", written(metadata.get("window_start"))),
        ("Last bar closes (UTC)", written(metadata.get("window_end"))),
        ("Source", ", ".join(sources)),
        ("Market", metadata.get("market")),
        ("Bars per year", figures.count(metadata.get("periods_per_year"))),
        ("Symbols without bars", ", ".join(map(str, absent))),
        ("Sandbox", metadata.get("sandbox")),
    ]
    pending = [f"{symbol}: {one['pending']}" for symbol, one in sorted(report.end.items()) if tree(one).get("pending")]
    ruined = [
        f"{symbol} on {figures.moment(one['ruined_at'])}"
        for symbol, one in sorted(report.end.items())
        if tree(one).get("ruined_at")
    ]
    told += [("Signals waiting at the end", ", ".join(pending)), ("Ruined", ", ".join(ruined))]
    return [(name, str(value)) for name, value in told if value]


def _said(report: Report) -> list[Markup]:
    code = report.code
    said = [tag("p", str(one), class_="warning") for one in listed(code.get("warnings"))]
    faults = tree(code.get("faults"))
    if faults:
        rows = [
            tag("tr", tag("th", symbol, scope="row"), tag("td", _fault(tree(one))))
            for symbol, one in sorted(faults.items())
        ]
        said.append(
            tag("table", tag("caption", "Symbols on which the code failed"), tag("tbody", *rows), class_="metrics")
        )
    if code.get("printed"):
        said += [tag("h3", "What it printed"), tag("pre", str(code["printed"]), class_="code printed")]
    return said


def _fault(fault: Mapping[str, Any]) -> str:
    line = f"line {fault['line']}: " if fault.get("line") else ""
    return f"{line}{fault.get('message')}"


def _group(title: str, pairs: list[tuple[str, Any]]) -> Markup | None:
    if not pairs:
        return None
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", value if isinstance(value, str) else str(value)))
        for name, value in pairs
    ]
    return tag("table", tag("caption", title), tag("tbody", *rows), class_="metrics setup")


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
