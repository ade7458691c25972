"""What a source defines: contracts, parameters, constants, and its hash."""

import pytest

from libs.strategy.check import Report, check

RETURN = "\n    return [0] * len(df)\n"


def codes(report: Report) -> list[tuple[str, int]]:
    return [(one.code, one.line) for one in report.diagnostics]


@pytest.mark.parametrize(
    ("source", "contracts"),
    [
        ("def generate_signals(df):" + RETURN, ("python.signals",)),
        ("def classify_symbol(symbol):\n    return False\n", ("python.classify",)),
        ("def run_batch_backtest(start_date, end_date, symbols):\n    return {}\n", ("python.batch",)),
        ("def run_screening(universe, limit):\n    return {}\n", ("python.batch",)),
        ("def run_screening(universe, limit=10):\n    return {}\n", ("python.batch",)),
        ("if True:\n    def generate_signals(df):\n        return df\n", ("python.signals",)),
        ("def generate_signals(df, *more, **others):" + RETURN, ("python.signals",)),
        ("def generate_signals(df, /, *, fast=3):" + RETURN, ("python.signals",)),
        ("def generate_signals(*given):\n    return given\n", ("python.signals",)),
    ],
)
def test_contract_is_found(source: str, contracts: tuple[str, ...]) -> None:
    report = check(source)
    assert report.contracts == contracts
    assert report.diagnostics == ()


