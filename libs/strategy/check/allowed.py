"""What strategy code may name: modules and what they offer, built-in names, attributes, dunder methods, data functions.

Tables only, standard library only. The checker judges source by them, and the sandbox builds its built-ins and module proxies
from the same ones, so what is accepted is what exists. Everything not listed is refused; only attributes of arbitrary objects,
whose types nobody knows before running, are judged by a list of refusals. That list is courtesy: the kernel is the wall.
"""

from collections.abc import Mapping

from libs.strategy.check.allowed_numeric import NUMERIC


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STANDARD = {
    "__future__": "annotations",
    "abc": "ABC abstractmethod",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "calendar": """Calendar FRIDAY MONDAY SATURDAY SUNDAY THURSDAY TUESDAY WEDNESDAY day_abbr day_name isleap leapdays month_abbr
        month_name monthcalendar monthrange timegm weekday""",
    "cmath": """acos acosh asin asinh atan atanh cos cosh e exp inf infj isclose isfinite isinf isnan log log10 nan nanj phase pi
        polar rect sin sinh sqrt tan tanh tau""",
    "collections": "ChainMap Counter OrderedDict UserDict UserList defaultdict deque namedtuple",
    "collections.abc": """Callable Collection Container Generator Hashable ItemsView Iterable Iterator KeysView Mapping
        MutableMapping MutableSequence MutableSet Reversible Sequence Set Sized ValuesView""",
    "copy": "copy deepcopy",
    "dataclasses": "KW_ONLY asdict astuple dataclass field fields is_dataclass replace",
    "datetime": "MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo",
    "decimal": """Context Decimal DecimalException DivisionByZero Inexact InvalidOperation Overflow ROUND_05UP ROUND_CEILING
        ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP getcontext localcontext setcontext""",
    "enum": "Enum Flag IntEnum IntFlag StrEnum auto unique",
    "fractions": "Fraction",
    "functools": "cache cached_property cmp_to_key lru_cache partial partialmethod reduce total_ordering wraps",
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "itertools": """accumulate chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse
        groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest""",
    "json": "JSONDecodeError dumps loads",
    "math": """acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
        factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p
        log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp""",
    "numbers": "Complex Integral Number Rational Real",
    "operator": """abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not itemgetter le
        lshift lt matmul mod mul ne neg not_ or_ pos pow rshift setitem sub truediv truth xor""",
    "random": """Random betavariate choice choices expovariate gammavariate gauss getrandbits getstate lognormvariate
        normalvariate paretovariate randbytes randint random randrange sample seed setstate shuffle triangular uniform
        vonmisesvariate weibullvariate""",
    "re": """A ASCII DOTALL I IGNORECASE M MULTILINE Match NOFLAG Pattern RegexFlag S U UNICODE VERBOSE X compile error escape
        findall finditer fullmatch match search split sub subn""",
    "statistics": """NormalDist StatisticsError correlation covariance fmean geometric_mean harmonic_mean linear_regression mean
        median median_grouped median_high median_low mode multimode pstdev pvariance quantiles stdev variance""",
    "string": "ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits printable punctuation whitespace",
    "time": "monotonic perf_counter time time_ns",
    "typing": """Annotated Any AnyStr Callable ClassVar Collection Counter DefaultDict Deque Dict Final FrozenSet Generator Generic
        Hashable Iterable Iterator List Literal Mapping MutableMapping NamedTuple NewType NoReturn Optional OrderedDict ParamSpec
        Protocol Sequence Set Sized SupportsFloat SupportsInt TYPE_CHECKING Tuple Type TypeAlias TypeVar TypedDict Union cast
        final overload""",
    "warnings": "catch_warnings filterwarnings resetwarnings simplefilter warn",
}

MODULES: Mapping[str, frozenset[str]] = {
    **{module: _words(names) for module, names in _STANDARD.items()},
    **NUMERIC,
}
"""Full dotted name of every module that may be imported -> names that may be used from it, sub-modules not among them."""

CHILDREN: Mapping[str, Mapping[str, str]] = {
    parent: {name.rpartition(".")[2]: name for name in MODULES if name.rpartition(".")[0] == parent}
    | ({"offsets": "pandas.tseries.offsets"} if parent == "pandas" else {})
    for parent in MODULES
}
"""Module -> attribute -> full name of the module it is: `CHILDREN["numpy"]["linalg"] == "numpy.linalg"`."""

