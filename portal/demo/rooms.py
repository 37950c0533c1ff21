"""Where a demo lives: a fresh folder for each run, marked as a demo's; older demos' folders are cleared away, nothing else."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kernel import clock
from portal.demo.stage import DemoError

MARK = ".kaibiao-demo"
NEEDED = 4 * 10**9
"""Bytes: 300 MB of bids as made, sealed, uploaded, opened, and in the archive."""


@contextmanager
def fresh(var: Path) -> Iterator[Path]:
    """`<var>/demo/<time>`, locked while it is in use; finished demos are removed first, each is 1.2 GB."""
    home = var / "demo"
    home.mkdir(parents=True, exist_ok=True)
    if os.environ.get("KAIBIAO_DEMO_KEEP") != "1":
        clear(home)
    free = shutil.disk_usage(home).free
    if free < NEEDED:
        raise DemoError(f"{home}: {NEEDED // 10**9} GB of free disk are needed, there are {free / 10**9:.1f} GB")
    folder = home / clock.beijing(clock.wall()).strftime("%Y%m%d-%H%M%S")
    folder.mkdir()
    with (folder / MARK).open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        yield folder


def clear(home: Path) -> None:
    """Remove earlier demos: folders with the mark that no running demo holds."""
    for mark in home.glob(f"*/{MARK}"):
        with mark.open() as held:
            if _unused(held):
                shutil.rmtree(mark.parent)


def _unused(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_ports(ports: Sequence[int]) -> None:
    """DemoError names the ports that somebody else holds, before anything is started."""
    taken = [port for port in ports if _taken(port)]
    if taken:
        raise DemoError(
            f"in use already: port {', '.join(map(str, taken))}. Stop what listens there (another demo?), "
            "or set KAIBIAO_URL, KAIBIAO_EDGE_URL, KAIBIAO_INBOX_URL, KAIBIAO_EVALUATOR_URL, KAIBIAO_NODE_PORT."
        )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
