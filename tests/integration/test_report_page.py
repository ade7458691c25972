"""The page of a report in a real browser: it draws, it moves, it asks for nothing, and a stranger's words run nothing."""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import orjson
import pytest

from libs.market.catalog_writer import CatalogWriter
from libs.market.frame import Frame
from libs.report.bars import bars_of
from libs.report.page import page
from libs.strategy.spec import parse
from services.backtest.core.engine import Terms
from services.backtest.core.job import Job
from services.backtest.families import Family
from services.backtest.runner import Done, Runner
from services.gateway.routes.backtest_reports import PAGE_POLICY
from tests.conftest import ROOT
from tests.support.build import START
from tests.support.chromium import Tab, browser, find, tab
from tests.support.reports import hostile, report, still_open, trade

BITCOIN = ROOT / "../shared/data/crypto/BTCUSDT_binance-spot_1h_2017-2022.csv.gz"
RSI_EMA = ROOT / "examples/strategies/rsi_ema.json"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = find()
    if path is None:
        pytest.skip("no Chromium found; put one on PATH or name it in SENTINEL_CHROMIUM")
    with browser(tmp_path_factory.mktemp("chromium"), path) as address:
        yield address


@pytest.fixture
def opened(chromium: str) -> Iterator[Tab]:
    with tab(chromium) as page_in_tab:
        page_in_tab.look(width=1_280, height=900)
        yield page_in_tab


def load(opened: Tab, folder: Path, tree: dict[str, Any]) -> None:
    place = folder / "report.html"
    place.write_bytes(page(tree))
    opened.open(place)


def is_drawn(opened: Tab, canvas: str) -> bool:
    """Whether anything but background is on a canvas."""
    pixels = (
        f"(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data)(document.getElementById('{canvas}'))"
    )
    return bool(opened.run(f"{pixels}.some((value, n) => n % 4 === 3 && value > 0)"))


def range_of(opened: Tab) -> str:
    return str(opened.run("document.getElementById('range').textContent"))


def rows(opened: Tab) -> list[list[str]]:
    cells = "[...row.cells].map((cell) => cell.textContent)"
    found: list[list[str]] = opened.run(
        f"[...document.querySelectorAll('#trade-table tbody tr')].map((row) => {cells})"
    )
    return found


TWENTY = tuple(f"COIN{n:02}USDT" for n in range(20))
CASES = {
    "usual": report(),
    "no trades": report(trades=[]),
    "one trade": report(trades=[trade(50)]),
    "one bar": report(1, []),
    "two bars": report(2, [still_open(1)]),
    "many trades": report(2_160, [trade(n, 3) for n in range(10, 2_100, 4)]),
    "twenty symbols": report(symbols=TWENTY, trades=[trade(10 + n, symbol=name) for n, name in enumerate(TWENTY)]),
    "code, sandbox off, simulated": report(code="def f():\n    return 1\n" * 50, sandbox="off", simulated=True),
    "hostile": hostile(),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("width", "dark"), [(1_280, False), (390, True)])
def test_page_draws_without_a_complaint_a_request_or_overflow(
    opened: Tab, tmp_path: Path, case: str, width: int, dark: bool
) -> None:
    opened.look(width=width, height=900, dark=dark, mobile=width < 500)
    load(opened, tmp_path, CASES[case])
    assert is_drawn(opened, "equity")
    assert is_drawn(opened, "price")
    assert opened.run("document.documentElement.scrollWidth") <= width
    assert opened.complaints == []
    assert opened.dialogs == []
    assert [address for address in opened.requests if not address.startswith("data:")] == [
        (tmp_path / "report.html").as_uri()
    ]


