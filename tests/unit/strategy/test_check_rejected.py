"""The catalogue of strategy code that is refused before running, and where each refusal points."""

import pytest

from libs.strategy.check import check

SIGNALS = "\ndef generate_signals(df):\n    return [0] * len(df)\n"

REJECTED = [
    ("import os", "import.unknown_module", 1, 8),
    ("import socket", "import.unknown_module", 1, 8),
    ("from subprocess import run", "import.unknown_module", 1, 1),
    ("__import__('os')", "name.dunder", 1, 1),
    ("import importlib", "import.unknown_module", 1, 8),
    ("open('/etc/passwd')", "name.unknown", 1, 1),
    ("x = 1\ny = eval('1')", "name.unknown", 2, 5),
    ("exec('x = 1')", "name.unknown", 1, 1),
    ("compile('1', 'x', 'eval')", "name.unknown", 1, 1),
    ("().__class__.__base__.__subclasses__()", "attribute.dunder", 1, 4),
    ("getattr(3, 're' + 'al')", "name.unknown", 1, 1),
    ("'{0.__class__}'.format(3)", "text.format", 1, 17),
    ("f'{(3).__class__}'", "attribute.dunder", 1, None),
    ("import pandas as pd\npd.DataFrame().eval('@x')", "attribute.denied", 2, 16),
    ("import pandas as pd\npd.DataFrame().query('@x')", "attribute.denied", 2, 16),
    ("import pandas as pd\npd.read_pickle('x')", "module.unknown_name", 2, 4),
    ("import pandas as pd\npd.read_csv('http://x')", "module.unknown_name", 2, 4),
    ("import pandas as pd\npd.read_sql('x', 'y')", "module.unknown_name", 2, 4),
    ("import pandas as pd\npd.DataFrame().to_pickle('x')", "attribute.denied", 2, 16),
    ("import numpy as np\nnp.load('x', allow_pickle=True)", "module.unknown_name", 2, 4),
    ("import numpy as np\nnp.memmap('x')", "module.unknown_name", 2, 4),
    ("import numpy as np\nnp.ctypeslib", "module.unknown_name", 2, 4),
    ("import pandas as pd\npd.io.common.os", "module.unknown_name", 2, 4),
    ("globals()", "name.unknown", 1, 1),
    ("vars()", "name.unknown", 1, 1),
    ("type('X', (), {})", "name.unknown", 1, 1),
    ("class X:\n    def __del__(self):\n        pass", "name.dunder", 2, 9),
    ("match 3:\n    case object(__class__=c):\n        pass", "syntax.class_pattern", 2, 10),
    ("(x for x in []).gi_frame.f_back", "attribute.denied", 1, 17),
    ("try:\n    1\nexcept Exception as e:\n    e.__traceback__.tb_frame", "attribute.dunder", 4, 7),
    ("ｅｖａｌ('1')", "name.unknown", 1, 1),
    ("from math import *", "import.star", 1, 18),
    ("setattr(3, 'x', 1)", "name.unknown", 1, 1),
    ("breakpoint()", "name.unknown", 1, 1),
    ("input()", "name.unknown", 1, 1),
    ("async def f():\n    pass", "syntax.async", 1, 11),
    ("(" * 1000, "syntax.too_deep", 1, None),
    ("x = (", "syntax.invalid", 1, 5),
    ("type X = int", None, 1, None),  # a syntax error before Python 3.12
    ("from . import x", "import.relative", 1, 1),
    ("class X(metaclass=M):\n    pass", "syntax.class_keywords", 1, 7),
    ("x = 10000000000000000000", "number.too_large", 1, 5),
    ("x = '__class__'", "text.dunder", 1, 5),
    ("import numpy as np\nnp.mean = 3", "module.assigned", 2, 4),
    ("import numpy as np\nx = np", "module.value", 2, 5),
    ("return 3", "syntax.invalid", 1, 1),
    ("break", "syntax.invalid", 1, None),
    ("def f(a, a):\n    pass", "syntax.invalid", 1, None),
]


@pytest.mark.parametrize(("top", "code", "line", "column"), REJECTED, ids=[top[:40] for top, *_ in REJECTED])
def test_source_of_the_catalogue_is_refused_at_its_place(top: str, code: str | None, line: int, column: int) -> None:
    errors = [one for one in check(top + SIGNALS).diagnostics if one.severity == "error"]
    wanted = code or errors[0].code
    assert (wanted, line, column) in {(one.code, one.line, column and one.column) for one in errors}


def test_refusals_a_beginner_meets_carry_a_hint() -> None:
    beginners = [
        "import talib",
        "import requests",
        "open('x')",
        "import numpy as np\nnp.meen(1)",
        "df['close']",
        "prnt(1)",
    ]
    for top in beginners:
        (error,) = [one for one in check(top + SIGNALS).diagnostics if one.severity == "error"]
        assert error.hint, top


def test_utf7_cookie_has_no_effect() -> None:
    report = check(b"# -*- coding: utf-7 -*-\n+AGU-val('1')" + SIGNALS.encode())
    assert [(one.code, one.line, one.column) for one in report.diagnostics] == [
        ("name.unknown", 2, 2),
        ("name.unknown", 2, 6),
    ]


def test_shift_from_the_future_is_a_warning_and_runs() -> None:
    report = check("def generate_signals(df):\n    return (df['close'].shift(-1) > df['close']).astype(int)\n")
    assert report.ok
    assert [(one.code, one.severity, one.line, one.column) for one in report.diagnostics] == [
        ("lookahead.shift", "warning", 2, 25)
    ]
