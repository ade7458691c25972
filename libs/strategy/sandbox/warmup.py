"""Everything numpy, pandas and the standard library load late, loaded now: a child can open no file.

Trusted code, run once in the process that children are forked from, before it looks at itself. An operation missing among the corners
fails in a child with ModuleNotFoundError, which a test looks for.
"""

import os
import time
import warnings
from datetime import tzinfo
from functools import cache
from importlib import import_module
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from libs.strategy.sandbox.guest.corners_numpy import NUMPY_AND_TEXTS
from libs.strategy.sandbox.guest.corners_pandas import PANDAS
from libs.strategy.sandbox.guest.modules import make_modules
from libs.strategy.sandbox.guest.run import rehearse

_ROWS = 200
_ZONES = """
    UTC GMT EST MST CET EET WET EST5EDT CST6CDT MST7MDT PST8PDT Etc/UTC Etc/GMT US/Eastern US/Central US/Mountain US/Pacific
    America/New_York America/Chicago America/Denver America/Los_Angeles America/Toronto America/Vancouver America/Mexico_City
    America/Sao_Paulo America/Bogota America/Lima America/Santiago America/Argentina/Buenos_Aires Europe/London Europe/Dublin
    Europe/Lisbon Europe/Madrid Europe/Paris Europe/Brussels Europe/Amsterdam Europe/Berlin Europe/Zurich Europe/Vienna Europe/Rome
    Europe/Copenhagen Europe/Stockholm Europe/Oslo Europe/Helsinki Europe/Warsaw Europe/Prague Europe/Budapest Europe/Athens
    Europe/Istanbul Europe/Kiev Europe/Kyiv Europe/Moscow Africa/Cairo Africa/Johannesburg Africa/Lagos Africa/Nairobi Asia/Dubai
    Asia/Riyadh Asia/Jerusalem Asia/Tehran Asia/Karachi Asia/Kolkata Asia/Calcutta Asia/Dhaka Asia/Bangkok Asia/Jakarta
    Asia/Ho_Chi_Minh Asia/Manila Asia/Kuala_Lumpur Asia/Singapore Asia/Hong_Kong Asia/Shanghai Asia/Taipei Asia/Seoul Asia/Tokyo
    Australia/Perth Australia/Brisbane Australia/Sydney Australia/Melbourne Pacific/Auckland Pacific/Honolulu
"""
"""Time zones of the places where people trade; others need a file and are refused in a child."""


def warm_up() -> None:
    """Import every allowed module and run each corner once; local time becomes UTC. Raises what a corner raises."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    make_modules()
    frame = _frame()
    for zone in time_zones():
        frame.index.tz_convert(str(zone)).hour.max()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for corner in (*PANDAS, *NUMPY_AND_TEXTS):
            corner(frame.copy())
    rehearse()


@cache
def time_zones() -> tuple[tzinfo, ...]:
    """Return the time zones a strategy may use, of those this machine knows; kept, because Python's own caches forget them.

    Both kinds: Python's, and its twin written in Python, which pandas asks for the rules.
    """
    known = available_timezones()
    kinds = (ZoneInfo, import_module("zoneinfo._zoneinfo").ZoneInfo)
    return tuple(kind(name) for name in _ZONES.split() if name in known for kind in kinds)


def _frame() -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=_ROWS, freq="h", tz="UTC", name="ts")
    steps = np.arange(_ROWS, dtype=np.float64)
    close = 100 + 10 * np.sin(steps / 9) + steps / 50
    columns = {"open": close - 0.1, "high": close + 1, "low": close - 1, "close": close, "volume": 1_000 + steps}
    return pd.DataFrame(columns, index=times)
