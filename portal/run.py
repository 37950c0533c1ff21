"""`kaibiao run`: the whole platform on this machine, each part a process of its own, as it would be on several.

Parts: web (gunicorn), worker, edge for watchers, edge for the nodes' inboxes, evaluator, four supervision nodes.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from kernel import clock, settings
from kernel.settings import Settings

NODES = {
    "supervision": "清江县住房和城乡建设局(监督)",
    "management": "公共资源交易管理办公室(管理)",
    "audit": "清江县审计局",
    "notary": "清江公证处",
}
START_S = 60.0
STOP_S = 10.0
THREADS = "16"
SETUP_AT_ONCE = 2
KEEP_MEMORY = ("MALLOC_MMAP_THRESHOLD_=33554432", "MALLOC_TRIM_THRESHOLD_=33554432")
"""glibc gives back the megabyte of every block received, and takes it again page by page: a third of an upload's CPU."""


class StartError(RuntimeError):
    """A part did not come up; the message names its log file."""


@dataclass
class Part:
    """One process: its command, and where it says that it is there."""

    name: str
    command: list[str]
    probe: str | None
    process: subprocess.Popen[bytes] | None = None


@dataclass
class Fleet:
    """All parts of one installation, started in order and stopped in reverse."""

    settings: Settings
    environ: Mapping[str, str]
    parts: list[Part] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        folder = self.settings.var / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def start(self, part: Part) -> None:
        """Start a part (again); its output is appended to `logs/<name>.log`."""
        with (self.logs / f"{part.name}.log").open("ab") as output:
            part.process = subprocess.Popen(  # noqa: S603  the commands are ours
                part.command, stdout=output, stderr=output, env=dict(self.environ), start_new_session=True
            )

    def start_all(self) -> None:
        for part in self.parts:
            self.start(part)
        for part in self.parts:
            self.wait(part)

    def wait(self, part: Part) -> None:
        """Until the part answers; StartError when it died or stays silent."""
        until = clock.monotonic() + START_S
        while part.probe is not None and not answers(part.probe):
            if (part.process is not None and part.process.poll() is not None) or clock.monotonic() > until:
                raise StartError(f"{part.name} did not start: see {self.logs / f'{part.name}.log'}")
            threading.Event().wait(0.1)

    def kill(self, name: str) -> None:
        """End a part at once, as a power cut would."""
        self._signal(self.part(name), signal.SIGKILL)

    def stop_all(self) -> None:
        for part in reversed(self.parts):
            self._signal(part, signal.SIGTERM)
        for part in self.parts:
            self._reap(part)

    def _reap(self, part: Part) -> None:
        if part.process is None:
            return
        try:
            part.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._signal(part, signal.SIGKILL)
            part.process.wait()

    @staticmethod
    def _signal(part: Part, sign: signal.Signals) -> None:
        if part.process is not None and part.process.poll() is None:
            os.killpg(part.process.pid, sign)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def kaibiao(*words: str) -> list[str]:
    return [sys.executable, "-m", "kaibiao", *words]


def prepare(read: Settings, environ: Mapping[str, str]) -> None:
    """Everything that is made once: keys, schema, the nodes' and the evaluator's keys, the policy. Safe to repeat."""
    with ThreadPoolExecutor(SETUP_AT_ONCE) as pool:
        made = [pool.submit(_once, environ, "init"), pool.submit(_prepare_evaluator, read, environ)]
        made += [pool.submit(_prepare_node, read, environ, number) for number in range(len(NODES))]
        for one in made:
            one.result()
    card = read.var / "keys" / "evaluator.json"
    card.write_bytes((read.var / "evaluator" / "evaluator.json").read_bytes())
    if not read.policy.exists():
        _once(environ, "genesis", *(str(node_folder(read, name) / "card.json") for name in NODES))
        pin = ("--policy", str(read.policy), "--roots", str(read.var / "keys" / "roots.pem"))
        with ThreadPoolExecutor(SETUP_AT_ONCE) as pool:
            folders = [str(node_folder(read, name)) for name in NODES]
            list(pool.map(lambda folder: _once(environ, "node", "pin", "--dir", folder, *pin), folders))


def _prepare_evaluator(read: Settings, environ: Mapping[str, str]) -> None:
    room = read.var / "evaluator"
    if not (room / "evaluator.json").exists():
        _once(environ, "evaluator", "init", "--dir", str(room))


def _prepare_node(read: Settings, environ: Mapping[str, str], number: int) -> None:
    name, org = list(NODES.items())[number]
    folder = node_folder(read, name)
    if not (folder / "card.json").exists():
        key = f"practice/{name}" if read.practice else name
        url = f"http://127.0.0.1:{read.node_port + number}"
        _once(environ, "node", "init", "--dir", str(folder), "--name", key, "--org", org, "--url", url)


def node_folder(read: Settings, name: str) -> Path:
    return read.var / "nodes" / name


def fleet(read: Settings, environ: Mapping[str, str]) -> Fleet:
    """The parts of a one-machine installation."""
    made = Fleet(read, environ)
    public, inbox = read.var / "public", read.var / "inbox"
    for folder in (public, inbox):
        folder.mkdir(parents=True, exist_ok=True)
    made.parts = [
        Part("web", _web(read), f"{read.url}/ready"),
        Part("worker", kaibiao("worker"), None),
        Part("edge", kaibiao("edge", "--public", str(public), *_port(read.edge_url), "--origin", read.url), None),
        Part("inbox", kaibiao("edge", "--inbox", str(inbox), *_port(read.inbox_url), "--per-address", "0"), None),
        Part("evaluator", _evaluator(read), None),
        *(_node(read, number, name) for number, name in enumerate(NODES)),
    ]
    return made


def _web(read: Settings) -> list[str]:
    where = urlsplit(read.url)
    bind = f"{where.hostname}:{where.port or 80}"
    return [
        "env", *KEEP_MEMORY, sys.executable, "-m", "gunicorn", "--bind", bind, "--worker-class", "gthread", "--threads", THREADS,
        "--timeout", "120", "--no-control-socket", "wsgi:app",
    ]  # fmt: skip


def _evaluator(read: Settings) -> list[str]:
    return kaibiao(
        "evaluator", "run", "--dir", str(read.var / "evaluator"), "--portal", read.url, *_port(read.evaluator_url)
    )


def _node(read: Settings, number: int, name: str) -> Part:
    port = read.node_port + number
    folder = str(node_folder(read, name))
    command = kaibiao(
        "node", "run", "--dir", folder, "--portal", read.url, "--inbox", read.inbox_url, "--port", str(port)
    )
    return Part(f"node-{name}", command, f"http://127.0.0.1:{port}/status.json")


def _port(url: str) -> tuple[str, str]:
    return ("--port", str(urlsplit(url).port or 80))


def _once(environ: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(kaibiao(*words), env=dict(environ), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StartError(f"kaibiao {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")


def main(argv: Sequence[str]) -> int:
    """Start everything on this machine and stay until interrupted."""
    argparse.ArgumentParser(prog="kaibiao run", description=main.__doc__).parse_args(argv)
    read = settings.load(os.environ)
    try:
        prepare(read, os.environ)
        running = fleet(read, os.environ)
        running.start_all()
    except StartError as error:
        sys.stderr.write(f"kaibiao run: {error}\n")
        return 1
    sys.stdout.write(f"{read.url}\n")
    sys.stdout.flush()
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    stop.wait()
    running.stop_all()
    return 0
