"""Real processes killed while bids are on their way: gunicorn, `kaibiao bid`; and the stock tus client."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import seconds, staged
from bidding_web import Door
from log_stage import ENGINES
from tendering_stage import _certify

from bidding import uploads
from bidding.models import Bid, Upload
from bidding.states import UploadState
from kernel import canonical, clock, keys
from kernel.site import site
from kernel.statements import Signed
from sealing.keyfile import KeyFile
from sealing.succession import Naming

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
BIG = os.urandom(1 << 20) * 24


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Web:
    """gunicorn on the stage's folder, which can be killed and started again at the same address."""

    def __init__(self, stage):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = site().settings
        self.environ = {
            **os.environ,
            "KAIBIAO_VAR": str(settings.var),
            "KAIBIAO_DATABASE": settings.database,
            "KAIBIAO_ORIGIN": settings.origin,
            "KAIBIAO_UPLOAD_MAX": str(1 << 30),
            "KAIBIAO_URL": self.url,
            "PYTHONPATH": str(ROOT),
        }
        self.log = (stage.folder / "web.log").open("ab")
        self.process = None

    def start(self):
        command = [
            sys.executable, "-m", "gunicorn", "-w", "1", "--threads", "4", "-b", f"127.0.0.1:{self.port}", "wsgi:app",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environ, stdout=self.log, stderr=self.log, start_new_session=True
        )
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if httpx.options(f"{self.url}/api/v1/uploads", trust_env=False).status_code == 204:
                    return self
            time.sleep(0.1)
        raise AssertionError("gunicorn did not come up")

    def kill(self):
        """SIGKILL to the master and its worker at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param, now=clock.wall().replace(microsecond=0)) as found:
        yield found


@pytest.fixture
def web(stage):
    found = Web(stage).start()
    yield found
    found.kill()


@pytest.fixture
def token(stage):
    return Door(stage, None).token(stage.bidder_of("a").actor)


def created(web, token, length):
    headers = {**TUS, "Upload-Length": str(length), "Authorization": f"Bearer {token}"}
    del headers["Content-Type"]
    answer = httpx.post(f"{web.url}/api/v1/uploads", headers=headers, trust_env=False)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def offset_of(location, token):
    headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    return int(httpx.head(location, headers=headers, trust_env=False).headers["Upload-Offset"])


def begun(web, location, token, raw, sent):
    """A PATCH of all of `raw` of which `sent` bytes have left."""
    connection = socket.create_connection(("127.0.0.1", web.port))
    path = location.removeprefix(web.url)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    connection.sendall(head.encode() + raw[:sent])
    return connection


def finished(location, token, raw):
    """Go on until all has arrived, waiting while the dead request's lease runs out."""
    headers = {**TUS, "Authorization": f"Bearer {token}"}
    for _ in range(40):
        offset = offset_of(location, token)
        answer = httpx.patch(
            location, headers={**headers, "Upload-Offset": str(offset)}, content=raw[offset:], trust_env=False
        )
        if answer.status_code == 204:
            return int(answer.headers["Upload-Offset"])
        assert answer.status_code == 423, answer.text
        time.sleep(0.5)
    raise AssertionError("the lease never ended")