def test_several_contracts_are_found_best_first_and_the_others_remarked() -> None:
    report = check("def classify_symbol(symbol):\n    return False\ndef generate_signals(df):" + RETURN)
    assert report.ok
    assert report.contracts == ("python.signals", "python.classify")
    assert codes(report) == [("contract.unused", 1)]


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("", "contract.missing", 1),
        ("x = 1\n", "contract.missing", 1),
        ("x = 1\ngenerate_signals = lambda df: df\n", "contract.missing", 2),
        ("class A:\n    def generate_signals(self, df):\n        return df\n", "contract.missing", 2),
        (
            "def maker():\n    def generate_signals(df):\n        return df\n    return generate_signals\n",
            "contract.missing",
            2,
        ),
        ("def generate_signals(df):" + RETURN + "def generate_signals(df):" + RETURN, "contract.twice", 3),
        ("def generate_signals(df):" + RETURN + "generate_signals = None\n", "contract.twice", 3),
        ("def generate_signals():\n    return []\n", "contract.arity", 1),
        ("def generate_signals(df, fast):" + RETURN, "contract.arity", 1),
        ("def generate_signals(df, *, fast):" + RETURN, "contract.arity", 1),
        ("def generate_signals(*, df):" + RETURN, "contract.arity", 1),
        ("def classify_symbol(symbol, bars):\n    return False\n", "contract.arity", 1),
        ("def run_batch_backtest(symbols):\n    return {}\n", "contract.arity", 1),
        ("def run_screening(universe):\n    return {}\n", "contract.arity", 1),
        ("async def generate_signals(df):" + RETURN, "syntax.async", 1),
        ("def generate_signals(df):\n    for x in df:\n        yield 0\n", "contract.generator", 3),
        ("def generate_signals(df):\n    yield from df\n", "contract.generator", 2),
        ("SIGNAL_MODE = 'both'\ndef generate_signals(df):" + RETURN, "contract.constant", 1),
        ("MODES = ['action']\nSIGNAL_MODE = MODES[0]\ndef generate_signals(df):" + RETURN, "contract.constant", 2),
        ("HORIZON = 0\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        ("HORIZON = True\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        ("HORIZON = 2.5\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        ("if True:\n    HORIZON = 7\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 2),
        ("HORIZON = 7\nHORIZON = 8\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 2),
        ("HORIZON = 7\nHORIZON += 1\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 2),
        ("HORIZON, MORE = 7, 8\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        ("(HORIZON := 7)\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        (
            "def classify_symbol(symbol):\n    global HORIZON\n    HORIZON = 7\n    return False\n",
            "contract.constant",
            3,
        ),
        ("for HORIZON in (7,):\n    pass\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
        ("import math as HORIZON\ndef classify_symbol(symbol):\n    return False\n", "contract.constant", 1),
    ],
)
def test_misshapen_contract_is_refused_once_with_a_hint(source: str, code: str, line: int) -> None:
    report = check(source)
    errors = [one for one in report.diagnostics if one.severity == "error"]
    assert [(one.code, one.line) for one in errors] == [(code, line)]
    assert errors[0].hint


def test_generator_inside_a_contract_is_accepted() -> None:
    assert check("def generate_signals(df):\n    def pairs():\n        yield 0\n    return list(pairs())\n").ok


def test_contract_without_result_is_a_warning() -> None:
    report = check("def generate_signals(df):\n    df.copy()\n    return\n")
    assert report.ok
    assert codes(report) == [("contract.no_return", 1)]


def test_parameters_are_arguments_with_literal_defaults() -> None:
    source = (
        "N = 3\ndef generate_signals(df, fast=10, slow=-2.5, *, mode='calm', on=True, off=None, n=N, m=[1], **rest):"
        + RETURN
    )
    assert check(source).parameters == {"fast": 10, "slow": -2.5, "mode": "calm", "on": True, "off": None}


def test_parameters_are_those_of_the_best_contract() -> None:
    source = "def classify_symbol(symbol, bars=3):\n    return False\ndef generate_signals(df, fast=10):" + RETURN
    assert check(source).parameters == {"fast": 10}


def test_documented_argument_with_a_default_is_no_parameter() -> None:
    assert check("def run_screening(universe, limit=10, least=2):\n    return {}\n").parameters == {"least": 2}


def test_constants_are_read_where_literal() -> None:
    source = (
        "SIGNAL_MODE: str = 'position'\nHORIZON = 12\nclass A:\n    HORIZON = 3\ndef local():\n    HORIZON = 4\nOTHER = 1\ndef generate_signals(df):"
        + RETURN
    )
    assert check(source).constants == {"SIGNAL_MODE": "position", "HORIZON": 12}


FIRST = '''
import numpy as np
def generate_signals(df, fast=3):
    """Words."""
    x = {**{}, 1: 'a', "b": 0x10}
    return [-1 if a else 0 for a in df['close'] > 3]  # words
'''
SAME = """import numpy as np


def generate_signals(
    df,
    fast=3,
):
    # other words
    x = {
        **{}, 1: "a",
        'b': 16,
    }
    return [
        (-1 if a else 0)
        for a in (df["close"] > 3)
    ]
"""


def test_layout_comments_and_docstrings_do_not_change_the_hash() -> None:
    assert check(FIRST).code_hash == check(SAME).code_hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fast=3", "fast=4"),
        ("fast=3", "fast=3.0"),
        ("> 3", ">= 3"),
        ("> 3", "> '3'"),
        ("-1 if", "1 if"),
        ("'close'", "'open'"),
        ("{**{}, 1: 'a',", "{1: 'a', **{},"),
        ("generate_signals", "generate_signal"),
        ("import numpy as np", "import numpy as nq"),
        ("import numpy as np", ""),
        ("'a'", "b'a'"),
    ],
)
def test_meaning_changes_the_hash(old: str, new: str) -> None:
    assert old in FIRST
    assert check(FIRST.replace(old, new, 1)).code_hash != check(FIRST).code_hash


def test_unpacked_dictionaries_keep_their_place_in_the_hash() -> None:
    assert check("x = {**b, 1: a}").code_hash != check("x = {1: b, **a}").code_hash


def test_hash_is_the_same_on_every_python() -> None:
    assert check(FIRST).code_hash == "58eb015685f0e965a3dca8c80b2ba2e6667bcdbdbb05d307525bcf8e71a1ff20"


def test_source_that_cannot_be_read_has_no_hash() -> None:
    assert check("x = (").code_hash is None
    assert check(b"\xff").code_hash is None
