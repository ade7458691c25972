"""Attributes and texts: what reaches the interpreter or a file is refused, their everyday neighbours are not."""

import pytest

from libs.strategy.check import check

SIGNALS = "\ndef generate_signals(df):\n    return [0] * len(df)\n"


def errors(top: str) -> list[str]:
    return [one.code for one in check(top + SIGNALS).diagnostics if one.severity == "error"]


REFUSED = [
    ("x = 1\nx.__class__", "attribute.dunder"),
    ("x = 1\nx._own", "attribute.private"),
    ("class A:\n    def f(self):\n        return self.__x", "attribute.private"),
    ("class A:\n    def f(self, other):\n        return other._x", "attribute.private"),
    ("def f(self):\n    return self._x", "attribute.private"),
    ("x = 1\nx.__init__()", "attribute.dunder"),
    ("'{x[0]}'.format(x=[1])", "text.format"),
    ("'{0.real}'.format(1)", "text.format"),
    ("'{0:{1.real}}'.format(1, 2)", "text.format"),
    ("'{'.format(1)", "text.format"),
    ("x = '{}'\nx.format(1)", "text.format"),
    ("f = str.format", "text.format"),
    ("x = 1\nx.to_string('f')", "attribute.denied"),
    ("x = 1\nx.to_string(buf='f')", "attribute.denied"),
    ("x = 1\nx.to_string(**{'a': 1})", "attribute.denied"),
    ("x = 1\nf = x.to_string", "attribute.denied"),
    ("x = 1\nx.agg('to_csv')", "attribute.denied"),
    ("x = 1\nx.agg(['mean', 'to_csv'])", "attribute.denied"),
    ("x = 1\nx.agg({'a': ('to_csv',)})", "attribute.denied"),
    ("x = 1\nx.apply(func='to_pickle')", "attribute.denied"),
    ("x = 1\nx.f_code", "attribute.denied"),
    ("from pandas import Series\nSeries.mean = 1", "module.assigned"),
    ("import numpy as np\nnp.random.seed = 1", "module.assigned"),
    ("import numpy as np\ndel np.mean", "module.assigned"),
    ("import numpy as np\nnp.mean += 1", "module.assigned"),
    ("import numpy as np\nx = [np]", "module.value"),
    ("import numpy as np\nprint(np.random)", "module.value"),
    ("import numpy.linalg\nx = numpy.load", "module.unknown_name"),
    ("from numpy import lib\nlib.npyio", "module.unknown_name"),
    ("x = b'__class__'", "text.dunder"),
    ("x = f'__{1}__'", "text.dunder"),
    ("x = '%s__class__' % 1", "text.dunder"),
    ("x = {'__reduce__': 1}", "text.dunder"),
    ("x = '" + "a" * 1_900 + "' \\\n'" + "'\\\n'".join(["b" * 1_900] * 4) + "'", "text.too_long"),
    ("x = -10000000000000000000", "number.too_large"),
]


@pytest.mark.parametrize(("top", "code"), REFUSED, ids=[top[:50] for top, _ in REFUSED])
def test_attribute_or_text_is_refused(top: str, code: str) -> None:
    assert errors(top) == [code]


ACCEPTED = [
    "class A:\n    def f(self):\n        self._x = 1\n        return self._x",
    "class A:\n    def f(me):\n        return me._x",
    "class A:\n    def f(self):\n        return [self._x for _ in [1]]",
    "class A:\n    def __init__(self):\n        super().__init__()",
    "from collections import namedtuple\nx = namedtuple('P', 'a')(1)._replace(a=2)._asdict()",
    "x = '{:.2f} {0!r:>10} {name} {{}}'.format(1, name=2)",
    "x = '{:{}.{}f}'.format(1.5, 8, 2)",
    "x = list(map('{:03d}'.format, [1]))",
    "x = f'{1:.2f} {2!r}'",
    "x = 1\nx.to_string()",
    "x = 1\nx.to_string(index=False)",
    "x = 1\nx.agg(['mean', 'std'])",
    "x = {'load': 1, 'to_csv': 2, 'eval': 3}",
    "x = 1\nx.load, x.options, x.char, x.info, x.test, x.data, x.name",
    "x = '_' * 20 + '_____' + 'a_b' + '__'",
    "def f():\n    'Words about __init__.'\n    return 1",
    "x = 10 ** 18",
    "x = 1e300",
    "import decimal\ndecimal.getcontext().prec = 10",
    "import numpy as np\nx = np.lib.stride_tricks.sliding_window_view([1], 1)",
    "import numpy.linalg as la\nx = la.norm([1])",
    "import pandas as pd\nx = pd.offsets.MonthEnd(1), pd.api.types.is_number(1)",
    "import collections.abc\nx = isinstance([], collections.abc.Sequence)",
    "from datetime import datetime\nx = datetime.utcnow(), datetime.now().timestamp()",
    "import datetime\nx = datetime.datetime.utcnow()",
]


@pytest.mark.parametrize("top", ACCEPTED)
def test_everyday_attribute_or_text_is_accepted(top: str) -> None:
    assert errors(top) == []
