"""`python -m tests.kit.crash_stack devstack up …`: the devstack, with every process run by `crash_point`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from devstack import service, supervisor
from kernel.cli import main
from tests.kit.crash_point import ROOT, impatient_table

__all__ = ["FOLDER"]

#: Environment variable: the folder in which points are armed.
FOLDER = "CUSTOMER_GRAPH_CRASH_FOLDER"
#: Seconds before a process that died is started again, however often it did: here it does so all the time.
_RESTART_SECONDS = 0.1


def _launcher(folder: Path) -> Path:
    """An executable in the place of `customer-graph`."""
    path = folder / "launcher"
    path.write_text(
        f"#!{sys.executable}\n"
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nsys.argv.insert(1, {str(folder)!r})\n"
        "from tests.kit.crash_point import main\nmain()\n"
    )
    path.chmod(0o755)
    return path


if __name__ == "__main__":
    crash_folder = Path(os.environ[FOLDER])
    impatient_table(crash_folder)
    launcher = _launcher(crash_folder)
    service.console_script = lambda: launcher
    supervisor.BACKOFF_CAP_SECONDS = _RESTART_SECONDS  # type: ignore[misc]
    main()
