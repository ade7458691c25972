"""What a run answered, checked and ready for the engine."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from libs.strategy.check.report import Diagnostic
from libs.strategy.sandbox.host.strict import Plain

ActionArray: TypeAlias = npt.NDArray[np.int8]
FloatArray: TypeAlias = npt.NDArray[np.float64]
HitArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CodeError:
    """Why the code as a whole gave no answer. line, column: of the code, from 1, None where unknown."""

    code: str
    type: str
    message: str
    line: int | None = None
    column: int | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SymbolError:
    """Why the code failed on one symbol; the others are not touched by it. message: with the hint, where there is one, at its end."""

    type: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a run that did answer."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """What came along with an answer.

    printed: the start of what the code printed. claimed: figures the code gave about itself, shown and never used. values: constants of
    the module that steer a run, such as SIGNAL_MODE. repeatable: a second call inside the child said the same, None if none was made.
    """

    warnings: tuple[Remark, ...] = ()
    printed: str = ""
    claimed: dict[str, Plain] | None = None
    values: dict[str, Plain] = field(default_factory=dict)
    repeatable: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SignalsAnswer:
    """actions: (T,) int8 in {-1, 0, 1} for each symbol that has no error, T its bars in the market.

    columns: (T,) by title that the code added to its df, finite or NaN; only if args said `explain` and asked one symbol.
    """

    contract: str
    actions: dict[str, ActionArray]
    columns: dict[str, FloatArray]
    errors: dict[str, SymbolError]
    told: Told


@dataclass(frozen=True, slots=True)
class Detail:
    """What a classifier said about one bar beyond yes or no. row: in the market's column of the symbol. signal: 1 buy, 0 hold, -1 sell."""

    row: int
    score: float | None
    signal: int | None
    data: dict[str, Plain] | None


@dataclass(frozen=True, slots=True, eq=False)
class ClassifyAnswer:
    """first: row of the first call by symbol; hits: (called rows,) by symbol without error; details in row order."""

    contract: str
    first: dict[str, int]
    hits: dict[str, HitArray]
    details: dict[str, tuple[Detail, ...]]
    errors: dict[str, SymbolError]
    told: Told


@dataclass(frozen=True, slots=True)
class Pick:
    """One line of a batch answer: at the as-of time (epoch ms, forced by the host) the code judged this symbol."""

    asof_ms: int
    ticker: str
    classification: bool
    score: float | None
    data: dict[str, Plain] | None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """picks: in the order of the as-of times asked, within one in the order the code gave them."""

    contract: str
    picks: tuple[Pick, ...]
    errors: dict[str, SymbolError]
    told: Told


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """The code may run. contracts: `python.signals`, ... as found; diagnostics: warnings only."""

    contracts: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """The code gave no answer: refused by the checker, raised, or answered what its contract does not allow."""

    error: CodeError
    diagnostics: tuple[Diagnostic, ...]
    printed: str


Answer: TypeAlias = SignalsAnswer | ClassifyAnswer | BatchAnswer | CheckAnswer
