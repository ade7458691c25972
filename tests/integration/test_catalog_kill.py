"""A writer of bars that is killed leaves whole bars, and the next one goes on."""

import subprocess
import sys
from pathlib import Path

from libs.market.catalog import Catalog, CatalogWriter
from tests.conftest import ROOT
from tests.unit.market.series import walk


def test_kill_in_the_middle_of_appends_leaves_a_prefix(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from libs.market.catalog import CatalogWriter\n"
        "from tests.unit.market.series import HOUR, START, walk\n"
        "frame, writer = walk(5_000), CatalogWriter(Path(sys.argv[1]))\n"
        "for bar in range(5_000):\n"
        "    writer.append('X', '1h', frame.until(START + HOUR * bar), 'a', True)\n"
        "    print(bar, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        reported = [int(child.stdout.readline()) for _ in range(5)][-1]
        child.kill()
    frame = walk(5_000)
    stored = Catalog(tmp_path).read("X", "1h")
    assert len(stored) > reported
    assert stored.data_hash() == frame.until(int(stored.ts[-1])).data_hash()
    assert CatalogWriter(tmp_path).append("X", "1h", frame, "a", True) == 5_000 - len(stored)
