"""The charts: figures the script draws into, and a plain drawing of equity for readers whose program runs no script."""

from collections.abc import Sequence

from libs.report import figures
from libs.report.markup import Markup, tag
from libs.report.payload import MAX_CANDLES, initial_of
from libs.report.reading import Report
from libs.report.thin import kept

_WIDTH, _HEIGHT = 1_000, 240
_PLAIN_POINTS = 600


def charts(report: Report) -> Markup:
    """Return the charts section: price with trades (where the report has bars), equity beside buy and hold, drawdown."""
    drawn = []
    if report.bars:
        drawn.append(_figure("price", "Price with entries and exits", _price_words(report)))
    drawn.append(_figure("equity", "Equity and buy and hold", _equity_words(report)))
    drawn.append(
        _figure(
            "drawdown",
            "Drawdown",
            f"The deepest fall from a peak is {figures.percent(report.metrics.get('max_drawdown'))}.",
        )
    )
    return tag(
        "section",
        tag("h2", "Charts", id="charts"),
        tag("div", _tools(report), class_="tools needs-script", role="toolbar", aria_label="Charts"),
        tag(
            "noscript",
            tag("p", "The interactive charts need scripts; this is the equity curve.", class_="quiet"),
            plain(report),
        ),
        tag("div", *drawn, class_="needs-script"),
        tag("p", _help(report), class_="quiet needs-script"),
        tag("p", id="spoken", class_="hidden", role="status"),
        aria_labelledby="charts",
    )


def plain(report: Report) -> Markup:
    """Return equity beside buy and hold as a picture of its own, without script or style."""
    curve = report.curve
    places = kept((curve.equity, curve.buy_and_hold), _PLAIN_POINTS)
    lines: list[list[float | None]] = [
        [curve.buy_and_hold[place] for place in places],
        [curve.equity[place] for place in places],
    ]
    values = [value for line in lines for value in line if value is not None]
    low, high = min(values), max(values)
    paths = [_path(line, low, high) for line in lines]
    return tag(
        "svg",
        tag("path", d=paths[0], fill="none", stroke="#6b7280", stroke_dasharray="6 4"),
        tag("path", d=paths[1], fill="none", stroke="#6a3fb5", stroke_width="2"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=_equity_words(report),
        class_="plain",
    )


def _path(line: Sequence[float | None], low: float, high: float) -> str:
    span, last = (high - low) or 1.0, max(1, len(line) - 1)
    spots = [
        f"{place / last * _WIDTH:.1f} {_HEIGHT - 4 - (value - low) / span * (_HEIGHT - 8):.1f}"
        for place, value in enumerate(line)
        if value is not None
    ]
    return "M" + "L".join(spots) if spots else ""


def _figure(name: str, title: str, words: str) -> Markup:
    keys = (
        "Arrow keys move along the bars, plus and minus zoom, 0 shows the whole run, brackets go from trade to trade."
    )
    return tag(
        "figure",
        tag("figcaption", tag("span", title, class_="title"), tag("span", class_="readout", id=f"{name}-readout")),
        tag("canvas", id=name, tabindex="0", role="img", aria_label=f"{title}. {words} {keys}"),
        class_=f"chart {name}",
    )


def _tools(report: Report) -> list[Markup]:
    symbols = sorted(report.bars)
    choices = [tag("option", symbol) for symbol in symbols]
    chooser = (
        tag("label", "Symbol ", tag("select", *choices, id="symbol"), class_="field") if len(symbols) > 1 else None
    )
    buttons = (
        ("all", "Whole run", "Show the whole run"),
        ("out", "−", "Zoom out"),
        ("in", "+", "Zoom in"),
        ("earlier", "◀", "Earlier"),
        ("later", "▶", "Later"),
        ("previous", "◁ trade", "Previous trade"),
        ("next", "trade ▷", "Next trade"),
    )
    made = [
        tag("button", text, type="button", data_act=act, aria_label=words, title=words) for act, text, words in buttons
    ]
    log = tag("label", tag("input", type="checkbox", id="log"), " logarithmic", class_="field")
    return [*([chooser] if chooser else []), *made, log, tag("span", id="range", class_="quiet")]


def _price_words(report: Report) -> str:
    count = len(report.trades)
    return (
        f"Candles of {len(report.bars)} symbols."
        if not count
        else f"Candles with the entries and exits of {count} trades; the table below lists each."
    )


def _equity_words(report: Report) -> str:
    metrics = report.metrics
    return (
        f"From {figures.number(initial_of(report))} to {figures.number(report.curve.equity[-1])}: "
        f"{figures.percent(metrics.get('total_return'), signed=True)}, buy and hold {figures.percent(metrics.get('benchmark_return'), signed=True)}."
    )


def _help(report: Report) -> str:
    merged = max((len(one.times) for one in report.bars.values()), default=0) * max(1, len(report.bars)) > MAX_CANDLES
    every = max((one.every_bars for one in report.bars.values()), default=1)
    thinned = (
        " This run is long: a candle stands for several bars at the closest zoom too." if merged or every > 1 else ""
    )
    return (
        "Drag to zoom, double-click for the whole run; pinch and swipe on a touch screen. Hollow candles closed higher, filled ones lower. "
        f"▲ bought, ▼ sold short, ◆ closed.{thinned} Times are UTC."
    )
