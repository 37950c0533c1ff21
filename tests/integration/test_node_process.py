"""Four nodes as processes of their own, started by the command people use, against a log and a portal on loopback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kernel import canonical, keys
from sealing import age
from supervision import facts, tiles
from supervision.node import card, cli
from supervision.node.card import Card
from supervision.policy import Policy
from tests.unit.node.node_world import ORGS, Log

ROOT = Path(__file__).parents[2]
RUN = "import sys; from supervision.node.cli import main; sys.exit(main(sys.argv[1:]))"


class Platform:
    """Log, inbox and portal in one small server."""

    def __init__(self) -> None:
        self.log, self.mail, self.answers = Log(), dict[str, list[bytes]](), list[dict]()
        self.arrived = threading.Condition()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = platform.get(self.path)
                self.send_response(200 if body is not None else 204 if self.path.startswith("/inbox/") else 404)
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def do_POST(self) -> None:
                platform.take(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def get(self, path: str) -> bytes | None:
        if path.startswith("/inbox/"):
            _, _, name, number = path.partition("?")[0].split("/")
            with self.arrived:
                self.arrived.wait_for(lambda: len(self.mail[name]) >= int(number), timeout=2)
                return self.mail[name][int(number) - 1] if len(self.mail[name]) >= int(number) else None
        try:
            return self.log.get(path.removeprefix("/log/"))
        except tiles.TileError:
            return None

    def take(self, path: str, body: bytes) -> None:
        with self.arrived:
            self.answers.append({"node": path.split("/")[-2], **canonical.decode(body)})
            self.arrived.notify_all()

    def post(self, name: str, kind: str, body: dict, recipient: str) -> None:
        raw = canonical.encode({"kind": kind, "body": body, "sent_at": "2026-11-23T01:00:00Z"})
        with self.arrived:
            self.mail[name].append(age.encrypt_bytes(raw, recipient))
            self.arrived.notify_all()

    def wait(self, condition, timeout: float = 30) -> None:
        with self.arrived:
            assert self.arrived.wait_for(condition, timeout), self.answers[-5:]


@pytest.fixture
def setup(tmp_path):
    platform = Platform()
    for name, org in ORGS.items():
        assert cli.main(["init", "--dir", str(tmp_path / name), "--name", f"practice/{name}", "--org", org]) == 0
        platform.mail[name] = []
    cards = [Card.parse((tmp_path / name / "card.json").read_bytes().strip()) for name in ORGS]
    spelled = keys.spell(keys.generate().public_key())
    raw = card.policy_text(f"{platform.log.key.vkey} {platform.url}/log", spelled, cards, 3).encode()
    (tmp_path / "policy.txt").write_bytes(raw)
    for name in ORGS:
        assert cli.main(["pin", "--dir", str(tmp_path / name), "--policy", str(tmp_path / "policy.txt")]) == 0
    policy = Policy.parse(raw)
    platform.log.append(facts.Genesis(origin=platform.log.key.name, policy_sha256=policy.sha256))
    processes: dict[str, subprocess.Popen] = {}
    yield platform, policy, processes, tmp_path
    for process in processes.values():
        process.kill()
        process.communicate()
    platform.server.shutdown()
    platform.server.server_close()


def start(setup, name: str) -> str:
    """Start a node; the address it serves."""
    platform, _, processes, folder = setup
    arguments = ["run", "--dir", str(folder / name), "--portal", platform.url, "--inbox", platform.url, "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    processes[name] = process
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, (line, process.stderr.read() if process.poll() is not None else "")
    return found[0]


def announce(setup) -> None:
    platform, policy, _, _ = setup
    for name in ORGS:
        note = platform.log.note().encode().decode()
        platform.post(name, "checkpoint", {"note": note}, policy.witnesses[name].inbox)


def signed(setup, size: int, *names: str):
    platform = setup[0]

    def all_signed() -> bool:
        found = {a["node"] for a in platform.answers if a["kind"] == "cosignature" and a["body"]["size"] == size}
        return found >= set(names or ORGS)

    return all_signed


@pytest.mark.slow
def test_four_processes_cosign_survive_a_kill_and_stop_when_told(setup):
    platform, _, processes, _ = setup
    addresses = {name: start(setup, name) for name in ORGS}
    platform.log.cover(300)
    announce(setup)
    platform.wait(signed(setup, 301))
    with urllib.request.urlopen(addresses["audit"] + "status.json", timeout=5) as answer:
        assert json.load(answer)["checkpoint"]["size"] == 301
    with urllib.request.urlopen(addresses["audit"], timeout=5) as answer:
        assert "审计局" in answer.read().decode()

    processes["notary"].send_signal(signal.SIGKILL)
    processes["notary"].wait()
    platform.log.cover(5)
    announce(setup)
    platform.wait(signed(setup, 306, "supervisor", "manager", "audit"))
    start(setup, "notary")
    platform.wait(signed(setup, 306))

    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert [process.wait(timeout=20) for process in processes.values()] == [0, 0, 0, 0]
    assert time.monotonic() - started < 15


@pytest.mark.slow
def test_a_second_process_on_a_running_nodes_folder_is_refused(setup):
    start(setup, "audit")
    platform, _, _, folder = setup
    arguments = [
        "run",
        "--dir",
        str(folder / "audit"),
        "--portal",
        platform.url,
        "--inbox",
        platform.url,
        "--port",
        "0",
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "another process" in done.stderr


@pytest.mark.slow
def test_hold_commands_number_their_orders_at_the_running_node(setup, capsys):
    address = start(setup, "supervisor")
    folder = str(setup[3] / "supervisor")
    common = ["--dir", folder, "--lot", "E1", "--node", address, "--reason", "核查"]
    assert cli.main(["hold", *common, "--until", "2030-01-01T00:00:00Z"]) == 0
    assert cli.main(["release-hold", *common]) == 0
    said = capsys.readouterr().out
    assert "order 1 on E1, until 2030-01-01T00:00:00Z" in said
    assert "order 2 on E1" in said
    assert cli.main(["hold", *common, "--until", "tomorrow"]) == 1


@pytest.mark.slow
def test_orders_of_the_supervising_authority_are_posted_signed(setup):
    platform, policy, _, folder = setup
    common = ["--dir", str(folder / "supervisor"), "--lot", "E1", "--portal", platform.url]
    assert cli.main(["order", "suspend", *common, "--cause", "责令暂停"]) == 0
    moments = ["--closes-at", "2030-01-01T00:00:00Z", "--opens-at", "2030-01-01T01:00:00Z"]
    assert cli.main(["order", "outage", *common, *moments]) == 0
    assert cli.main(["order", "resume", *common]) == 1
    suspend, outage = (answer["body"] for answer in platform.answers if answer["kind"] == "order")
    content = canonical.decode(keys.unb64(suspend["file"]))
    assert (content["type"], content["cause"]) == ("kaibiao-suspended/1", "责令暂停")
    key = policy.witnesses["supervisor"].verifier.key
    assert keys.verified(keys.unb64(outage["sig"]), keys.unb64(outage["file"]), key)
    assert canonical.decode(keys.unb64(outage["file"]))["type"] == "kaibiao-outage/1"


def test_the_node_brings_no_web_framework_and_no_database_toolkit():
    program = "import sys, supervision.node.cli; print([m for m in ('flask', 'sqlalchemy', 'kernel.db', 'portal') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_keeps_its_keys_and_a_node_without_a_policy_does_not_run(tmp_path, capsys):
    folder = str(tmp_path / "n")
    assert cli.main(["init", "--dir", folder, "--name", "practice/n", "--org", "审计局"]) == 0
    assert cli.main(["init", "--dir", folder, "--name", "practice/n", "--org", "审计局"]) == 1
    assert cli.main(["run", "--dir", folder, "--portal", "http://x", "--inbox", "http://x", "--port", "0"]) == 1
    assert "already holds" in capsys.readouterr().err
    assert oct((tmp_path / "n" / "node.key").stat().st_mode & 0o777) == "0o600"
    assert oct((tmp_path / "n" / "inbox.key").stat().st_mode & 0o777) == "0o600"


def test_an_outside_clock_is_refused_outside_practice(tmp_path):
    from supervision.node.clock import ClockError, OutsideHands, hands_for

    with pytest.raises(ClockError):
        hands_for(practice=False, outside=tmp_path / "clock")
    hands = hands_for(practice=True, outside=tmp_path / "clock")
    assert isinstance(hands, OutsideHands)
    before = hands.now()
    (tmp_path / "clock").write_text("3600")
    assert (hands.now() - before).total_seconds() >= 3600
