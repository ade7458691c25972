"""Names by Python's scoping rules: what is defined is accepted, what is not is refused with the nearest name."""

import pytest

from libs.strategy.check import check

SIGNALS = "\ndef generate_signals(df):\n    return [0] * len(df)\n"

DEFINED = [
    "x = 1\ny = x",
    "def f():\n    return later()\ndef later():\n    return 1",
    "def f(a, *b, c=1, **d):\n    return a, b, c, d",
    "def f(a, /, b):\n    return a, b",
    "f = lambda a, *b, **c: (a, b, c)",
    "x = [a for b in [[1]] for a in b if a]",
    "x = {a: b for a, b in [(1, 2)]}",
    "x = [z for y in [1] if (z := y)]\nw = z",
    "def f():\n    [z := y for y in [1]]\n    return z",
    "for i, (j, *k) in []:\n    pass\nx = i, j, k",
    "for i in []:\n    pass\nelse:\n    i = 0\nx = i",
    "with memo() as (a, b):\n    pass\nx = a, b\ndef memo():\n    pass",
    "try:\n    pass\nexcept ValueError as e:\n    x = e",
    "import math as m, json\nx = m.pi, json.dumps({})",
    "from math import sqrt as s\nx = s(2)",
    "match 1:\n    case [a, *b]:\n        x = a, b\n    case {'k': c, **d}:\n        x = c, d\n    case 1 | 2 as e:\n        x = e\n    case f:\n        x = f",
    "def f():\n    global g\n    g = 1\ndef h():\n    return g",
    "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    return g",
    "def f():\n    n = 0\n    class A:\n        n = 1\n        def g(self):\n            nonlocal n\n            n = 2\n            return n\n    return A",
    "class A:\n    x = 1\n    y = x + 1\n    def f(self):\n        return A",
    "def outer(fn):\n    return fn\n@outer\ndef inner():\n    return 1",
    "class A:\n    pass\nclass B(A):\n    pass",
    "x: int = 1\ny: 'unseen' = x",
    "def f(a=len, b=print):\n    return a, b",
    "if (n := 3) > 2:\n    x = n",
    "def f():\n    yield 1\n    x = yield\n    return x",
    "x = get_price_data, get_multiple_symbols_data, get_fundamental_data, scan_universe",
    "x = np.mean, pd.Series, math.pi, datetime.utcnow, timedelta(1)",
    "class A:\n    def __init__(self):\n        super().__init__()\n        self._x = 1\n    @classmethod\n    def make(cls):\n        return cls()\n    def _own(self):\n        return self._x",
]  # fmt: skip


@pytest.mark.parametrize("top", DEFINED)
def test_defined_name_is_accepted(top: str) -> None:
    assert [one for one in check(top + SIGNALS).diagnostics if one.severity == "error"] == []


UNKNOWN = [
    ("x = [a for a in [1]]\ny = a", "a", 2),
    ("f = lambda a: a\ny = a", "a", 2),
    ("def f():\n    b = 1\nx = b", "b", 3),
    ("class A:\n    c = 1\n    def f(self):\n        return c", "c", 4),
    ("class A:\n    c = 1\n    x = [c for _ in [1]]", "c", 3),
    ("def f(a: Missing):\n    return a", "Missing", 1),
    ("def f() -> Missing:\n    return 1", "Missing", 1),
    ("@missing\ndef f():\n    return 1", "missing", 1),
    ("class A(Missing):\n    pass", "Missing", 1),
    ("def f(a=missing):\n    return a", "missing", 1),
    ("def f():\n    def g():\n        d = 1\n    return d", "d", 4),
    ("x = [a for a in a]", "a", 1),
    ("try:\n    pass\nexcept Missing:\n    pass", "Missing", 3),
    ("x = f'{missing}'", "missing", 1),
    ("x = {**missing}", "missing", 1),
    ("match 1:\n    case 1 if missing:\n        pass", "missing", 2),
]


@pytest.mark.parametrize(("top", "name", "line"), UNKNOWN)
def test_unknown_name_is_refused(top: str, name: str, line: int) -> None:
    errors = [one for one in check(top + SIGNALS).diagnostics if one.severity == "error"]
    assert [(one.code, one.line) for one in errors] == [("name.unknown", line)]
    assert errors[0].message.startswith(f"{name} ")


@pytest.mark.parametrize(
    ("top", "hint"),
    [
        ("average = 1\nx = avrage", "did you mean average"),
        ("x = lenn([])", "did you mean len"),
        ("x = get_prices_data('A')", "did you mean get_price_data"),
        ("import numpy as np\nx = np.men([1])", "did you mean mean"),
        ("import numpy as np\nx = np.NaN", "use np.nan"),
        ("from pandas import Serie", "did you mean Series"),
        ("import numpyy", "did you mean numpy"),
    ],
)
def test_misspelt_name_is_told_its_nearest(top: str, hint: str) -> None:
    (error,) = [one for one in check(top + SIGNALS).diagnostics if one.severity == "error"]
    assert error.hint == hint


@pytest.mark.parametrize(
    "top",
    [
        "__x = 1",
        "def f(__x):\n    return 1",
        "def __f():\n    return 1",
        "class __A:\n    pass",
        "import math as __m",
        "try:\n    pass\nexcept ValueError as __e:\n    pass",
        "match 1:\n    case [*__x]:\n        pass",
        "match 1:\n    case {**__x}:\n        pass",
        "dict(__x=1)",
        "def f():\n    global __x\n    __x = 1",
        "def __init__(self):\n    return 1",
        "x = __name__",
        "if __name__ == '__main__' or 1:\n    pass",
        "def f():\n    if __name__ == '__main__':\n        pass",
    ],
)
def test_name_with_two_underscores_is_refused(top: str) -> None:
    assert "name.dunder" in {one.code for one in check(top + SIGNALS).diagnostics if one.severity == "error"}


def test_own_data_function_is_a_warning() -> None:
    report = check("def get_price_data(symbol):\n    return {}\ndef classify_symbol(symbol):\n    return False\n")
    assert report.ok
    assert [one.code for one in report.diagnostics] == ["data.shadowed"]
