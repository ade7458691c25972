"""The only time a strategy can read: the close of the bar being decided.

Decides what `now` means in datetime, time and pandas. `pd.Timestamp("now")` and `np.datetime64("now")` read the machine's clock in C
and are not covered; the rerun of the evidence shows them as not reproducible.
"""

import datetime as datetimes
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd


def clocked(now_ms: Callable[[], int]) -> Mapping[str, Mapping[str, Any]]:
    """Return what replaces the clock readers, by module and name. now_ms: the as-of time, epoch milliseconds UTC."""
    epoch = datetimes.datetime(1970, 1, 1, tzinfo=datetimes.UTC)

    def now(tz: datetimes.tzinfo | None = None) -> datetimes.datetime:
        moment = epoch + datetimes.timedelta(milliseconds=now_ms())
        return moment.replace(tzinfo=None) if tz is None else moment.astimezone(tz)

    def stamp(tz: Any = None) -> pd.Timestamp:
        moment = pd.Timestamp(now_ms(), unit="ms", tz="UTC")
        return moment.tz_localize(None) if tz is None else moment.tz_convert(tz)

    return {
        "datetime": {"datetime": _datetime_class(now), "date": _date_class(now)},
        "pandas": {"Timestamp": _timestamp_class(stamp)},
        "time": {
            "time": lambda: now_ms() / 1_000,
            "time_ns": lambda: now_ms() * 1_000_000,
            "monotonic": lambda: now_ms() / 1_000,
            "perf_counter": lambda: now_ms() / 1_000,
        },
    }


def _same_as(real: type) -> type[type]:
    """Return a metaclass whose classes know the instances and subclasses of `real` as theirs."""

    class SameAs(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, real)

        def __eq__(cls, other: object) -> bool:
            return other is real or other is cls

        def __hash__(cls) -> int:
            return hash(real)

    return SameAs


def _datetime_class(now: Callable[..., datetimes.datetime]) -> type:
    class Datetime(datetimes.datetime, metaclass=_same_as(datetimes.datetime)):  # type: ignore[metaclass]
        def __new__(cls, *args: Any, **named: Any) -> Any:
            return datetimes.datetime(*args, **named)  # noqa: DTZ001  a strategy may want a naive one

        @classmethod
        def now(cls, tz: datetimes.tzinfo | None = None) -> Any:
            return now(tz)

        @classmethod
        def utcnow(cls) -> Any:
            return now()

        @classmethod
        def today(cls) -> Any:
            return now()

    Datetime.__name__ = Datetime.__qualname__ = "datetime"
    return Datetime


def _date_class(now: Callable[..., datetimes.datetime]) -> type:
    class Date(datetimes.date, metaclass=_same_as(datetimes.date)):  # type: ignore[metaclass]
        def __new__(cls, *args: Any, **named: Any) -> Any:
            return datetimes.date(*args, **named)

        @classmethod
        def today(cls) -> Any:
            return now().date()

    Date.__name__ = Date.__qualname__ = "date"
    return Date


def _timestamp_class(stamp: Callable[..., pd.Timestamp]) -> type:
    class Timestamp(pd.Timestamp, metaclass=_same_as(pd.Timestamp)):  # type: ignore[metaclass, misc]
        def __new__(cls, *args: Any, **named: Any) -> Any:
            return pd.Timestamp(*args, **named)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return stamp(tz)

        @classmethod
        def today(cls, tz: Any = None) -> Any:
            return stamp(tz)

        @classmethod
        def utcnow(cls) -> Any:
            return stamp("UTC")

    Timestamp.__name__ = Timestamp.__qualname__ = "Timestamp"
    return Timestamp
