"""How fast a sealed file goes up: tus through gunicorn against nginx WebDAV PUT of the same bytes, in the same run.

Usage: .venv/bin/python benchmarks/upload.py [MIB] [ROUNDS]   (default 256 5; needs nginx with its dav module)

Both servers listen on loopback and write to the same file system; one client, the same socket code, sends to both in
turn. nginx neither hashes nor flushes what it takes; the platform hashes every byte and answers only when the bytes
are on the disk. A third line therefore adds to nginx's time what the same duties cost after it: `sync` and `sha256`.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kernel import canonical, clock
from kernel import site as sites
from kernel.db import db, transaction
from kernel.settings import Settings, load
from portal.setup import migrate

MIB = 1024 * 1024
BLOCK = MIB
CHUNK = 64 * MIB
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; root {folder}/files;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ dav_methods PUT; client_body_buffer_size 1m; }} }}
}}
"""


@dataclass
class Lane:
    """One way to send, with the seconds and the server's CPU seconds of each round."""

    name: str
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def line(self, size: int) -> str:
        wall, cpu = statistics.median(self.seconds), statistics.median(self.cpu)
        spread = f"{min(self.seconds):.2f}-{max(self.seconds):.2f}"
        return f"{self.name:<42} {size / wall / MIB:7.0f} MiB/s  {wall:6.2f} s ({spread})  server CPU {cpu:5.2f} s"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_of(pid: int) -> float:
    """User and system seconds of a process and its children."""
    found = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == pid or int(words[1]) == pid:
                found += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return found


@contextlib.contextmanager
def started(command: list[str], port: int, environ: dict[str, str]) -> Iterator[int]:
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            for _ in range(300):
                if process.poll() is not None:
                    raise RuntimeError((process.stderr.read() if process.stderr else b"").decode())
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


def send(port: int, method: str, path: str, headers: dict[str, str], body: memoryview) -> http.client.HTTPResponse:
    """One request; the body goes out block by block from memory, so that no disk is read while measuring."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    line.putrequest(method, path)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        line.putheader(name, value)
    line.endheaders()
    for start in range(0, len(body), BLOCK):
        line.send(body[start : start + BLOCK])
    answer = line.getresponse()
    answer.read()
    line.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status}")
    return answer


def tus(port: int, token: str, raw: memoryview, chunk: int) -> str:
    """The whole of one upload, as a client does it; returns its address."""
    common = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    made = send(port, "POST", "/api/v1/uploads", {**common, "Upload-Length": str(len(raw))}, memoryview(b""))
    path = "/api" + (made.getheader("Location") or "").partition("/api")[2]
    for start in range(0, len(raw), chunk):
        headers = {**common, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(start)}
        send(port, "PATCH", path, headers, raw[start : start + chunk])
    return path


def drop(port: int, token: str, path: str) -> None:
    send(port, "DELETE", path, {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}, memoryview(b""))


def prepared(folder: Path, port: int) -> tuple[Settings, str]:
    """An installation with a bidder who is signed in; its settings and the bidder's token."""
    read = load({"KAIBIAO_VAR": str(folder), "KAIBIAO_URL": f"http://127.0.0.1:{port}"})
    migrate(read)
    here = sites.make(read)
    for name in ("log", "platform", "ca"):
        sites.make_key(here, name)
    from portal.app import create_app

    app = create_app(read)
    with app.app_context(), sites.used(here), transaction():
        return read, signed_in()


def signed_in() -> str:
    from accounts import people
    from accounts.models import SignInSession
    from accounts.roles import OrgKind

    now, token = clock.now(), secrets.token_urlsafe(16)
    form = people.Registration("91330106673959654P", "上传测速", OrgKind.BIDDER, "王工", "bench", "x")
    person = people.register_organization(form, None, now).person
    db.session.add(
        SignInSession(
            public_id=secrets.token_hex(8), token_sha256=canonical.sha(token.encode()), person_id=person.id, api=True,
            second_factor=True, created_at=now, seen_at=now, address="", user_agent="",
        )
    )  # fmt: skip
    return token


@contextlib.contextmanager
def portal(folder: Path) -> Iterator[tuple[int, int, str]]:
    """(port, process, token) of gunicorn as `kaibiao run` starts it."""
    from portal.run import _web

    port = free_port()
    read, token = prepared(folder, port)
    environ = {
        **os.environ,
        "KAIBIAO_VAR": str(folder),
        "KAIBIAO_URL": read.url,
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    with started(_web(read), port, environ) as pid:
        yield port, pid, token


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    for name in ("files", "body"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o777)
    folder.chmod(0o755)
    port, conf = free_port(), folder / "nginx.conf"
    conf.write_text(NGINX.format(folder=folder, port=port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    with started([program, "-c", str(conf)], port, dict(os.environ)) as pid:
        yield port, pid


@contextlib.contextmanager
def measured(lane: Lane, pid: int) -> Iterator[None]:
    before, start = cpu_of(pid), time.perf_counter()
    yield
    lane.seconds.append(time.perf_counter() - start)
    lane.cpu.append(cpu_of(pid) - before)


def settle() -> None:
    """Let the disk finish what earlier rounds left behind, so that no lane pays for another."""
    os.sync()


@dataclass
class Course:
    """Both servers at work and the bytes that go to them."""

    raw: memoryview
    portal: tuple[int, int, str]
    nginx: tuple[int, int]
    file: Path
    put: Lane = field(default_factory=lambda: Lane("nginx WebDAV PUT"))
    duties: Lane = field(default_factory=lambda: Lane("nginx WebDAV PUT, then fsync and SHA-256"))
    whole: Lane = field(default_factory=lambda: Lane("tus, one PATCH"))
    parts: Lane = field(default_factory=lambda: Lane(f"tus, PATCHes of {CHUNK // MIB} MiB"))

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self.put, self.duties, self.whole, self.parts

    def turn(self) -> None:
        self._to_nginx()
        self._to_portal(self.whole, len(self.raw))
        self._to_portal(self.parts, CHUNK)

    def _to_nginx(self) -> None:
        settle()
        port, pid = self.nginx
        with measured(self.duties, pid):
            with measured(self.put, pid):
                send(port, "PUT", f"/{self.file.name}", {}, self.raw)
            with self.file.open("rb") as stored:
                os.fsync(stored.fileno())
                hashlib.file_digest(stored, "sha256")
        self.file.unlink()

    def _to_portal(self, lane: Lane, chunk: int) -> None:
        settle()
        port, pid, token = self.portal
        with measured(lane, pid):
            path = tus(port, token, self.raw, chunk)
        drop(port, token, path)

    def forget(self) -> None:
        for lane in self.lanes:
            lane.seconds.clear()
            lane.cpu.clear()

    def told(self) -> Iterator[str]:
        yield from (lane.line(len(self.raw)) for lane in self.lanes)
        for lane in (self.whole, self.parts):
            for peer in (self.put, self.duties):
                ratio = statistics.median(peer.seconds) / statistics.median(lane.seconds)
                yield f"{lane.name} : {peer.name} = {ratio:.2f}"


def main(mib: int = 256, rounds: int = 5) -> None:
    raw = memoryview(os.urandom(mib * MIB))
    with tempfile.TemporaryDirectory(prefix="kaibiao-upload-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        here = stack.enter_context(portal(folder / "portal"))
        other = stack.enter_context(nginx(folder / "nginx"))
        course = Course(raw, here, other, folder / "nginx" / "files" / "x.age")
        course.turn()  # warms up and is not counted
        course.forget()
        for _ in range(rounds):
            course.turn()
        print("\n".join(course.told()))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
