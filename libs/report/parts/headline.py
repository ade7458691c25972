"""The top of the page: what ran, the verdict with its deciding rule, the figures that matter, and every value beside its limit."""

from collections.abc import Mapping
from typing import Any

from libs.report import figures
from libs.report.evidence import LOOK_AHEAD, findings
from libs.report.figures import known
from libs.report.markup import Child, Markup, tag
from libs.report.reading import Report
from libs.report.shapes import listed, trees
from libs.report.words import BY_NAME

WORTH = {"excellent": "good", "good": "good", "average": "warn", "poor": "bad", "reject": "bad"}
_MARKS = {"good": "▲", "warn": "◆", "bad": "▼"}
_HOW = (
    "✓ marks a condition that holds; the first rule from the left whose conditions hold decides. Where a rule has two limits for the "
    "win rate, the higher one is enough, and the lower one counts together with the average trade."
)
_TILES = (
    ("max_drawdown", "longest_drawdown_bars", "longest {} bars"),
    ("sharpe", "sortino", "Sortino {}"),
    ("win_rate", "closed_trades", "{} closed trades"),
    ("average_trade", "median_trade", "median {}"),
    ("profit_factor", "payoff_ratio", "payoff {}"),
    ("exposure", "fees_paid", "fees {}"),
)


def banners(report: Report) -> list[Markup]:
    """Return what must be known before anything else is read."""
    said = []
    if report.metadata.get("simulated") is not False:
        words = " Prices are generated or replayed, wholly or in part. No figure on this page is a market result."
        said.append(tag("p", tag("strong", "SIMULATED"), words, class_="banner"))
    if any(one.name == LOOK_AHEAD and one.state == "fail" for one in findings(report.evidence)):
        words = " The strategy did not say the same when later bars were hidden. No figure on this page can be trusted until it does."
        said.append(tag("p", tag("strong", "LOOK-AHEAD"), words, class_="banner"))
    if report.metadata.get("sandbox") == "off":
        words = " The strategy's code ran uncontained and could do whatever the service can do."
        said.append(tag("p", tag("strong", "SANDBOX OFF"), words, class_="banner"))
    return said


def headline(report: Report) -> Markup:
    """Return the header: name, what it ran on, verdict."""
    metadata, verdict = report.metadata, report.verdict
    worth = WORTH.get(str(verdict.get("verdict")), "bad")
    pill = tag(
        "span", tag("span", _MARKS[worth], aria_hidden="true"), f" {verdict.get('verdict')}", class_=f"pill {worth}"
    )
    return tag(
        "header",
        tag("p", "Backtest report", class_="kicker"),
        tag("h1", str(metadata.get("name") or metadata.get("backtest_id") or "Backtest")),
        tag("p", _ran(report), class_="ran"),
        tag(
            "div",
            tag("p", tag("span", "Verdict ", class_="hidden"), pill),
            tag("p", rule(verdict), _opens(verdict), class_="rule"),
            class_="verdict",
        ),
    )


def tiles(report: Report) -> Markup:
    """Return the figures that matter as a list of names and values."""
    metrics = report.metrics
    total, held = metrics.get("total_return"), metrics.get("benchmark_return")
    first = _tile(
        "Total return",
        figures.percent(total, signed=True),
        f"buy and hold {figures.percent(held, signed=True)}",
        tone(total),
    )
    return tag("dl", first, *(_metric_tile(metrics, *one) for one in _TILES), class_="tiles")


def limits(report: Report) -> Markup | None:
    """Return the table of every value beside its limits, a column for each rule; None where the report has no checks."""
    checks = trees(report.verdict.get("checks"))
    if not checks:
        return None
    rules = list(dict.fromkeys(str(one.get("rule")) for one in checks))
    names = list(dict.fromkeys(str(one.get("name")) for one in checks))
    deciding = str(report.verdict.get("verdict"))
    heads = [tag("th", rule, scope="col", class_="deciding" if rule == deciding else None) for rule in rules]
    rows = [
        _limit_row(name, rules, deciding, [one for one in checks if str(one.get("name")) == name]) for name in names
    ]
    head = tag("tr", tag("td"), tag("th", "this run", scope="col", class_="number"), *heads)
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="limits")
    region = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Every value beside its limit")
    return tag("div", region, tag("p", _HOW, class_="quiet"), class_="limits-sheet")


def tone(value: object) -> str:
    """Return the class of a gain or a loss."""
    found = known(value)
    return "" if not found else "up" if found > 0 else "down"


def _ran(report: Report) -> str:
    metadata, symbols = report.metadata, [str(one) for one in listed(report.metadata.get("symbols"))]
    shown = ", ".join(symbols[:4]) + (f" and {len(symbols) - 4} more" if len(symbols) > 4 else "")
    window = f"{figures.written(metadata.get('window_start'))} to {figures.written(metadata.get('window_end'))}"
    return f"{shown} · {metadata.get('timeframe')} bars · {window} · {figures.count(metadata.get('bars'))} bars"


def rule(verdict: Mapping[str, Any]) -> str:
    """Return the deciding rule without the verdict it begins with."""
    said = str(verdict.get("deciding_rule") or "")
    name = f"{verdict.get('verdict')}: "
    return said.removeprefix(name)


def _opens(verdict: Mapping[str, Any]) -> Markup | None:
    opened = verdict.get("gate")
    if not isinstance(opened, list | tuple):
        return None
    words = (
        f"Opens the stages {', '.join(map(str, opened))}."
        if opened
        else "Opens no stage: it may not even raise alerts."
    )
    return tag("span", words, class_="quiet")


def _metric_tile(metrics: Mapping[str, Any], name: str, beside: str, words: str) -> Markup:
    metric = BY_NAME[name]
    signed = tone(metrics.get(name)) if name == "average_trade" else ""
    return _tile(
        metric.title, metric.spell(metrics.get(name)), words.format(BY_NAME[beside].spell(metrics.get(beside))), signed
    )


def _tile(title: str, value: str, note: str, style: str) -> Markup:
    return tag(
        "div", tag("dt", title), tag("dd", value, class_=f"figure {style}".strip()), tag("dd", note, class_="note")
    )


def _limit_row(name: str, rules: list[str], deciding: str, checks: list[Mapping[str, Any]]) -> Markup:
    spell = _spell_of(name)
    cells = []
    for rule in rules:
        conditions: list[Child] = []
        for check in [one for one in checks if str(one.get("rule")) == rule]:
            met = check.get("met") is True
            words = f"{_relation(check.get('relation'))} {spell(check.get('limit'))} "
            sign = tag("span", "✓" if met else "✗", aria_hidden="true")
            conditions.append(
                tag(
                    "span",
                    words,
                    sign,
                    tag("span", "holds" if met else "does not hold", class_="hidden"),
                    class_="met" if met else "unmet",
                )
            )
        cells.append(tag("td", conditions, class_="deciding" if rule == deciding else None))
    return tag("tr", tag("th", name, scope="row"), tag("td", spell(checks[0].get("value")), class_="number"), *cells)


def _spell_of(name: str) -> Any:
    return figures.count if name == "closed trades" else lambda value: figures.percent(value, _decimals(value))


def _decimals(value: object) -> int:
    found = known(value)
    return 0 if found is not None and abs(found * 100 - round(found * 100)) < 1e-9 else 2


def _relation(text: object) -> str:
    return {">=": "≥", "<=": "≤"}.get(str(text), str(text))
