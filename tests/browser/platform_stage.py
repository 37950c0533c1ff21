"""The real fleet on free loopback ports in a folder of its own, practice origin, with the demo's cast."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel import settings
from portal import run
from portal.demo import people
from portal.demo.stage import Actor, Stage

NODES = len(run.NODES)
PORTS = range(21000, 32000, 10)


@dataclass
class Platform:
    """A running installation and everybody who is registered at it."""

    stage: Stage
    actors: dict[str, Actor]

    @property
    def url(self) -> str:
        return self.stage.url

    def node(self, number: int) -> str:
        """The address of a node's own page."""
        return f"http://127.0.0.1:{self.stage.fleet.settings.node_port + number}"


@contextmanager
def platform(folder: Path) -> Iterator[Platform]:
    """Everything up and the cast signed in; everything down again."""
    environ = _environ(folder)
    read = settings.load(environ)
    run.prepare(read, environ)
    fleet = run.fleet(read, environ)
    try:
        fleet.start_all()
        stage = Stage(fleet, folder)
        yield Platform(stage, people.cast(stage))
    finally:
        fleet.stop_all()


def _environ(folder: Path) -> dict[str, str]:
    first = next(port for port in PORTS if _free(port))
    urls = {name: f"http://127.0.0.1:{first + n}" for n, name in enumerate(("", "EDGE_", "INBOX_", "EVALUATOR_"))}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAIBIAO_")}
    return {
        **kept,
        **{f"KAIBIAO_{name}URL": url for name, url in urls.items()},
        "KAIBIAO_VAR": str(folder / "var"),
        "KAIBIAO_NODE_PORT": str(first + len(urls)),
        "KAIBIAO_ORIGIN": "practice/browser.local",
    }


def _free(first: int) -> bool:
    """Whether the ten ports from here on are all free."""
    return all(_bindable(port) for port in range(first, first + 4 + NODES))


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
