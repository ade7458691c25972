"""The modes there are, by the name that a task carries."""

from collections.abc import Mapping

from services.backtest.modes.alert import Alert
from services.backtest.modes.protocol import Mode
from services.backtest.modes.screen import Screen
from services.backtest.modes.sweep import Sweep
from services.backtest.modes.universe import UniverseBacktest
from services.backtest.modes.walk_forward import WalkForward

MODES: Mapping[str, Mode] = {
    "screen": Screen(),
    "alert": Alert(),
    "backtest_universe": UniverseBacktest(),
    "sweep": Sweep(),
    "walk_forward": WalkForward(),
}
