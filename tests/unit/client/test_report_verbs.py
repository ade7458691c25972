"""report, view-trades, inspect: from files and from a gateway; what they print, write and refuse."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.client.plot import braille
from tests.support.reports import HOSTILE, hostile, report
from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]


def report_file(folder: Path, tree: Any = None) -> str:
    path = folder / "report.json"
    path.write_text(json.dumps(report() if tree is None else tree))
    return str(path)


def test_report_of_a_file_prints_verdict_limits_metrics_and_evidence(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("report", report_file(tmp_path))
    assert code == 0
    lines = out.splitlines()
    assert "reject\tclosed trades\t2\t<\t30\tyes" in lines
    place = lines.index("verdict: reject: 2 closed trades < 30")
    assert lines[place + 1].startswith("judged on: ")
    assert " to " in lines[place + 1]
    assert "Total return\t+10.00 %" in lines
    assert "Profit factor\tundefined: no closed trade lost" in lines
    assert any(line.startswith("Luck\tfailed\tIt is one of 37 tries") for line in lines)


def test_report_spells_the_limits_of_shares_as_percentages(run: Any, tmp_path: Path) -> None:
    tree = report()
    check = {"rule": "good", "name": "total return", "value": 0.1308, "relation": ">=", "limit": 0.15, "met": False}
    tree["verdict"]["checks"] = [check]
    assert "good\ttotal return\t13.08 %\t>=\t15.00 %\tno" in run("report", report_file(tmp_path, tree))[1]


def test_report_of_a_backtest_is_fetched_and_written_as_a_page(gateway: Any, run: Any, tmp_path: Path) -> None:
    gateway({("GET", "/api/v1/backtests/bt-1/report.json"): (200, report())})
    place = tmp_path / "made" / "page.html"
    code, out, _ = run("report", "bt-1", "--html", str(place))
    assert code == 0
    assert f"page: {place}" in out
    assert place.read_bytes().startswith(b"<!doctype html>")


def test_report_open_puts_the_page_into_the_profile(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert run("report", report_file(tmp_path), "--open", "--data-dir", str(tmp_path))[0] == 0
    assert opened == [(tmp_path / "pages" / "bt-1.html").as_uri()]


def test_report_open_without_a_browser_fails_and_says_where_the_page_is(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    code, _, error = run("report", report_file(tmp_path), "--open", "--data-dir", str(tmp_path))
    assert code == 1
    assert "client.no_browser" in error
    assert str(tmp_path / "pages" / "bt-1.html") in error


def test_report_json_is_the_report(run: Any, tmp_path: Path) -> None:
    assert json.loads(run("report", report_file(tmp_path), "--json")[1]) == report()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": {}}', "\xff", "[" * 100_000])
def test_file_that_is_no_report_is_refused(run: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    code, _, error = run("report", str(path))
    assert code == 1
    assert "[report.malformed]" in error


def test_file_that_is_not_there_is_refused(run: Any, tmp_path: Path) -> None:
    code, _, error = run("report", str(tmp_path / "absent.json"))
    assert (code, "[input.file]" in error) == (1, True)


def test_hostile_words_print_on_one_line_without_control_characters(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("view-trades", report_file(tmp_path, hostile("\x1b[31m\nred\t" + HOSTILE)))
    assert code == 0
    assert "\x1b" not in out
    assert len(out.splitlines()) == 5


def test_view_trades_of_the_newest_backtest_that_completed(gateway: Any, run: Any) -> None:
    items = [{"id": "bt-2", "status": "failed"}, {"id": "bt-1", "status": "completed"}]
    gateway(
        {
            ("GET", "/api/v1/backtests"): (200, {"items": items, "next_cursor": None}),
            ("GET", "/api/v1/backtests/bt-1/report.json"): (200, report()),
        }
    )
    code, out, _ = run("view-trades")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split("\t")[:4] == ["time", "action", "symbol", "price"]
    assert lines[1].split("\t")[:3] == ["2024-01-01 10:00", "BUY", "BTCUSDT"]
    assert lines[2].split("\t")[:3] == ["2024-01-01 15:00", "SELL", "BTCUSDT"]
    assert [line.split("\t")[1] for line in lines[1:-1]] == ["BUY", "SELL", "BUY", "SELL", "BUY"]
    assert lines[-1].startswith("2 closed, 1 won, 1 open, profit ")


def test_view_trades_of_a_short_position_sells_first(run: Any, tmp_path: Path) -> None:
    tree = report()
    tree["trades"] = [{**tree["trades"][0], "side": "short"}]
    lines = run("view-trades", report_file(tmp_path, tree))[1].splitlines()
    assert [line.split("\t")[1] for line in lines[1:3]] == ["SELL", "BUY"]


def test_view_trades_without_any_backtest_says_what_to_do(gateway: Any, run: Any) -> None:
    gateway({("GET", "/api/v1/backtests"): (200, {"items": [], "next_cursor": None})})
    code, _, error = run("view-trades")
    assert code == 1
    assert "no backtest has completed yet" in error


def test_inspect_shows_the_last_five_strategies_with_performance_and_verdict(gateway: Any, run: Any) -> None:
    judged = {
        "metrics": {"total_return": 0.21, "max_drawdown": -0.04, "win_rate": 0.6},
        "closed_trades": 40,
        "deciding_rule": "good: all",
    }
    one = {"id": "s1", "name": "dip", "symbols": ["BTCUSDT"], "timeframe": "1h", "verdict": "good", "judged": judged}
    two = {"id": "s2", "name": "new", "symbols": ["ETHUSDT"], "timeframe": "1h", "verdict": None, "judged": None}
    server = gateway({("GET", "/api/v1/strategies"): (200, {"items": [one, two], "next_cursor": None})})
    _, out, _ = run("inspect")
    assert server.asked[0][1] == "/api/v1/strategies?limit=5"
    assert out.splitlines()[1] == "s1\tdip\tBTCUSDT\t1h\tgood\t21.00 %\t-4.00 %\t60.00 %\t40\tgood: all"
    assert out.splitlines()[2] == "s2\tnew\tETHUSDT\t1h\t-\t-\t-\t-\t-\t-"


def test_plot_of_a_rise_climbs_from_corner_to_corner() -> None:
    assert braille([0.0, 1.0, 2.0, 3.0], 2, 1) == ["⣠⠞"]


def test_plot_joins_neighbours_and_shows_what_a_column_hides() -> None:
    assert braille([0.0, 3.0, 0.0, 0.0], 2, 1) == ["⣸⣇"]
    assert braille([0.0, 3.0, 0.0] * 10, 1, 1) == ["⣿"]


def test_plot_of_one_value_is_a_line() -> None:
    assert braille([5.0], 2, 2) == ["⠉⠉", "⠀⠀"]
