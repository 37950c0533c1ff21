"""What a scene needs: the running parts, the CLI, HTTP as one of the actors, and lines a person enjoys reading."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kernel import clock
from portal.run import Fleet, kaibiao

PASSPHRASE = "practice-passphrase"  # noqa: S105  of invented people, in a folder of their own
PASSWORD = "practice-Password-2026"  # noqa: S105
COMMAND_S = 150
COLUMN = 44
EVERY_S = 0.2


class DemoError(RuntimeError):
    """Something that must hold did not."""


@dataclass(frozen=True)
class Answer:
    """What an HTTP call brought."""

    status: int
    body: Any


@dataclass
class Actor:
    """A person of the play, signed in: token for HTTP and CLI, key file once made."""

    name: str
    login: str
    token: str
    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "signing.age"


@dataclass
class Stage:
    """The running installation and the folder of the play."""

    fleet: Fleet
    folder: Path
    started: float = field(default_factory=clock.monotonic)
    children: set[subprocess.Popen[Any]] = field(default_factory=set)
    _speaking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return self.fleet.settings.url

    def say(self, zh: str, en: str, value: str = "") -> None:
        """One aligned line: time since the start, what happened in both languages."""
        passed = clock.monotonic() - self.started
        self.tell(f"  {passed:6.1f} s  {padded(zh, COLUMN)}  {en}{'  ' + value if value else ''}\n")

    def scene(self, zh: str, en: str) -> None:
        self.tell(f"\n{zh} · {en}\n")

    def tell(self, text: str) -> None:
        """To the terminal, and to the progress file."""
        with self._speaking:
            sys.stdout.write(text)
            sys.stdout.flush()
            with (self.folder / "progress.txt").open("a", encoding="utf-8") as kept:
                kept.write(text)

    def call(self, method: str, path: str, body: Any = None, actor: Actor | None = None) -> Answer:
        """An API call as `actor`, or as a stranger."""
        response = self.http(method, f"{self.url}/api/v1/{path}", actor, body)
        structured = response.content and response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(response.status_code, response.json() if structured else response.text)

    def http(self, method: str, url: str, actor: Actor | None = None, body: Any = None) -> httpx.Response:
        """The answer as it came: pages, files."""
        headers = {} if actor is None else {"Authorization": f"Bearer {actor.token}"}
        return httpx.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)

    def must(self, method: str, path: str, body: Any = None, actor: Actor | None = None) -> Any:
        """The body of a call that has to succeed."""
        answer = self.call(method, path, body, actor)
        if answer.status >= 400:
            raise DemoError(f"{method} {path}: {answer.status} {json.dumps(answer.body, ensure_ascii=False)[:600]}")
        return answer.body

    def cli(self, actor: Actor | None, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`kaibiao ...` as `actor` would type it."""
        with self._child(kaibiao(*words), actor, subprocess.PIPE, text=True) as process:
            out, err = process.communicate(timeout=COMMAND_S)
        if check and process.returncode:
            raise DemoError(f"kaibiao {' '.join(words)}: {err.strip() or out.strip()}")
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @contextmanager
    def spawned(self, actor: Actor, words: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """The same in the background, its output in a file."""
        with log.open("ab") as output, self._child(kaibiao(*words), actor, output) as process:
            yield process

    @contextmanager
    def _child(
        self, command: list[str], actor: Actor | None, output: Any, *, text: bool = False
    ) -> Iterator[subprocess.Popen[Any]]:
        process = subprocess.Popen(  # noqa: S603  the commands are ours
            command, env=self.environ(actor), stdout=output, stderr=output, text=text, start_new_session=True
        )
        self.children.add(process)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            self.children.discard(process)

    def end(self) -> None:
        """Stop the commands that still run, then every part."""
        for process in list(self.children):
            process.kill()
        self.fleet.stop_all()

    def until(self, what: str, found: Callable[[], Any], seconds: float = 60) -> Any:
        """The first true value that `found` brings; DemoError names `what` when it takes too long."""
        end = clock.monotonic() + seconds
        while not (value := found()):
            if clock.monotonic() > end:
                raise DemoError(f"waited {seconds:.0f} s in vain: {what}")
            pause(EVERY_S)
        return value

    def environ(self, actor: Actor | None) -> dict[str, str]:
        given: Mapping[str, str] = {} if actor is None else {"KAIBIAO_TOKEN": actor.token}
        return {
            **self.fleet.environ,
            "KAIBIAO_PASSPHRASE": PASSPHRASE,
            "KAIBIAO_RESCUE_PASSPHRASE": PASSPHRASE,
            **given,
        }


def hold(what: str, *, holds: object) -> None:
    """Say that `what` must hold; DemoError if it does not."""
    if not holds:
        raise DemoError(f"does not hold: {what}")


def pause(seconds: float) -> None:
    threading.Event().wait(max(seconds, 0))


def padded(text: str, width: int) -> str:
    """`text` with blanks up to `width` columns of a terminal, where a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(width - taken, 0)


def megabytes(size: int) -> str:
    return f"{size // 100_000 / 10} MB" if size < 10_000_000 else f"{size // 1_000_000} MB"


def grouped(price: str) -> str:
    """21846300.00 as 21,846,300.00."""
    yuan, _, cents = price.partition(".")
    return f"{int(yuan):,}.{cents}"