PROVIDED: Mapping[str, tuple[str, str | None]] = {
    "np": ("numpy", None),
    "pd": ("pandas", None),
    "math": ("math", None),
    "datetime": ("datetime", "datetime"),
    "timedelta": ("datetime", "timedelta"),
}
"""Names a strategy finds without importing them -> module and the name in it (None is the module itself)."""

DATA_FUNCTIONS = frozenset({"get_price_data", "get_multiple_symbols_data", "get_fundamental_data", "scan_universe"})

EXCEPTIONS = _words(
    """ArithmeticError AssertionError AttributeError BaseException Exception FloatingPointError GeneratorExit IndexError
    KeyError KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError OverflowError RecursionError
    RuntimeError StopIteration SystemExit TypeError UnboundLocalError UnicodeError ValueError ZeroDivisionError
    DeprecationWarning FutureWarning RuntimeWarning UserWarning Warning"""
)

BUILTINS: frozenset[str] = EXCEPTIONS | _words(
    """abs all any bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter float format
    frozenset hash hex int isinstance issubclass iter len list map max min next object oct ord pow print property range repr
    reversed round set slice sorted staticmethod str sum super tuple zip Ellipsis NotImplemented"""
)
"""Built-in names a strategy may use; True, False, None and __debug__ are words of the language."""

DUNDER_METHODS = frozenset(
    f"__{name}__"
    for name in _words(
        """init post_init repr str len iter next reversed getitem setitem contains call enter exit bool int float index
    hash eq ne lt le gt ge add radd iadd sub rsub isub mul rmul imul truediv rtruediv floordiv rfloordiv mod rmod pow neg pos
    abs round"""
    )
)
"""Dunder methods a class of a strategy may define."""

TUPLE_METHODS = frozenset({"_asdict", "_fields", "_make", "_replace"})
"""The public underscore names of named tuples."""

WRITERS_ALLOWED = _words(
    """to_numpy to_list to_dict to_frame to_records to_datetime to_timedelta to_numeric to_period to_timestamp to_string
    to_pydatetime to_pytimedelta to_series to_flat_index to_julian_date to_datetime64 to_timedelta64 to_offset to_integral
    to_integral_value to_integral_exact to_eng_string"""
)
"""The only attributes that begin with `to_`; the other ones of pandas write files."""

_FILES = "it reads or writes files, which a strategy cannot do"
_INSIDE = "it leads into the interpreter, not to data"
_TEXT = "it evaluates text as code"
_DRAWS = "it draws or formats for people; a strategy only answers signals"
_FIELDS = "its fields can reach any attribute by name"

_DENIED: Mapping[str, str] = {
    **dict.fromkeys(
        _words(
            """DataSource ExcelFile ExcelWriter HDFStore dump fromfile genfromtxt loadtxt memmap savetxt savez
        savez_compressed tofile"""
        ),
        _FILES,
    ),
    **dict.fromkeys(
        _words(
            """builtins ctypes ctypeslib get_type_hints importlib modules mro obj os subprocess sys traceback
        update_wrapper with_traceback"""
        ),
        _INSIDE,
    ),
    **dict.fromkeys(("eval", "query"), _TEXT),
    **dict.fromkeys(("boxplot", "hist", "plot", "style"), _DRAWS),
    **dict.fromkeys(("attrgetter", "format_map", "methodcaller"), _FIELDS),
}
_DENIED_BEGINNINGS = ("gi_", "cr_", "ag_", "tb_", "f_", "co_")


def denied_attribute(name: str) -> str | None:
    """Return why an attribute may not be used on any object, None where it may.

    name: as Python folds it (NFKC). `self._x`, `super().__init__` and the calls that `format` may get are the checker's affair.
    """
    if name in _DENIED:
        return _DENIED[name]
    if name.startswith("_"):
        return None if name in TUPLE_METHODS else _INSIDE
    if name.startswith("read_") or (name.startswith("to_") and name not in WRITERS_ALLOWED):
        return _FILES
    return _INSIDE if name.startswith(_DENIED_BEGINNINGS) else None
