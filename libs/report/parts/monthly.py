"""The heat map: what each month made, beside buy and hold, as a table whose cells are tinted by size."""

from libs.report import figures
from libs.report.markup import Markup, tag
from libs.report.months import Month, compounded, months
from libs.report.payload import initial_of
from libs.report.reading import Report

NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LEVELS = 5

_FEW = 4
"""Months that fit on a phone beside the year."""


def monthly(report: Report) -> Markup:
    """Return the section with a row per year and a column per month that the window touches."""
    curve = report.curve
    found = months(curve.times, curve.equity, curve.buy_and_hold, initial_of(report))
    largest = max((abs(one.gain) for one in found if one.gain is not None), default=0.0)
    years = sorted({one.year for one in found})
    columns = sorted({one.month for one in found})
    heads = [tag("th", name, scope="col") for name in (*(NAMES[month - 1] for month in columns), "Year")]
    rows = [_year([one for one in found if one.year == year], columns, largest) for year in years]
    note = "Small figures are buy and hold. The first and the last month may be cut short by the window."
    if curve.every_bars > 1:
        note += f" The curve keeps every {curve.every_bars}th bar, so a month may end a few bars early."
    table = tag(
        "table",
        tag("thead", tag("tr", tag("td"), *heads)),
        tag("tbody", *rows),
        class_="months" if len(columns) > _FEW else "months few",
    )
    region = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Return of each month")
    return tag(
        "section", tag("h2", "Months", id="months"), region, tag("p", note, class_="quiet"), aria_labelledby="months"
    )


def _year(found: list[Month], columns: list[int], largest: float) -> Markup:
    by_month = {one.month: one for one in found}
    cells = [_cell(by_month.get(month), largest) for month in columns]
    gain, held = compounded([one.gain for one in found]), compounded([one.held for one in found])
    total = tag("td", _shown(gain), tag("small", _shown(held)), class_="total")
    return tag("tr", tag("th", str(found[0].year), scope="row"), *cells, total)


def _cell(month: Month | None, largest: float) -> Markup:
    if month is None:
        return tag("td")
    return tag("td", _shown(month.gain), tag("small", _shown(month.held)), class_=level(month.gain, largest))


def level(gain: float | None, largest: float) -> str | None:
    """Return the tint of a gain: `u1` to `u5` or `d1` to `d5` by its share of the largest, None for nothing."""
    if not gain or not largest:
        return None
    return f"{'u' if gain > 0 else 'd'}{max(1, round(abs(gain) / largest * LEVELS))}"


def _shown(value: float | None) -> str:
    return figures.percent(value, 1, signed=True)
