"""Verbs against a recorded gateway: what they send, what they print, how they end."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from libs.client import cli

Answers = dict[tuple[str, str], tuple[int, dict[str, Any]]]

SUMMARY = {
    "name": "dip",
    "symbols": ["BTCUSDT"],
    "timeframe": "1h",
    "window_start": "2022-01-01T00:00:00Z",
    "window_end": "2022-04-01T00:00:00Z",
    "bars": 2160,
    "simulated": False,
    "metrics": {"total_return": 0.125, "sharpe": None},
    "verdict": "average",
    "deciding_rule": "average: total return 12.50 % >= 5 %",
    "backtest_id": "bt-1",
    "report_key": "ab",
}


class Gateway:
    """A real HTTP server with fixed answers; keeps what it was asked."""

    def __init__(self, answers: Answers):
        self.asked: list[tuple[str, str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply("GET")

            def do_POST(self) -> None:
                self.reply("POST")

            def do_DELETE(self) -> None:
                self.reply("DELETE")

            def reply(self, method: str) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                outer.asked.append((method, self.path, json.loads(self.rfile.read(length) or "null")))
                missing = (404, {"code": "not_found", "detail": "not here"})
                status, body = answers.get((method, self.path.split("?")[0]), missing)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,))


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], Gateway]]:
    opened: list[Gateway] = []

    def open_gateway(answers: Answers) -> Gateway:
        made = Gateway(answers)
        made.thread.start()
        opened.append(made)
        monkeypatch.setenv("SENTINEL_GATEWAY_URL", f"http://127.0.0.1:{made.server.server_port}")
        return made

    yield open_gateway
    for made in opened:
        made.server.shutdown()
        made.server.server_close()
        made.thread.join()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["sentinel", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return call


def rules_file(folder: Path) -> str:
    path = folder / "dip.json"
    path.write_text(json.dumps({"name": "dip", "timeframe": "1h", "rules": {"indicators": {"rsi": {}}}}))
    return str(path)


def backtest_answers() -> Answers:
    return {("POST", "/api/v1/backtests"): (201, {"id": "bt-1"}), ("GET", "/api/v1/backtests/bt-1"): (200, SUMMARY)}


def test_backtest_of_a_file_sends_its_rules_and_prints_the_verdict(gateway: Any, run: Any, tmp_path: Path) -> None:
    server = gateway(backtest_answers())
    code, out, _ = run("backtest", rules_file(tmp_path), "--symbol", "BTCUSDT", "--start", "2022-01-01")
    assert code == 0
    assert server.asked[0][2] == {
        "symbols": ["BTCUSDT"],
        "start": "2022-01-01T00:00:00+00:00",
        "rules": {"indicators": {"rsi": {}}},
        "name": "dip",
        "timeframe": "1h",
    }
    assert "verdict: average: total return 12.50 % >= 5 %" in out
    assert "total_return\t0.125" in out
    assert "sharpe\t-" in out


def test_backtest_below_min_verdict_ends_with_3(gateway: Any, run: Any, tmp_path: Path) -> None:
    gateway(backtest_answers())
    assert run("backtest", rules_file(tmp_path), "--min-verdict", "good")[0] == 3
    assert run("backtest", rules_file(tmp_path), "--min-verdict", "average")[0] == 0


def test_backtest_as_json_prints_the_body_of_the_api(gateway: Any, run: Any, tmp_path: Path) -> None:
    gateway(backtest_answers())
    _, out, _ = run("backtest", rules_file(tmp_path), "--json")
    assert json.loads(out) == SUMMARY


@pytest.mark.parametrize("arguments", [["backtest", "x", "--min-verdict", "superb"], ["no-such-verb"], ["submit"]])
def test_wrong_usage_ends_with_2(run: Any, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_gateway_that_is_not_there_ends_with_4_and_says_what_to_do(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_GATEWAY_URL", "http://127.0.0.1:9")
    code, _, err = run("status")
    assert code == 4
    assert "sentinel up" in err


def test_bus_that_is_not_there_ends_with_4(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_NATS_URL", "nats://127.0.0.1:9")
    assert run("dead", "list")[0] == 4
    assert run("kill")[0] == 4


def test_refusal_of_the_gateway_ends_with_1_and_shows_code_place_and_hint(gateway: Any, run: Any) -> None:
    problem = {
        "code": "gate.closed",
        "detail": "the gate is closed",
        "errors": [{"pointer": "/stage"}],
        "hint": "override",
    }
    gateway({("POST", "/api/v1/strategies/s1/promote"): (409, problem)})
    code, _, err = run("promote", "s1")
    assert code == 1
    assert "the gate is closed (at /stage) [gate.closed]" in err
    assert "hint: override" in err


def test_file_that_is_not_json_is_refused_with_line_and_column(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{\n  "rules": nope\n}')
    code, _, err = run("submit", str(path))
    assert code == 1
    assert "(at 2:12) [input.json]" in err


@pytest.mark.parametrize("text", ["[1]", '"x"', "NaNa"])
def test_file_without_an_object_is_refused(run: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert run("submit", str(path))[0] == 1


def test_lists_follow_pages_and_stop_at_the_limit(gateway: Any, run: Any) -> None:
    page = {"items": [{"id": "f1", "symbol": "BTCUSDT"}, {"id": "f2", "symbol": "ETHUSDT"}], "next_cursor": "c"}
    server = gateway({("GET", "/api/v1/trades"): (200, page)})
    code, out, _ = run("trades", "--limit", "4", "--json")
    assert code == 0
    assert len(json.loads(out)["items"]) == 4
    assert [path for _, path, _ in server.asked] == ["/api/v1/trades?limit=4", "/api/v1/trades?limit=2&cursor=c"]


def test_why_prints_the_causes_as_a_tree(gateway: Any, run: Any) -> None:
    steps = [
        {
            "kind": "order",
            "id": "o",
            "of": None,
            "at": "t1",
            "missing": False,
            "fact": {"symbol": "BTCUSDT", "state": "filled"},
        },
        {
            "kind": "decision",
            "id": "d",
            "of": "o",
            "at": "t0",
            "missing": False,
            "fact": {"reason": "best", "simulated": True},
        },
        {"kind": "signal", "id": "s", "of": "d", "at": None, "missing": True, "fact": None},
    ]
    server = gateway({("GET", "/api/v1/lineage/order/o"): (200, {"steps": steps})})
    code, out, _ = run("why", "o")
    assert code == 0
    assert [path for _, path, _ in server.asked] == ["/api/v1/lineage/fill/o", "/api/v1/lineage/order/o"]
    assert out.splitlines() == [
        "order o at t1: symbol BTCUSDT, state filled",
        "└─ decision d at t0 SIMULATED: reason best",
        "   └─ signal s: not stored any more",
    ]


def test_why_of_an_unknown_id_ends_with_1(gateway: Any, run: Any) -> None:
    gateway({})
    code, _, err = run("why", "nothing")
    assert code == 1
    assert "nothing is known under the id" in err


def test_import_of_a_missing_file_never_asks_the_gateway(gateway: Any, run: Any, tmp_path: Path) -> None:
    server = gateway({})
    assert run("ingest", "import", str(tmp_path / "none.csv"))[0] == 1
    assert server.asked == []


def test_watch_sends_symbols_and_window_and_names_the_watch(gateway: Any, run: Any) -> None:
    window = {"start": "2024-01-01T00:00:00+00:00", "end": None}
    result = {"watch_id": "w1", "symbols": ["BTCUSDT", "ETHUSDT"], "timeframe": "1h", **window}
    server = gateway({("POST", "/api/v1/market/watches"): (201, {"ids": ["w1"], "result": result})})
    code, out, _ = run("ingest", "watch", "BTCUSDT", "eth/usdt", "--timeframe", "1h", "--start", "2024-01-01")
    assert code == 0
    asked = {"symbols": ["BTCUSDT", "eth/usdt"], "timeframe": "1h", "start": "2024-01-01T00:00:00+00:00"}
    assert server.asked == [("POST", "/api/v1/market/watches", asked)]
    assert out == (
        "watching BTCUSDT, ETHUSDT 1h from 2024-01-01T00:00:00Z on: w1\n`sentinel ingest unwatch w1` stops it\n"
    )


def test_unwatch_sends_the_id_and_says_how_far_it_came(gateway: Any, run: Any) -> None:
    answers = {("DELETE", "/api/v1/market/watches/w1"): (200, {"ids": ["w1"], "result": {"bars_published": 12}})}
    server = gateway(answers)
    assert run("ingest", "unwatch", "w1") == (0, "stopped w1 after 12 bars\n", "")
    assert server.asked == [("DELETE", "/api/v1/market/watches/w1", None)]


@pytest.mark.parametrize("identity", ["../x", "a b", "a/b?c=d"])
def test_unwatch_of_what_is_no_id_stays_one_path_segment(gateway: Any, run: Any, identity: str) -> None:
    server = gateway({})
    assert run("ingest", "unwatch", identity)[0] == 1
    ((_, path, _),) = server.asked
    assert path.removeprefix("/api/v1/market/watches/") == quote(identity, safe="")


def test_submission_that_cannot_be_judged_yet_shows_its_hint(gateway: Any, run: Any, tmp_path: Path) -> None:
    body = {"ids": ["s1"], "result": {"duplicate": False, "hint": "no 1h bars of X"}}
    gateway({("POST", "/api/v1/strategies"): (201, body)})
    _, out, _ = run("submit", rules_file(tmp_path))
    assert out == "submitted: s1\n  hint: no 1h bars of X\n"


def test_down_with_nothing_running_says_so(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("down", "--data-dir", str(tmp_path))
    assert code == 0
    assert "nothing runs" in out


@pytest.mark.parametrize("text", ["yesterday", "2022-13-01", ""])
def test_time_that_is_none_is_refused_with_its_option(run: Any, tmp_path: Path, text: str) -> None:
    code, _, err = run("backtest", rules_file(tmp_path), "--start", text)
    assert code == 1
    assert "(at --start) [input.time]" in err