def test_the_stock_tus_client_uploads_and_resumes(stage, web, token, tmp_path):
    from tusclient.client import TusClient

    path = tmp_path / "docs.age"
    path.write_bytes(BIG)
    client = TusClient(f"{web.url}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    first = client.uploader(str(path), chunk_size=4 << 20, metadata={"filename": "docs.age", "stage": "docs"})
    first.upload_chunk()
    again = client.uploader(str(path), url=first.url, chunk_size=8 << 20, upload_checksum=True)
    assert again.offset == 4 << 20
    again.upload()
    row = stage.rows(Upload)[0]
    assert (row.state, row.sha256) == (UploadState.DONE, canonical.sha(BIG))


def test_a_connection_that_breaks_keeps_what_arrived(stage, web, token):
    location = created(web, token, len(BIG))
    begun(web, location, token, BIG, 5_000_000).close()
    for _ in range(50):
        if offset_of(location, token) == 5_000_000:
            break
        time.sleep(0.1)
    assert offset_of(location, token) == 5_000_000
    assert finished(location, token, BIG) == len(BIG)
    assert stage.rows(Upload)[0].sha256 == canonical.sha(BIG)


def test_a_web_server_killed_in_the_middle_of_an_upload_loses_nothing_that_was_acknowledged(stage, web, token):
    location = created(web, token, len(BIG))
    connection = begun(web, location, token, BIG, 9_000_000)
    time.sleep(0.5)
    web.kill()
    connection.close()
    web.start()
    assert finished(location, token, BIG) == len(BIG)
    row = stage.rows(Upload)[0]
    assert (row.state, row.sha256) == (UploadState.DONE, canonical.sha(BIG))


def command(web, token, lot, sealed, *more):
    line = [sys.executable, "kaibiao.py", "bid", "--url", web.url, "--lot", lot, "--dir", str(sealed.folder), *more]
    environ = {**os.environ, "KAIBIAO_TOKEN": token}
    return subprocess.Popen(line, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def big_bid(stage, lot, tmp_path):
    path = tmp_path / "技术标.pdf"
    path.write_bytes(BIG * 3)
    return stage.seal(lot, "a", files=[path])


def test_a_killed_uploader_started_again_goes_on_and_waits_for_the_witnessed_receipt(stage, web, token, tmp_path):
    lot = stage.one_lot()
    sealed = big_bid(stage, lot, tmp_path)
    first = command(web, token, lot, sealed)
    while b"docs.age" not in first.stderr.read(64):
        continue
    first.kill()
    first.wait()
    state = json.loads((sealed.folder / "delivery.json").read_text("utf-8"))
    assert set(state["uploads"]) == {"sheet", "docs"}
    second = command(web, token, lot, sealed, "--wait", "60")
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (second.wait(), done.set()))
    waiting.start()
    while not done.is_set():
        stage.now = max(stage.now, clock.wall()) - seconds(1)
        stage.run()
        done.wait(0.2)
    out, err = second.communicate()
    assert second.returncode == 0, (out, err)
    kept = json.loads((sealed.folder / "receipt.json").read_text("utf-8"))
    assert kept["state"] == "witnessed"
    assert len(stage.rows(Upload)) == 2
    checked = subprocess.run(
        [
            sys.executable, "kaibiao.py", "receipt", str(sealed.folder / "receipt.json"),
            "--policy", str(stage.folder / "policy.txt"), "--manifest", str(sealed.folder / "manifest.json"),
        ],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout.decode()
    assert checked.stdout.decode().count("✓") == 5


def test_a_submission_whose_answer_was_lost_is_repeated_without_a_second_bid(stage, web, token):
    lot = stage.one_lot()
    sealed = stage.seal(lot, "a")
    assert command(web, token, lot, sealed, "--no-wait").wait() == 0
    receipt = (sealed.folder / "receipt.json").read_bytes()
    web.kill()
    web.start()
    state = json.loads((sealed.folder / "delivery.json").read_text("utf-8"))
    del state["answer"]
    (sealed.folder / "delivery.json").write_text(json.dumps(state), "utf-8")
    assert command(web, token, lot, sealed, "--no-wait").wait() == 0
    assert (sealed.folder / "receipt.json").read_bytes() == receipt
    assert len(stage.rows(Bid)) == 1


def test_a_refusal_is_told_on_the_terminal_with_its_rule(stage, web, token):
    lot = stage.one_lot()
    sealed = stage.seal(lot, "a")
    raw = bytearray((sealed.folder / "manifest.sig").read_bytes())
    raw[:4] = b"AAAA" if raw[:4] != b"AAAA" else b"BBBB"
    (sealed.folder / "manifest.sig").write_bytes(bytes(raw))
    refused = command(web, token, lot, sealed, "--no-wait")
    _, err = refused.communicate()
    assert refused.returncode == 1
    assert "签名" in err.decode()
    assert "seal.signature_invalid" in err.decode()


def test_what_is_no_sealed_bid_is_said_at_once(stage, web, token, tmp_path):
    class Nothing:
        folder = tmp_path / "empty"

    Nothing.folder.mkdir()
    wrong = command(web, token, "E", Nothing, "--no-wait")
    assert wrong.wait() == 2
    assert uploads.finish_left(stage.now) is False


def test_a_bid_is_withdrawn_by_the_command_with_the_key_file_that_sealed_it(stage, web, token, tmp_path):
    lot = stage.one_lot()
    sealed = stage.seal(lot, "a")
    assert command(web, token, lot, sealed, "--no-wait").wait() == 0
    bidder = stage.bidder_of("a")
    key = KeyFile(bidder.key, (bidder.cert,), "a", "a", "2026-11-23T01:00:00Z").lock("a long passphrase", 10)
    (tmp_path / "key.age").write_bytes(key)
    environ = {**os.environ, "KAIBIAO_TOKEN": token, "KAIBIAO_PASSPHRASE": "a long passphrase"}
    line = [sys.executable, "kaibiao.py", "withdraw", "--url", web.url, "--lot", lot, "--dir", str(sealed.folder)]
    done = subprocess.run(
        [*line, "--key", str(tmp_path / "key.age")], cwd=ROOT, env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [bid.status.value for bid in stage.rows(Bid)] == ["withdrawn"]
    kept = json.loads((sealed.folder / "withdrawal-receipt.json").read_text("utf-8"))
    assert kept["receipt"]["file"]
    again = subprocess.run(
        [*line, "--key", str(tmp_path / "manifest")], cwd=ROOT, env=environ, capture_output=True, check=False
    )
    assert (again.returncode, b"Traceback" in again.stderr) == (2, False)


def succeeded(stage, tmp_path):
    """Another certified key of the bidder, and the old key's naming of it in a file."""
    old = stage.bidder_of("a")
    new = replace(old, key=keys.generate())
    with stage.act():
        new = replace(new, cert=_certify(old.actor, new.key, stage.now))
    said = Naming(
        lot=None, old_key=keys.spell(old.key.public_key()), new_cert_sha256=canonical.sha(new.cert),
        time=clock.rfc3339(stage.now),
    )  # fmt: skip
    (tmp_path / "naming.json").write_bytes(canonical.encode(Signed.make(said.content(), old.key).to_json()))
    return new, str(tmp_path / "naming.json")


def test_a_bidder_whose_key_is_lost_withdraws_by_the_command_with_its_successor_and_the_naming(
    stage, web, token, tmp_path
):
    lot = stage.one_lot()
    sealed = stage.seal(lot, "a")
    assert command(web, token, lot, sealed, "--no-wait").wait() == 0
    new, naming = succeeded(stage, tmp_path)
    file = KeyFile(new.key, (new.cert,), "a", "a", "2026-11-23T01:00:00Z").lock("a long passphrase", 10)
    (tmp_path / "new.age").write_bytes(file)
    environ = {**os.environ, "KAIBIAO_TOKEN": token, "KAIBIAO_PASSPHRASE": "a long passphrase"}
    line = [sys.executable, "kaibiao.py", "withdraw", "--url", web.url, "--lot", lot, "--dir", str(sealed.folder)]
    line += ["--key", str(tmp_path / "new.age")]
    alone = subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert alone.returncode == 1
    assert [bid.status.value for bid in stage.rows(Bid)] == ["live"]
    done = subprocess.run([*line, "--warrant", naming], cwd=ROOT, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert [bid.status.value for bid in stage.rows(Bid)] == ["withdrawn"]


def test_a_bidder_whose_key_is_lost_replaces_by_the_command_with_its_successor_and_the_naming(
    stage, web, token, tmp_path
):
    lot = stage.one_lot()
    assert command(web, token, lot, stage.seal(lot, "a"), "--no-wait").wait() == 0
    (first,) = stage.rows(Bid)
    stage.bidders["a"], naming = succeeded(stage, tmp_path)
    again = stage.seal(lot, "a", prev=first.manifest_sha256)
    refused = command(web, token, lot, again, "--no-wait")
    refused.communicate()
    assert refused.returncode == 1
    taken = command(web, token, lot, again, "--no-wait", "--warrant", naming)
    _, err = taken.communicate()
    assert taken.returncode == 0, err.decode()
    assert [bid.status.value for bid in stage.rows(Bid)] == ["replaced", "live"]


def test_a_file_that_is_no_warrant_is_said_at_once(stage, web, token, tmp_path):
    lot = stage.one_lot()
    (tmp_path / "naming.json").write_text("{}", "utf-8")
    wrong = command(web, token, lot, stage.seal(lot, "a"), "--warrant", str(tmp_path / "naming.json"))
    assert wrong.wait() == 2
