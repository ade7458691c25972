"""Words of pandas and numpy that the guesses and warnings go by."""

from collections.abc import Mapping

COLUMNS = frozenset({"open", "high", "low", "close", "volume"})
INDEXERS = frozenset({"iloc", "loc", "iat", "at"})
WINDOWS = frozenset({"rolling", "expanding", "ewm"})

WHOLE = frozenset({"mean", "min", "max", "std", "var", "median", "quantile", "mode", "skew", "kurt", "sem"})
"""Methods that answer one number for a whole column."""

FINDERS = frozenset({"idxmax", "idxmin", "argmax", "argmin", "nlargest", "nsmallest", "rank", "sort_values", "argsort"})
"""Methods that order a whole column."""

NUMPY_WHOLE = frozenset(
    f"numpy.{name}"
    for name in (
        *("mean", "min", "max", "amin", "amax", "std", "var", "median", "quantile", "percentile", "average"),
        *("nanmean", "nanmin", "nanmax", "nanstd", "nanvar", "nanmedian", "nanquantile", "nanpercentile"),
    )
)
NUMPY_FINDERS = frozenset(
    f"numpy.{name}"
    for name in ("argmax", "argmin", "nanargmax", "nanargmin", "argsort", "sort", "polyfit", "fft.fft", "fft.rfft")
)
NUMPY_CENTERED = frozenset({"numpy.gradient"})
NUMPY_SAME = frozenset({"numpy.convolve", "numpy.correlate"})

FRAME_TO_FRAME = frozenset(
    {
        "assign",
        "astype",
        "copy",
        "dropna",
        "fillna",
        "ffill",
        "pct_change",
        "diff",
        "shift",
        "abs",
        "rename",
        "reset_index",
        "round",
    }
)
SERIES_TO_SERIES = frozenset(
    {
        *(
            "abs",
            "add",
            "apply",
            "astype",
            "between",
            "clip",
            "copy",
            "cummax",
            "cummin",
            "cumprod",
            "cumsum",
            "diff",
            "div",
        ),
        *(
            "divide",
            "eq",
            "fillna",
            "ffill",
            "ge",
            "gt",
            "isin",
            "isna",
            "le",
            "lt",
            "map",
            "mask",
            "mul",
            "multiply",
            "ne",
        ),
        *(
            "notna",
            "pct_change",
            "pow",
            "replace",
            "reindex",
            "round",
            "rsub",
            "rdiv",
            "shift",
            "sub",
            "subtract",
            "where",
        ),
    }
)
CALENDAR_COLUMNS = frozenset(
    {"cumcount", "cummax", "cummin", "cumprod", "cumsum", "diff", "ngroup", "pct_change", "shift"}
)
"""Methods of groups that look at earlier rows only."""

MEETINGS = frozenset({"reindex", "join", "merge", "map", "align", "reindex_like", "combine_first", "update"})
"""Methods by which a column of higher bars meets the bars of the strategy."""

REMOVED: Mapping[str, str] = {
    "applymap": "write .map(function)",
    "iteritems": "write .items()",
    "ix": "write .loc or .iloc",
    "append": "write pd.concat([a, b])",
    "mad": "write (s - s.mean()).abs().mean()",
    "swapaxes": "write .T",
    "backfill": "there is .bfill(), which takes values from the future",
    "pad": "write .ffill()",
}
"""Methods that pandas 3 no longer has."""

FREQUENCIES: Mapping[str, str] = {
    "H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "N": "ns", "BH": "bh",
    "M": "ME", "Q": "QE", "Y": "YE", "A": "YE", "AS": "YS", "BM": "BME", "BQ": "BQE", "BA": "BYE", "SM": "SME", "CBM": "CBME",
}  # fmt: skip
"""Spellings that pandas 3 refuses -> what it takes instead."""

TAKES_FREQUENCY: Mapping[str, int] = {
    "resample": 0, "asfreq": 0, "floor": 0, "ceil": 0, "rolling": 0, "to_offset": 0,
    "date_range": 3, "Grouper": 4, "bdate_range": 3, "period_range": 3,
}  # fmt: skip
"""Function or method -> position of its frequency; elsewhere it is the keyword `freq` or `rule`."""