def test_hostile_words_run_nothing_and_stand_as_text(opened: Tab, tmp_path: Path) -> None:
    load(opened, tmp_path, hostile())
    opened.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    assert opened.run("window.broken === undefined")
    assert opened.run("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert "<script>window.broken=1</script>" in opened.run("document.querySelector('h1').textContent")
    assert "<script>window.broken=1</script>" in rows(opened)[0][-4]


def test_script_shows_the_rows_that_stood_there_without_it(opened: Tab, tmp_path: Path) -> None:
    tree = report(
        trades=[trade(10), trade(40, gain=-1e-9, pnl=-0.001), trade(60, mae=None, bars=12_345), still_open(190)]
    )
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    place = tmp_path / "report.html"
    place.write_bytes(page(tree))
    opened.call("Page.navigate", url=place.as_uri())
    opened.wait("Page.loadEventFired")
    plain = rows(opened)
    assert len(plain) == 4
    assert opened.run("document.querySelector('svg.plain').getBoundingClientRect().height") > 100
    assert opened.run("document.querySelector('.chart').getBoundingClientRect().height") == 0
    opened.call("Emulation.setScriptExecutionDisabled", value=False)
    opened.open(place)
    assert rows(opened) == plain


def test_dragging_zooms_and_a_double_click_shows_the_whole_run_again(opened: Tab, tmp_path: Path) -> None:
    load(opened, tmp_path, report())
    opened.run(
        "document.documentElement.style.scrollBehavior = 'auto'; document.getElementById('charts').scrollIntoView()"
    )
    box = opened.run("document.getElementById('price').getBoundingClientRect().toJSON()")
    whole, y = range_of(opened), box["y"] + 100
    opened.mouse("mousePressed", box["x"] + 300, y, clickCount=1)
    opened.mouse("mouseMoved", box["x"] + 500, y, buttons=1)
    opened.mouse("mouseReleased", box["x"] + 500, y, clickCount=1)
    opened.settle()
    assert range_of(opened) != whole
    opened.run("document.getElementById('price').dispatchEvent(new MouseEvent('dblclick'))")
    opened.settle()
    assert range_of(opened) == whole


def test_one_finger_pans_and_two_fingers_zoom(opened: Tab, tmp_path: Path) -> None:
    load(opened, tmp_path, report())
    opened.run(
        "document.querySelector('[data-act=in]').click(); document.getElementById('equity').setPointerCapture = () => {}"
    )
    opened.settle()
    first = range_of(opened)
    touch = "document.getElementById('equity').dispatchEvent(new PointerEvent('{}', {{pointerId: {}, pointerType: 'touch', clientX: {}}}))"
    for kind, pointer, x in (("pointerdown", 1, 500), ("pointermove", 1, 300)):
        opened.run(touch.format(kind, pointer, x))
    opened.settle()
    panned = range_of(opened)
    assert panned != first
    for kind, pointer, x in (
        ("pointerdown", 2, 400),
        ("pointermove", 2, 800),
        ("pointerup", 2, 800),
        ("pointerup", 1, 300),
    ):
        opened.run(touch.format(kind, pointer, x))
    opened.settle()
    assert range_of(opened) != panned


def test_keys_read_bars_zoom_and_go_from_trade_to_trade(opened: Tab, tmp_path: Path) -> None:
    load(opened, tmp_path, report())
    opened.run("document.getElementById('price').focus()")
    opened.key("ArrowRight")
    opened.key("ArrowRight")
    assert opened.run("document.getElementById('spoken').textContent").startswith("BTCUSDT  2024-01-01 02:00  open ")
    whole = range_of(opened)
    opened.key("+")
    opened.settle()
    assert range_of(opened) != whole
    opened.key("0")
    opened.settle()
    assert range_of(opened) == whole
    opened.key("]")
    opened.key("]")
    opened.settle()
    assert opened.run("document.querySelector('tr.chosen').cells[0].textContent") == "2"
    assert opened.run("document.getElementById('spoken').textContent").startswith("Trade 2: BTCUSDT, 2024-01-02 16:00")


def test_table_sorts_filters_and_grows(opened: Tab, tmp_path: Path) -> None:
    trades = [trade(n, 2, pnl=float(n % 50 - 20), entry_reason=f"reason {n}") for n in range(5, 185)]
    load(opened, tmp_path, report(trades=trades))
    assert len(rows(opened)) == 100
    opened.run("document.getElementById('more').click()")
    assert len(rows(opened)) == 180
    opened.run("document.querySelector('th[data-key=pnl] button').click()")
    assert rows(opened)[0][7] == "−20.00"
    assert opened.run("document.querySelector('th[data-key=pnl]').getAttribute('aria-sort')") == "ascending"
    opened.run("document.querySelector('th[data-key=pnl] button').click()")
    assert rows(opened)[0][7] == "+29.00"
    opened.run(
        "document.getElementById('filter').value = 'reason 177'; document.getElementById('filter').dispatchEvent(new Event('input'))"
    )
    assert [row[0] for row in rows(opened)] == ["173"]
    assert opened.run("document.getElementById('trade-count').textContent") == "1 of 180"


def test_csv_has_every_trade_shown_and_no_formula(opened: Tab, tmp_path: Path) -> None:
    load(
        opened,
        tmp_path,
        report(trades=[trade(10, entry_reason='says "buy", twice', exit_reason="=1+1"), still_open(30)]),
    )
    opened.run(
        "URL.createObjectURL = (blob) => { window.saved = blob; return 'blob:none'; }; HTMLAnchorElement.prototype.click = () => {}"
    )
    opened.run("document.getElementById('csv').click()")
    lines = opened.run("window.saved.text()").split("\r\n")
    assert lines[0].startswith("symbol,side,entry_time,entry_price,")
    assert lines[1].startswith("BTCUSDT,long,2024-01-01T10:00:00.000Z,")
    assert lines[1].endswith(""","says ""buy"", twice",'=1+1""")
    assert lines[2].startswith("BTCUSDT,long,2024-01-02T06:00:00.000Z,")
    assert lines[3:] == [""]


def test_page_served_by_the_gateway_has_no_origin_and_works(opened: Tab) -> None:
    html = page(report())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", PAGE_POLICY)
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        opened.call("Page.navigate", url=f"http://127.0.0.1:{server.server_port}/report.html")
        opened.wait("Page.loadEventFired")
        opened.settle()
        server.shutdown()
        thread.join()
    assert opened.run("self.origin") == "null"
    assert is_drawn(opened, "equity")
    assert len(rows(opened)) == 3
    assert opened.complaints == []


def test_page_of_90_real_days_is_small_and_draws(opened: Tab, tmp_path: Path) -> None:
    if not BITCOIN.exists():
        pytest.skip("the shared bars are absent")
    with gzip.open(BITCOIN) as file:
        table = np.genfromtxt(file, delimiter=",", skip_header=1)[-2_200:]
    frame = Frame.of(table[:, 0].astype(np.int64), *table[:, 1:].T)
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", frame, "binance", False)
    runner = Runner(tmp_path / "catalog", tmp_path / "reports")
    strategy = parse(rules=json.loads(RSI_EMA.read_text())["rules"], symbols=["BTCUSDT"], name="RSI and EMA")
    done = runner.run(Job(strategy, None, "family", Terms()), Family("family", START))
    assert isinstance(done, Done)
    found = done.summary
    tree = orjson.loads(runner.reports.read(found.report_key))
    tree.setdefault(
        "bars",
        orjson.loads(orjson.dumps(bars_of({"BTCUSDT": frame.tail(found.bars)}), option=orjson.OPT_SERIALIZE_NUMPY)),
    )
    runner.close()
    assert found.bars == 2_160
    assert len(page(tree)) <= 400 * 1024
    load(opened, tmp_path, tree)
    assert is_drawn(opened, "price")
    assert opened.complaints == []
