"""A report as one HTML page that opens anywhere: no server, no network, the same bytes for the same report.

Its own policy forbids every request and every script but its own, by hash; whatever a report says is shown as text.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from libs.report.markup import Markup, clean, inside, tag
from libs.report.parts.charts import charts
from libs.report.parts.headline import banners, headline, limits, tiles
from libs.report.parts.monthly import monthly
from libs.report.parts.setup import setup, strategy
from libs.report.parts.tables import evidence, metrics
from libs.report.parts.trades import trades
from libs.report.payload import embedded, payload
from libs.report.reading import Report, read

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("base.js", "axis.js", "panel.js", "price.js", "curves.js", "trades.js", "start.js")
_LINKS = ("charts", "months", "trades", "metrics", "evidence", "setup", "code")


def page(report: Mapping[str, Any]) -> bytes:
    """Return the page of a report, UTF-8.

    report: the report's JSON as a tree; evidence, bars and gate may be absent, and so are their sections then. Raises BadReportError for
    what is no report, OSError when the installation is damaged.
    """
    parts = read(report)
    style, script = _asset("report.css"), _script()
    body = inside(
        [
            *banners(parts),
            tag("div", headline(parts), tiles(parts), limits(parts), class_="sheet top"),
            tag("main", *_sections(parts), class_="sheet"),
            tag(
                "footer",
                tag("p", "Made by Sentinel from one report. This page makes no request to any other place."),
                class_="sheet",
            ),
        ]
    )
    data = f'<script type="application/json" id="data">{embedded(payload(parts))}</script>'
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n',
            tag(
                "title",
                f"{clean(parts.metadata.get('name') or 'Backtest')}: {clean(parts.verdict.get('verdict'))} · Sentinel",
            ),
            f'\n<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n',
            f"{body}\n{data}\n<script>{script}</script>\n</body>\n</html>\n",
        )
    ).encode()


def _sections(report: Report) -> list[Markup]:
    made = (charts, monthly, trades, metrics, evidence, setup, strategy)
    sections = {name: section for name, make in zip(_LINKS, made, strict=True) if (section := make(report)) is not None}
    titles = {"setup": "How it was run"}
    links = [tag("a", titles.get(name, name.capitalize()), href=f"#{name}") for name in sections]
    return [tag("nav", *links, aria_label="Sections"), *sections.values()]


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; base-uri 'none'; form-action 'none'"


def _script() -> str:
    return '"use strict";\n(() => {\n' + "\n".join(_asset(name) for name in _SCRIPTS) + "})();\n"


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
