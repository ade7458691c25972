"""The condition language bar by bar in plain Python, from the definitions and without a column: what the fast one must equal.

Every value is computed anew from the bars up to its own. NaN is a missing value, None an unknown truth.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from libs.market.frame import Frame
from libs.strategy.conditions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Not,
    Number,
    Numeric,
    Or,
    Shift,
    Truth,
)

NAN = math.nan
CLOSE = 1e-7


class NearTie(Exception):
    """Two compared values are nearly but not exactly equal."""


class Slowly:
    def __init__(self, frame: Frame):
        self.frame = frame
        self.memo: dict[tuple[Numeric, int], float] = {}

    def number(self, node: Numeric, bar: int) -> float:
        if bar < 0:
            return NAN
        if (node, bar) not in self.memo:
            value = self._number(node, bar)
            self.memo[node, bar] = value if math.isfinite(value) else NAN
        return self.memo[node, bar]

    def truth(self, node: Truth, bar: int) -> bool | None:
        match node:
            case Comparison():
                return _every([self.compared(a, sign, b, bar) for a, sign, b in node.pairs()])
            case Crossing(above=above, first=a, second=b):
                before, now = ("<=", ">") if above else (">=", "<")
                return _every([self.compared(a, before, b, bar - 1), self.compared(a, now, b, bar)])
            case Not(of=of):
                known = self.truth(of, bar)
                return None if known is None else not known
            case And(parts=parts):
                return _every([self.truth(part, bar) for part in parts])
            case Or(parts=parts):
                return _some([self.truth(part, bar) for part in parts])

    def compared(self, left: Numeric, sign: str, right: Numeric, bar: int) -> bool | None:
        a, b = self.number(left, bar), self.number(right, bar)
        if math.isnan(a) or math.isnan(b):
            return None
        if a != b and abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b)):
            raise NearTie
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[sign]

    def _number(self, node: Numeric, bar: int) -> float:
        match node:
            case Number(value=value):
                return value
            case Column(name=name):
                return float(getattr(self.frame, name)[bar])
            case Shift(of=of, bars=bars):
                return self.number(of, bar - bars)
            case Negative(of=of):
                return -self.number(of, bar)
            case Arithmetic(operator=operator, left=left, right=right):
                return _joined(operator, self.number(left, bar), self.number(right, bar))
            case Indicator(name=name, source=source, settings=settings, output=output):
                given = source or Column("close")
                return self.indicator(name, [self.number(given, one) for one in range(bar + 1)], settings, output)

    def indicator(  # noqa: C901  one case an indicator
        self, name: str, values: list[float], settings: Sequence[float], output: str
    ) -> float:
        last = len(values) - 1
        period = int(settings[0]) if settings else 0
        high, low, close, volume = (
            [float(one) for one in getattr(self.frame, column)[: last + 1]]
            for column in ("high", "low", "close", "volume")
        )
        match name:
            case "sma":
                return _mean(_window(values, period))
            case "wma":
                return sum(w * x for w, x in zip(range(1, period + 1), _window(values, period), strict=False)) / (
                    period * (period + 1) / 2
                )
            case "ema":
                return _ema(values, period)[-1]
            case "rsi":
                moves = [NAN, *(b - a for a, b in pairwise(values))]
                gain = _wilder([max(one, 0.0) if one == one else NAN for one in moves], period)
                loss = _wilder([max(-one, 0.0) if one == one else NAN for one in moves], period)
                return 100 * _joined("/", gain, gain + loss)
            case "roc":
                return (_joined("/", values[-1], values[last - period]) - 1) * 100 if last >= period else NAN
            case "change":
                return values[-1] - values[last - period] if last >= period else NAN
            case "highest":
                return _extreme(max, values, period)
            case "lowest":
                return _extreme(min, values, period)
            case "donchian":
                top, bottom = _extreme(max, high, period), _extreme(min, low, period)
                return {"upper": top, "middle": (top + bottom) / 2, "lower": bottom}[output]
            case "bollinger":
                window = _window(values, period)
                middle = _mean(window)
                away = settings[1] * math.sqrt(_mean([(one - middle) ** 2 for one in window]))
                return {"upper": middle + away, "middle": middle, "lower": middle - away}[output]
            case "macd":
                fast, slow, smooth = (int(one) for one in settings)
                both = zip(_ema(values, fast, slow - fast), _ema(values, slow), strict=True)
                lines = [quick - slack for quick, slack in both]
                signal = _ema(lines, smooth)[-1]
                return {"line": lines[-1], "signal": signal, "histogram": lines[-1] - signal}[output]
            case "stochastic":
                fasts = [_fast_k(high[: n + 1], low[: n + 1], close[: n + 1], period) for n in range(last + 1)]
                slows = [_mean(_window(fasts[: n + 1], int(settings[1]))) for n in range(last + 1)]
                return slows[-1] if output == "k" else _mean(_window(slows, int(settings[2])))
            case "obv":
                return volume[0] + sum(
                    v * ((b > a) - (b < a)) for a, b, v in zip(close, close[1:], volume[1:], strict=False)
                )
            case "vwap":
                typical = [(h + m + c) / 3 for h, m, c in zip(high, low, close, strict=True)]
                spent = sum(p * v for p, v in zip(_window(typical, period), _window(volume, period), strict=True))
                return _joined("/", spent, sum(_window(volume, period)))
            case "atr":
                return _wilder(_true_ranges(high, low, close), period)
            case _:
                return _directional(name, high, low, close, period)


def _every(known: list[bool | None]) -> bool | None:
    return False if False in known else None if None in known else True


def _some(known: list[bool | None]) -> bool | None:
    return True if True in known else None if None in known else False


def _joined(operator: str, a: float, b: float) -> float:
    if operator == "/":
        return a / b if b != 0 else NAN
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def _window(values: list[float], period: int) -> list[float]:
    return values[-period:] if len(values) >= period else [NAN] * period


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if all(one == one for one in values) else NAN


def _extreme(pick: object, values: list[float], period: int) -> float:
    window = _window(values, period)
    return float(pick(window)) if all(one == one for one in window) else NAN  # type: ignore[operator]


def _run(values: list[float]) -> list[float]:
    """Return the values since the last missing one."""
    start = max((place + 1 for place, one in enumerate(values) if one != one), default=0)
    return values[start:]


def _ema(values: list[float], period: int, skip: int = 0) -> list[float]:
    found = []
    for end in range(1, len(values) + 1):
        run = _run(values[:end])[skip:]
        if len(run) < period:
            found.append(NAN)
            continue
        average = sum(run[:period]) / period
        for one in run[period:]:
            average += (one - average) * 2 / (period + 1)
        found.append(average)
    return found


def _wilder(values: list[float], period: int) -> float:
    run = _run(values)
    if len(run) < period:
        return NAN
    average = sum(run[:period]) / period
    for one in run[period:]:
        average = (average * (period - 1) + one) / period
    return average


def _true_ranges(high: list[float], low: list[float], close: list[float]) -> list[float]:
    return [NAN, *(max(h, c) - min(m, c) for h, m, c in zip(high[1:], low[1:], close, strict=False))]


def _fast_k(high: list[float], low: list[float], close: list[float], period: int) -> float:
    top, bottom = _extreme(max, high, period), _extreme(min, low, period)
    return 100 * _joined("/", close[-1] - bottom, top - bottom)


def _directional(name: str, high: list[float], low: list[float], close: list[float], period: int) -> float:
    ups, downs = [], []
    for before, now in zip(range(len(high)), range(1, len(high)), strict=False):
        rise, fall = high[now] - high[before], low[before] - low[now]
        ups.append(rise if rise > fall and rise > 0 else 0.0)
        downs.append(fall if fall > rise and fall > 0 else 0.0)
    ranges = _true_ranges(high, low, close)[1:]
    plus, minus, strength = [], [], []
    for end in range(period, len(ranges) + 1):
        reach = _decayed(ranges[:end], period)
        up, down = (100 * _joined("/", _decayed(moves[:end], period), reach) for moves in (ups, downs))
        plus.append(up)
        minus.append(down)
        strength.append(100 * _joined("/", abs(up - down), up + down))
    if name != "adx":
        found = plus if name == "plus_di" else minus
        return found[-1] if found else NAN
    if len(strength) < period:
        return NAN
    average = sum(one for one in strength[:period] if one == one) / period
    for one in strength[period:]:
        average = (average * (period - 1) + one) / period if one == one else average
    return average


def _decayed(values: list[float], period: int) -> float:
    total = sum(values[: period - 1])
    for one in values[period - 1 :]:
        total = total * (period - 1) / period + one
    return total
