"""`kaibiao bootstrap`, `kaibiao login` and `kaibiao key new` against a portal that listens."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pyotp
import pytest
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[2]))
from accounts import cli
from accounts.roles import OrgKind, Role
from kernel import clock
from sealing import keyfile
from tests.accounts_stage import CODES, PASSWORD
from tests.accounts_web import Program, town

FOUNDER = {
    "KAIBIAO_MGR_USCC": CODES[OrgKind.MANAGER], "KAIBIAO_MGR_NAME": "林主任", "KAIBIAO_MGR_LOGIN": "office",
    "KAIBIAO_MGR_PASSWORD": PASSWORD,
}  # fmt: skip


@pytest.fixture
def portal(tmp_path, monkeypatch):
    with town(tmp_path) as found:
        found.now = clock.wall()
        server = make_server("127.0.0.1", 0, found.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        for name, value in FOUNDER.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("KAIBIAO_VAR", str(tmp_path))
        monkeypatch.setenv("KAIBIAO_DATABASE", f"sqlite:///{tmp_path / 'town.sqlite'}")
        monkeypatch.setenv("KAIBIAO_ORIGIN", "practice/town")
        monkeypatch.delenv("KAIBIAO_TOKEN", raising=False)
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def test_the_office_is_founded_once_and_its_first_manager_signs_in(portal, tmp_path, monkeypatch, capsys):
    assert cli.bootstrap_main([]) == cli.DONE
    assert cli.bootstrap_main([]) == cli.REFUSED
    assert "office" in capsys.readouterr().err
    monkeypatch.setenv("KAIBIAO_PASSWORD", PASSWORD)
    token = tmp_path / "token"
    assert cli.login_main([portal.url, "--login", "office", "--token-file", str(token)]) == cli.DONE
    assert token.stat().st_mode & 0o777 == 0o600
    secret = portal.enrolled("office", portal.now.replace(microsecond=0))
    monkeypatch.setenv("KAIBIAO_TOTP_SECRET", secret)
    monkeypatch.setenv("KAIBIAO_TOTP", pyotp.TOTP(secret).at(int(clock.wall().timestamp()) + 30))
    assert cli.login_main([portal.url, "--login", "office", "--token-file", str(token)]) == cli.DONE
    program = Program(portal)
    program.headers = {"Authorization": f"Bearer {token.read_text().strip()}"}
    assert program.ask("GET", "me", status=200).get_json()["roles"] == ["MGR"]
    monkeypatch.setenv("KAIBIAO_PASSWORD", "wrong password")
    assert cli.login_main([portal.url, "--login", "office", "--token-file", str(token)]) == cli.REFUSED


@pytest.mark.parametrize("more", [[], ["--p256"]])
def test_a_key_is_made_certified_written_and_loaded_back(portal, tmp_path, monkeypatch, capsys, more):
    portal.enter("wang", Role.BIDDER, OrgKind.BIDDER)
    program = Program(portal, "wang")
    monkeypatch.setenv("KAIBIAO_TOKEN", program.headers["Authorization"].split()[1])
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "a long passphrase")
    out = tmp_path / "key.age"
    asked = ["new", "--url", portal.url, "--work-factor", "10", "-o", str(out), *more]
    assert cli.key_main(asked) == cli.DONE, capsys.readouterr().err
    made = keyfile.load(out.read_bytes(), "a long passphrase")
    [listed] = program.ask("GET", "certificates").get_json()
    assert listed["confirmed_at"] is not None
    assert len(made.cert_chain) == 2
    assert out.stat().st_mode & 0o777 == 0o600
    assert cli.key_main(asked) == cli.WRONG, "an existing key is not written over"


def test_what_people_can_mend_is_a_sentence(portal, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "a long passphrase")
    monkeypatch.setenv("KAIBIAO_PASSWORD", PASSWORD)
    missing = ["new", "--url", portal.url, "-o", str(tmp_path / "k"), "--token-file", str(tmp_path / "none")]
    assert cli.key_main(missing) == cli.WRONG
    assert "Traceback" not in capsys.readouterr().err
    assert cli.login_main(["http://127.0.0.1:9", "--login", "x"]) == cli.WRONG
