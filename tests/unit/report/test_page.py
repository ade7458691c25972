"""The page of a report: what it says, that it says the same every time, and that a stranger's words stay words."""

import json
import re
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.report import payload
from libs.report.markup import clean, tag
from libs.report.page import page
from libs.report.reading import BadReportError
from tests.support.reports import HOSTILE, MS, hostile, report, trade


class Parsed(HTMLParser):
    """The elements of a page and its text outside scripts and styles."""

    def __init__(self, html: bytes):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside: list[str] = []
        self.feed(html.decode())

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name not in ("meta", "link", "input"):
            self.inside.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.inside.pop() == name

    def handle_data(self, text: str) -> None:
        if not {"script", "style"} & set(self.inside):
            self.words.append(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def data_of(html: bytes) -> dict[str, Any]:
    found = re.search(rb'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found
    return dict(json.loads(found[1]))


def test_page_of_equal_reports_is_byte_identical() -> None:
    assert page(report()) == page(json.loads(json.dumps(report())))


def test_page_says_verdict_rule_and_every_value_beside_its_limit() -> None:
    text = Parsed(page(report())).text
    assert "dip buyer" in text
    assert "reject 2 closed trades < 30" in text
    assert "closed trades 2 < 30 ✓ holds" in text
    assert "total return 10 % ≥ 15 % ✗ does not hold" in text


def test_page_of_90_hourly_days_is_at_most_400_kib() -> None:
    trades = [trade(n * 13) for n in range(160)]
    assert len(page(report(2_160, trades))) <= 400 * 1024


def test_page_of_a_long_run_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "MAX_POINTS", 600)
    monkeypatch.setattr(payload, "MAX_CANDLES", 500)
    data = data_of(page(report(2_500)))
    assert data["candles"]["BTCUSDT"]["every_bars"] == 5
    assert len(data["candles"]["BTCUSDT"]["close"]) == 500
    assert len(data["curve"]["places"]) == len(data["curve"]["equity"]) <= 600
    assert data["curve"]["places"][-1] == 2_499


def test_page_asks_for_nothing_and_says_so_in_its_policy() -> None:
    elements = Parsed(page(report())).elements
    policy = next(one["content"] for name, one in elements if one.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    addresses = [value for _, one in elements for key in ("src", "href") if (value := one.get(key))]
    assert all(value == "data:," or value.startswith("#") for value in addresses)
    assert not any("style" in one or any(key.startswith("on") for key in one) for _, one in elements)


def test_hostile_report_has_the_elements_of_a_tame_one_and_its_words_as_text() -> None:
    html = page(hostile())
    tame = page(hostile("tame"))
    assert [name for name, _ in Parsed(html).elements] == [name for name, _ in Parsed(tame).elements]
    assert "<script>window.broken=1</script>" in Parsed(html).text
    assert "⟨U+202E⟩" in Parsed(html).text
    assert "\u202e" not in html.decode()
    assert b"<script>window" not in html
    assert data_of(html)["trades"]["words"][0] == clean(HOSTILE)


def test_lone_surrogates_and_control_characters_are_spelled_out() -> None:
    assert "⟨U+D800⟩⟨U+0000⟩x" in page(report(name="\ud800\0x")).decode()


def test_undefined_metric_says_why() -> None:
    assert "Profit factor Sum won over sum lost. undefined no closed trade lost" in Parsed(page(report())).text


def test_simulated_prices_and_an_open_sandbox_are_told_first() -> None:
    tame = Parsed(page(report())).text
    told = Parsed(page(report(simulated=True, sandbox="off"))).text
    assert "SIMULATED" not in tame
    assert "SANDBOX OFF" not in tame
    assert told.index("SIMULATED") < told.index("SANDBOX OFF") < told.index("Backtest report")


def test_look_ahead_is_told_before_an_excellent_verdict() -> None:
    tree = report()
    asked = [{"symbol": "BTCUSDT", "look_ahead": {"passed": False, "changes": [], "unchecked": [MS], "reruns": 4}}]
    tree["evidence"] = {"asked": asked}
    text = Parsed(page(tree)).text
    assert text.index("LOOK-AHEAD") < text.index("Backtest report")
    assert "LOOK-AHEAD" not in Parsed(page(report())).text


def test_report_that_does_not_say_where_its_prices_are_from_counts_as_simulated() -> None:
    tree = report()
    del tree["metadata"]["simulated"]
    assert "SIMULATED" in Parsed(page(tree)).text


def test_heat_map_has_the_months_the_window_touches() -> None:
    html = page(report(1_000)).decode()
    heads = html[html.index('class="months few"') :].split("</thead>")[0]
    assert re.findall(r'scope="col">(\w+)', heads) == ["Jan", "Feb", "Year"]


def test_code_is_shown_line_by_line() -> None:
    html = page(report(code="def f():\r\n    return 1 < 2\n")).decode()
    assert '<span class="line">def f():\n</span><span class="line">    return 1 &lt; 2\n</span></code>' in html


def test_sections_a_report_does_not_have_are_absent() -> None:
    tree = report(rules=None)
    for name in ("evidence", "bars", "code", "end", "signals"):
        del tree[name]
    del tree["verdict"]["gate"]
    ids = {one.get("id") for _, one in Parsed(page(tree)).elements}
    assert {"charts", "equity", "trades", "metrics", "setup"} <= ids
    assert not {"evidence", "code", "price"} & ids


def test_run_without_trades_says_so_instead_of_an_empty_table() -> None:
    parsed = Parsed(page(report(trades=[])))
    assert "No signal of this strategy led to a trade in this window." in parsed.text
    assert "trade-table" not in {one.get("id") for _, one in parsed.elements}


def test_data_carries_every_trade_with_its_words_once() -> None:
    data = data_of(page(report(trades=[trade(n, bars=1) for n in range(150)])))["trades"]
    assert len(data["entry_time"]) == 150
    assert data["words"] == ["BTCUSDT", "rsi(14) 27.4 < 30", "rsi(14) 71.2 > 70"]
    assert data["fees"][0] == 20


def test_single_bar_makes_a_page() -> None:
    assert data_of(page(report(1, [])))["curve"]["times"] == {"first": MS, "count": 1, "unit": 1, "runs": []}


BREAKS: list[tuple[tuple[Any, ...], Any, str]] = [
    (("metadata",), None, "/metadata"),
    (("metrics",), [], "/metrics"),
    (("verdict",), "good", "/verdict"),
    (("curve",), None, "/curve"),
    (("curve", "times"), [], "/curve/times"),
    (("curve", "times", 3), MS, "/curve/times"),
    (("curve", "times", 3), 1e400, "/curve/times"),
    (("curve", "times", 199), 10**18, "/curve/times"),
    (("curve", "equity"), [1.0], "/curve/equity"),
    (("curve", "equity", 5), float("nan"), "/curve/equity"),
    (("curve", "every_bars"), 0, "/curve/every_bars"),
    (("bars", "BTCUSDT", "low"), None, "/bars/BTCUSDT/low"),
    (("trades", 1, "entry_time"), "soon", "/trades/1/entry_time"),
    (("trades",), "none", "/trades"),
    (("evidence",), 3, "/evidence"),
    (("metadata", "parameters"), json.loads("[" * 500 + "]" * 500), "/metadata"),
]


@pytest.mark.parametrize(("path", "value", "pointer"), BREAKS)
def test_misshapen_report_is_refused_at_its_place(path: tuple[Any, ...], value: Any, pointer: str) -> None:
    tree = json.loads(json.dumps(report()))
    _put(tree, path, value)
    with pytest.raises(BadReportError) as caught:
        page(tree)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("other", [None, [], "report", 3, {}])
def test_what_is_no_report_is_refused(other: Any) -> None:
    with pytest.raises(BadReportError):
        page(other)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"a": [1]}),
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_report_with_anything_anywhere_becomes_a_page_or_is_refused(data: st.DataObject) -> None:
    tree = json.loads(json.dumps(report(12, [trade(2, 3), trade(6, 2)])))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(_paths(tree), key=str)))
        _put(tree, path, deepcopy(data.draw(JUNK)))
    try:
        html = page(tree)
    except BadReportError:
        return
    assert html.endswith(b"</html>\n")
    assert data_of(html)


def test_markup_escapes_all_but_markup() -> None:
    assert (
        tag("p", "<b>", tag("i", '"'), title='"><x', hidden=True)
        == '<p title="&quot;&gt;&lt;x" hidden>&lt;b&gt;<i>&quot;</i></p>'
    )


def _put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for name, one in children for found in [(*path, name), *_paths(one, (*path, name))]]
