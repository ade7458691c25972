"""The metrics and the evidence: what was measured, what it means, and what was found out about luck and leaks."""

from collections.abc import Mapping
from typing import Any

from libs.report import figures
from libs.report.evidence import Finding, findings
from libs.report.markup import Markup, tag
from libs.report.reading import Report
from libs.report.shapes import trees
from libs.report.words import BY_NAME, GROUPS, Metric

_STATES = {
    "pass": ("✓", "passed", "good"),
    "fail": ("✗", "failed", "bad"),
    "warn": ("!", "doubtful", "warn"),
    "note": ("", "for your judgement", "note"),
}


def metrics(report: Report) -> Markup:
    """Return every metric with its meaning; one that is undefined says why."""
    known = report.metrics
    again = {name for name in known if name.startswith("btc_") and _is_repeated(name, known)}
    groups = [
        (title, [one for one in listed if one.name in known and one.name not in again]) for title, listed in GROUPS
    ]
    others = [Metric(name, name, _plain, "") for name in sorted(known) if name not in BY_NAME]
    shown = [(title, listed) for title, listed in [*groups, ("Other", others)] if listed]
    tables = [_group(title, listed, known, report.undefined) for title, listed in shown]
    return tag(
        "section", tag("h2", "Metrics", id="metrics"), tag("div", *tables, class_="columns"), aria_labelledby="metrics"
    )


def evidence(report: Report) -> Markup | None:
    """Return what is known about luck and leaks, and what it opens; None where nothing was examined."""
    found, ladder = findings(report.evidence), _gate(report)
    if not found and ladder is None:
        return None
    if report.evidence.get("level") == "none":
        left_out = tag("p", "The checks for luck and leaks were left out of this run.", class_="intro")
        return tag("section", tag("h2", "Evidence", id="evidence"), left_out, ladder, aria_labelledby="evidence")
    intro = (
        "A backtest tells what a strategy would have earned. It lies if the strategy knew prices it could not have known, or if it is "
        "the best of many that were tried."
    )
    return tag(
        "section",
        tag("h2", "Evidence", id="evidence"),
        tag("p", intro, class_="intro") if found else None,
        ladder,
        tag("div", *(_finding(one) for one in found), class_="findings"),
        aria_labelledby="evidence",
    )


def _is_repeated(name: str, values: Mapping[str, Any]) -> bool:
    """On Bitcoin alone, comparing with Bitcoin says what comparing with buy and hold said."""
    bare = name.removeprefix("btc_")
    return values[name] is not None and values[name] == values.get("benchmark_return" if bare == "return" else bare)


def _plain(value: object) -> str:
    return figures.number(value, 4)


def _group(title: str, listed: list[Metric], values: Mapping[str, Any], reasons: Mapping[str, Any]) -> Markup:
    rows = []
    for metric in listed:
        value = values.get(metric.name)
        reason = reasons.get(metric.name) if value is None else None
        shown = (
            tag("td", "undefined", tag("small", str(reason)), class_="number undefined")
            if reason
            else tag("td", metric.spell(value), class_="number")
        )
        meaning = tag("small", metric.meaning) if metric.meaning else None
        rows.append(tag("tr", tag("th", metric.title, meaning, scope="row"), shown))
    return tag("table", tag("caption", title), tag("tbody", *rows), class_="metrics")


def _finding(one: Finding) -> Markup:
    sign, words, look = _STATES[one.state]
    mark = [tag("span", sign, aria_hidden="true"), " "] if sign else []
    state = tag("span", mark, words, class_=f"pill small {look}")
    facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in one.facts]
    return tag(
        "article",
        tag("h3", one.name, " ", state),
        tag("p", one.question, class_="question"),
        tag("p", one.answer),
        tag("dl", *facts, class_="facts") if facts else None,
        _rows(one) if one.rows else None,
        class_="finding",
    )


def _rows(one: Finding) -> Markup:
    head, *body = one.rows
    heads = [tag("th", text, scope="col", class_="number" if place else None) for place, text in enumerate(head)]
    lines = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", text, class_="number") for text in rest))
        for first, *rest in body
    ]
    return tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *lines)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=one.name,
    )


def _gate(report: Report) -> Markup | None:
    opened, reasons = report.verdict.get("gate"), trees(report.verdict.get("reasons"))
    if not isinstance(opened, list | tuple):
        return None
    stages = ("alert", "paper", "live")
    steps = [_stage(stage, stage in opened, [one for one in reasons if one.get("stage") == stage]) for stage in stages]
    return tag("ol", *steps, class_="gate", aria_label="What this strategy may do")


def _stage(stage: str, is_open: bool, reasons: list[Mapping[str, Any]]) -> Markup:
    words = {
        "alert": "may raise alerts",
        "paper": "may trade on paper",
        "live": "may trade live, once a person confirms",
    }
    told = "open" if is_open else "closed"
    lines = []
    for one in reasons:
        met = one.get("met") is True
        sign = tag("span", "✓" if met else "✗", class_="good" if met else "bad", aria_hidden="true")
        said = str(one.get("words", "")).removeprefix(f"{stage}: ")
        lines.append(tag("li", sign, " ", said, tag("span", ", met" if met else ", not met", class_="hidden")))
    state = tag("span", told, class_=f"pill small {'good' if is_open else 'bad'}")
    return tag(
        "li", tag("h3", stage, " ", state), tag("p", words[stage], class_="quiet"), tag("ul", *lines) if lines else None
    )
