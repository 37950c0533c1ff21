"""`kaibiao tender`: an owner's whole way from a shell, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from flask import current_app
from werkzeug.serving import make_server

from kernel.clock import rfc3339
from sealing import keyfile
from tendering import cli, service
from tests.tendering_stage import NODES, PDF, Stage, _certify, keyed_anew, notice, seconds, staged
from tests.tendering_web import opened_door


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def url(stage: Stage) -> Iterator[str]:
    opened_door(stage)
    server = make_server("127.0.0.1", 0, current_app._get_current_object(), threaded=True)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(url: str, stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command as the owner; its status and what it printed."""
    monkeypatch.setenv("KAIBIAO_TOKEN", "owner")
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "a long passphrase")
    path = stage.folder / "owner.key"
    made = keyfile.KeyFile(stage.owner_key, (stage.cert,), "owner", "owner", rfc3339(stage.now))
    path.write_bytes(made.lock("a long passphrase", 10))

    def command(name: str, *words: str, key: bool = False) -> tuple[int, str, str]:
        extra = ["--key", str(path)] if key else []
        status = cli.tender_main([name, "--url", url, *extra, *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def draft_file(stage: Stage, **changes: object) -> str:
    path = stage.folder / "draft.json"
    path.write_text(json.dumps({**notice(stage.now + seconds(60)), **changes}), encoding="utf8")
    return str(path)


def test_an_owner_drafts_uploads_asks_for_keys_publishes_and_extends(stage: Stage, run) -> None:
    status, out, _ = run("create", draft_file(stage))
    code = out.strip()
    assert (status, code) == (0, "E9901010000000001001")
    pdf = stage.folder / "招标文件.pdf"
    pdf.write_bytes(PDF * 1000)
    assert run("document", code, str(pdf))[0] == 0
    assert "申请密钥组" in run("check", code)[1]
    status, _, err = run("keys", code, "--wait", "0", key=True)
    assert status == 3
    assert "audit org" in err
    for node in NODES:
        stage.answer(node, f"{code}001")
    stage.countersign(f"{code}001")
    assert run("keys", code, key=True)[0] == 0
    assert "尚未备案" in run("check", code)[1]
    assert run("file", code)[1].startswith("已备案")
    assert "ready" in run("check", code)[1]
    status, out, _ = run("publish", code, key=True)
    assert status == 0
    assert "招标公告" in out
    assert stage.tender(code).state == "published"
    later = rfc3339(stage.now + seconds(120))
    status, out, _ = run("extend", f"{code}001", later, key=True)
    assert (status, out.strip().rpartition("  ")[2]) == (0, later)


def test_a_refusal_is_said_with_its_rules_and_changes_nothing(stage: Stage, run) -> None:
    code = run("create", draft_file(stage, scale=""))[1].strip()
    status, _, err = run("publish", code, key=True)
    assert status == 1
    assert "sheet.not_ready" in err
    assert stage.tender(code).state == "draft"
    assert run("extend", f"{code}001", "2026-11-23T01:30:00Z", key=True)[0] in (1, 2)


def test_what_is_wrong_here_is_said_in_a_sentence(stage: Stage, run) -> None:
    assert run("create", str(stage.folder / "missing.json"))[0] == 2
    (stage.folder / "list.json").write_text("[]")
    assert "JSON" in run("create", str(stage.folder / "list.json"))[2]


def test_questions_are_answered_and_a_tender_ended_from_the_shell(stage: Stage, run) -> None:
    code = stage.published()
    with stage.act() as now:
        token = service.ask(stage.bidder, service.tender_of(code), "清单第3项？", now).token
    assert run("questions", code)[1] == f"{token}  清单第3项？\n"
    assert run("answer", code, token, "以图纸为准。")[0] == 0
    assert run("questions", code)[1] == ""
    assert run("cancel", code, "立项撤销，终止招标")[1].strip() == "published"
    assert run("update", code, draft_file(stage))[0] == 1


def test_terms_are_changed_from_the_shell_and_told_on_the_tenders_page(stage: Stage, run, url: str) -> None:
    (lot,) = stage.lots(stage.published())
    before, later = stage.lot(lot), rfc3339(stage.now + seconds(120))
    words = (lot, "清单第3.2项由 1200 立方米改为 1500 立方米", "--closes-at", later, "--wait", "0")
    status, _, err = run("alter", *words, key=True)
    assert (status, "supervisor" in err, stage.lot(lot).keyset_version) == (3, True, 1)
    keyed_anew(stage, lot, 2)
    status, out, _ = run("alter", *words, key=True)
    after = stage.lot(lot)
    assert (status, after.keyset_version, rfc3339(after.closes_at)) == (0, 2, later)
    assert after.keyset_sha256 != before.keyset_sha256
    assert out.splitlines()[-1] == f"{lot}  2  {after.keyset_sha256}  {later}"
    shown = httpx.get(f"{url}/tenders/{lot[:20]}", trust_env=False).text
    assert "条款变更（第 2 版）" in shown
    assert words[1] in shown


def test_an_agency_names_its_key_from_the_shell_and_nobody_else_does_it_for_it(
    stage: Stage, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = run("create", draft_file(stage, agency_uscc=stage.agency.uscc))[1].strip()
    assert run("agency-key", code, key=True)[0] == 1
    assert stage.tender(code).agency_cert is None
    with stage.act():
        stage.agency_cert = _certify(stage.agency, stage.agency_key, stage.now)
    made = keyfile.KeyFile(stage.agency_key, (stage.agency_cert,), "agency", "agency", rfc3339(stage.now))
    (stage.folder / "owner.key").write_bytes(made.lock("a long passphrase", 10))
    monkeypatch.setenv("KAIBIAO_TOKEN", "agency")
    assert run("agency-key", code, key=True)[0] == 0
    assert stage.tender(code).agency_cert == stage.agency_cert
