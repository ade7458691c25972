"""Judges strategy code before anything runs: the courteous first wall, not the wall.

`check` reads a source and answers with diagnostics that a person or a model can act on. It runs nothing of it, needs the standard
library only, and never raises. What it lets through by mistake is contained by the sandbox.
"""

from libs.strategy.check.checker import check
from libs.strategy.check.report import Diagnostic, Report

__all__ = ["Diagnostic", "Report", "check"]
