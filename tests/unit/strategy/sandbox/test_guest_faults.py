"""Errors of strategies in the guest: whatever is raised becomes words with a place, and nothing a stranger raises gets out."""

import pytest

from libs.strategy.sandbox.guest.output import Printed
from libs.strategy.sandbox.guest.run import rehearse, run
from libs.strategy.sandbox.wire import JobHeader
from tests.unit.strategy.sandbox.guest_jobs import Guest, bars, market, one

HEAD = "def generate_signals(df):\n    "


@pytest.mark.parametrize("raised", ["SystemExit(0)", "KeyboardInterrupt()", "GeneratorExit()", "RecursionError('x')"])
def test_exit_of_a_strategy_is_an_error_like_any_other(raised: str) -> None:
    found = one(4).signals(f"{HEAD}raise {raised}").error
    assert (found["type"], found["line"]) == (raised.partition("(")[0], 2)


def test_error_at_the_top_of_the_code_fails_the_whole() -> None:
    found = one(4).signals("x = 1\ny = [1][x]\n" + HEAD + "return [0] * len(df)")
    assert not found.header["ok"]
    assert found.error == {
        "code": "strategy.raised",
        "type": "IndexError",
        "message": "list index out of range",
        "line": 2,
        "column": 5,
        "hint": "there are fewer bars than asked at the start: check len() first",
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return df['Close'] > 0", "columns are lower case"),
        ("values = df['close'].values\n    values[0] = 1.0\n    return values > 0", "to_numpy(copy=True)"),
        ("return [0] * len(df) if df['close'] > 0 else 0", "np.where"),
        ("return df.resample('4H').mean()", "'h' for hours"),
        ("return [1 / (len(df) - 4)]", "check for zero"),
    ],
)
def test_common_mistakes_carry_a_hint(body: str, told: str) -> None:
    assert told in one(4).signals(HEAD + body).error["message"]


def test_error_inside_pandas_is_placed_on_the_strategys_own_line() -> None:
    source = HEAD + "a = 1\n    b = df['close'].rolling(-1).mean()\n    return b > 0"
    assert one(4).signals(source).error["line"] == 3


def test_recursion_without_end_is_told() -> None:
    source = "def deeper(n):\n    return deeper(n + 1)\n" + HEAD + "return deeper(0)"
    found = one(4).signals(source).error
    assert (found["type"], found["line"]) == ("RecursionError", 2)


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('x')",
        "return SystemExit('y')",
        "return 5",
        "return 'z' * 10_000_000",
        "return chr(0xd800) + chr(0) + chr(0x202e)",
        "return self.loop()",
    ],
)
def test_text_of_an_error_may_do_what_it_likes(body: str) -> None:
    source = f"""
class Odd(Exception):
    def loop(self):
        return self.loop()
    def __str__(self):
        {body}
    __repr__ = __str__
{HEAD}raise Odd()
"""
    found = Guest(one(4).market, guarded=False).signals(source).error
    assert found["type"] == "Odd"
    assert len(found["message"]) <= 400
    assert found["message"].isprintable()


def test_memory_that_runs_out_ends_the_job_with_its_own_code() -> None:
    found = one(4).signals("def generate_signals(df):\n    raise MemoryError")
    assert not found.header["ok"]
    assert (found.error["code"], found.error["line"]) == ("strategy.memory", 2)
    assert one(4).classify("def classify_symbol(symbol):\n    raise MemoryError").error["code"] == "strategy.memory"
    assert one(4).classify("x = [0] * 10**15\ndef classify_symbol(symbol): return 1").error["code"] == "strategy.memory"


def test_rejected_code_carries_its_diagnostics_and_runs_nothing() -> None:
    found = one(4).signals("print('ran')\nimport os\n" + HEAD + "return eval('1')")
    assert found.error["code"] == "strategy.rejected"
    assert [each["line"] for each in found.header["diagnostics"]] == [2, 4]
    assert found.header["printed"] == ""


def test_check_answers_diagnostics_and_contracts_without_a_market() -> None:
    job = JobHeader(1, "check")
    good, _ = run(job, b"def classify_symbol(symbol):\n    return True\n", memoryview(b""), guarded=True)
    assert (good["ok"], good["contracts"]) == (True, ["python.classify"])
    bad, _ = run(job, b"import os\n", memoryview(b""), guarded=True)
    assert (bad["ok"], bad["error"]["line"]) == (False, 1)


@pytest.mark.parametrize("source", [b"\xff\xfe", b"x = '\x00'", b"(" * 5_000, b"def f(:\n"])
def test_bytes_that_are_no_code_are_rejected(source: bytes) -> None:
    for op in ("signals", "check"):
        told, _ = run(JobHeader(1, op, args={"symbols": [], "parameters": {}}), source, memoryview(b""), guarded=True)
        assert told["error"]["code"] == "strategy.rejected"


def test_places_in_memory_are_left_out_of_what_is_said() -> None:
    source = "class A:\n    pass\nprint(A(), len)\n" + HEAD + "raise ValueError(f'{A()} and {df.mean} at 0x10')"
    found = one(4).signals(source)
    assert found.header["printed"] == "<strategy.A object> <built-in function len>\n"
    assert found.error["message"].startswith("<strategy.A object> and <bound method ")
    assert " at 0x7" not in found.error["message"]


def test_printed_text_is_bounded() -> None:
    found = one(4).signals(
        "print('a', 'b', sep='-', end='!')\nprint('x' * 10**6)\nprint('y')\n" + HEAD + "return [0] * 4"
    )
    assert found.header["printed"] == "a-b!" + "x" * 4_092
    printed = Printed()
    speak = printed.print_function()
    for _ in range(3):
        speak("z" * 60_000)
    assert sum(map(len, printed._parts)) == 64 * 1024


def test_printing_into_a_file_is_refused() -> None:
    assert one(4).signals(HEAD + "print('x', file=[])").error["type"] == "TypeError"


def test_header_stays_below_64_kilobytes_when_every_symbol_fails_loudly() -> None:
    symbols = [f"SYMBOL{number:04}" for number in range(600)]
    source = HEAD + "print('\\u00e9' * 4096)\n    raise ValueError('\\u00e9' * 4096)"
    found = Guest(market(dict.fromkeys(symbols, bars(1))), symbols).signals(source)
    assert len(found.header["symbols"]) == 600
    assert found.error["type"] == "ValueError"


def test_rehearsal_answers_and_leaves_nothing_behind() -> None:
    rehearse()
    rehearse()
