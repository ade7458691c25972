"""After the warm-up nothing is loaded or opened any more: shown in a process of its own that forbids both."""

import subprocess
import sys

from tests.conftest import ROOT

_SEALED = """
import sys
sys.modules.update(dict.fromkeys(("pyarrow", "numexpr", "bottleneck", "numba", "matplotlib")))
sys.path.insert(0, sys.argv[1])
from libs.strategy.sandbox.warmup import warm_up
from tests.unit.strategy.sandbox.guest_corners import source
from tests.unit.strategy.sandbox.guest_jobs import Guest, one
warm_up()
guest = Guest(one(96).market, guarded=False)
loaded = set(sys.modules)
def forbid(event, arguments):
    if event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "socket.connect"):
        raise PermissionError(f"{event} {arguments}")
sys.addaudithook(forbid)
found = guest.signals(source())
assert found.actions == [0] * 96
print(found.header["printed"], sorted(set(sys.modules) - loaded))
"""


def test_a_warm_process_opens_no_file_whatever_a_strategy_does() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SEALED, str(ROOT)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
