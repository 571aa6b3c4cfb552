"""Idle memory of a running stack, process by process.

Prints the resident set (RSS), which counts shared pages in every process that maps them, and the proportional
set (PSS), which shares them out. Start a stack, let it rest for a minute, then:

    .venv/bin/python bench/idle_memory.py [--data DIR]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import psutil

MIB = 1024 * 1024


def status(data: str) -> list[dict[str, object]]:
    """The stack's own report of its processes."""
    script = Path(sys.executable).with_name("customer-graph")
    done = subprocess.run(
        [str(script), "devstack", "status", "--json", "--data", data],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    processes: list[dict[str, object]] = json.loads(done.stdout)["processes"]
    return processes


def measure(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process and all that it started, in MiB."""
    root = psutil.Process(pid)
    tree = [root, *root.children(recursive=True)]
    rss = sum(process.memory_info().rss for process in tree)
    pss = sum(process.memory_full_info().pss for process in tree)
    return rss / MIB, pss / MIB


def main() -> None:
    """Print one line a process, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=".data")
    processes = status(parser.parse_args().data)
    if not processes:
        sys.exit("nothing is running; start it with: customer-graph devstack up")
    supervisor = psutil.Process(int(str(processes[0]["pid"]))).parent()
    total_rss = total_pss = 0.0
    rows = [(str(process["name"]), int(str(process["pid"]))) for process in processes if process["pid"]]
    for name, pid in rows:
        rss, pss = measure(pid)
        total_rss, total_pss = total_rss + rss, total_pss + pss
        print(f"{name:<11} {rss:7.1f} MiB RSS {pss:7.1f} MiB PSS")
    print(f"{'together':<11} {total_rss:7.1f} MiB RSS {total_pss:7.1f} MiB PSS")
    if supervisor is not None:
        print(f"(devstack up itself: {supervisor.memory_info().rss / MIB:.1f} MiB RSS)")


if __name__ == "__main__":
    main()
