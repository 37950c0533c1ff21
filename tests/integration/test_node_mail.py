"""The platform's side of the nodes: mail numbered without gaps, answers taken only with the node's signature."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest
from flask import current_app
from flask_smorest import Api
from log_stage import ORIGIN, START, staged

from kernel import canonical, clock, keys, outbox
from kernel.db import db, transaction
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.site import make_key, site
from kernel.statements import Signed
from sealing import age
from sealing.roll import RollEntry, Status
from sealing.roll_check import Withdrawn
from supervision import answers, log, mail
from supervision.node.card import Card, policy_text
from supervision.node.rolls import Rolls
from supervision.node.state import State
from supervision.note import Kind
from supervision.note_key import NoteKey


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        make_key(site(), "log")
        found.key = NoteKey(ORIGIN, Kind.ED25519, site().key("log"))
        found.inboxes = {name: age.generate() for name in found.nodes}
        cards = [Card(name, None, key.vkey, found.inboxes[name][1]) for name, key in found.nodes.items()]
        spelled = keys.spell(keys.generate().public_key())
        site().settings.policy.write_text(policy_text(found.key.vkey, spelled, cards, 3))
        app = current_app._get_current_object()
        app.config.update(API_TITLE="nodes", API_VERSION="1", OPENAPI_VERSION="3.1.0")
        Api(app).register_blueprint(answers.bp)
        for kind, status in ((NotFound, 404), (Forbidden, 403), (Invalid, 422)):
            app.register_error_handler(kind, lambda refusal, code=status: ({"code": refusal.code}, code))
        yield found


def delivered(node: str) -> list[Path]:
    folder = site().folder("inbox") / node
    return sorted(folder.glob("*.age")) if folder.exists() else []


def read(stage, node: str) -> list[dict]:
    secret = stage.inboxes[node][0]
    return [canonical.decode(age.decrypt_bytes(path.read_bytes(), secret)) for path in delivered(node)]


def deliver() -> None:
    while outbox.deliver(mail.handlers, clock.wall()):
        continue


# mail --------------------------------------------------------------------------------------------------------------


def test_mail_is_sent_after_the_commit_encrypted_and_numbered_from_one(stage):
    with transaction():
        mail.post(None, "checkpoint", {"note": "a"})
        mail.post(["audit"], "keyset.sign", {"lot": "E1"})
    assert delivered("audit") == []
    deliver()
    assert [path.name for path in delivered("audit")] == ["00000001.age", "00000002.age"]
    assert [path.name for path in delivered("notary")] == ["00000001.age"]
    assert {content["kind"] for content in read(stage, "audit")} == {"checkpoint", "keyset.sign"}
    with pytest.raises(age.AgeError):
        age.decrypt_bytes(delivered("audit")[0].read_bytes(), stage.inboxes["notary"][0])


def test_mail_of_a_transaction_that_failed_is_never_sent(stage):
    with contextlib.suppress(RuntimeError), transaction():
        mail.post(None, "checkpoint", {"note": "a"})
        raise RuntimeError
    deliver()
    assert delivered("audit") == []


def test_a_message_delivered_again_after_a_crash_keeps_its_number(stage, tmp_path):
    folder = tmp_path / "box"
    taken = [mail.put(folder, name, name.encode()) for name in ("a", "b", "a", "b", "c")]
    assert taken == [True, True, False, False, True]
    assert [mail.path_of(folder, number).read_bytes() for number in (1, 2, 3)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("name", ["_write", "_sync", "_next"])
@pytest.mark.parametrize("step", [1, 2])
def test_a_crash_at_any_step_of_a_delivery_leaves_neither_hole_nor_copy_nor_loss(tmp_path, monkeypatch, name, step):
    folder, act, calls = tmp_path / "box", getattr(mail, name), [0]
    mail.put(folder, "first", b"first")

    def failing(*given):
        calls[0] += 1
        if calls[0] == step:
            raise OSError("power cut")
        return act(*given)

    monkeypatch.setattr(mail, name, failing)
    with contextlib.suppress(OSError):
        mail.put(folder, "second", b"second")
    monkeypatch.undo()
    for identifier in ("third", "second", "third"):
        mail.put(folder, identifier, identifier.encode())
    stored = [path.read_bytes() for path in sorted(folder.glob("*.age"))]
    assert stored[0] == b"first"
    assert sorted(stored) == [b"first", b"second", b"third"]
    assert {path.name for path in folder.glob("*.age")} == {f"{n:08d}.age" for n in (1, 2, 3)}


def test_many_workers_deliver_without_gaps(tmp_path):
    folder = tmp_path / "box"
    threads = [
        threading.Thread(target=lambda n=n: [mail.put(folder, f"{n}-{k}", b"x") for k in range(10)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in folder.glob("*.age")) == [f"{n:08d}.age" for n in range(1, 41)]


def entry(number: int) -> RollEntry:
    signed = Signed.make({"type": "kaibiao-receipt/1"}, keys.generate())
    return RollEntry(
        manifest=bytes([number]) * 50,
        sig=bytes(64),
        bidder_json=b"{}",
        receipt=signed,
        index=number,
        proof=(bytes(32),),
        status=Status.LIVE,
        by=None,
    )


def test_a_large_roll_goes_in_parts_that_a_node_puts_together(stage, tmp_path):
    rows = [entry(number) for number in range(5)]
    found = {"a" * 64: Withdrawn(rows[0].receipt, 3, (bytes(32),))}
    blobs = {(f"{number:032x}", "sheet"): os.urandom(5 * 1024 * 1024) for number in range(4)}
    files = {name: (lambda raw=raw: raw) for name, raw in blobs.items()}
    with transaction():
        mail.post_roll(mail.RollMail("E1", 1, rows, found, files))
    deliver()
    contents = read(stage, "audit")
    assert len(contents) > 2
    folder = tmp_path / "node"
    folder.mkdir()
    rolls = Rolls(State(folder))
    for content in contents[:-1]:
        rolls.take(content["body"])
        assert rolls.whole("E1", 1, 9) is None
    rolls.take(contents[0]["body"])
    rolls.take(contents[-1]["body"])
    whole = rolls.whole("E1", 1, 9)
    assert list(whole.roll.entries) == rows
    assert whole.withdrawn == found
    assert all(rolls.ciphertext(canonical.sha(raw)) == raw for raw in blobs.values())


# answers -----------------------------------------------------------------------------------------------------------


def answer(stage, node: str, kind: str, body: dict, key: NoteKey | None = None) -> dict:
    content = {"kind": kind, "body": body, "time": clock.rfc3339(START)}
    raw = canonical.encode({"type": answers.TYPE, "node": node, **content})
    return {**content, "sig": keys.b64((key or stage.nodes[node]).private.sign(raw))}


def post(stage, node: str, value) -> int:
    with transaction(), clock.at(START):
        return current_app.test_client().post(f"/api/v1/nodes/{node}/answers", json=value).status_code


ALERT = {
    "point": "log.unserved",
    "lot": None,
    "color": "yellow",
    "category": "process",
    "evidence_sha256": "0" * 64,
    "id": "1" * 32,
}


def test_a_signed_answer_reaches_its_handler_and_may_come_twice(stage):
    for _ in range(2):
        assert post(stage, "audit", answer(stage, "audit", "alert", ALERT)) == 204
    with transaction(write=False):
        assert [row.value.node for row in log.find("alert")] == ["audit"]


def test_an_answer_without_the_nodes_own_signature_is_refused(stage):
    good = answer(stage, "audit", "heartbeat", {})
    assert post(stage, "notary", good) == 403
    assert post(stage, "audit", answer(stage, "audit", "heartbeat", {}, stage.nodes["notary"])) == 403
    assert post(stage, "audit", {**good, "body": {"x": 1}}) == 403
    assert post(stage, "audit", {**good, "sig": "x"}) == 403
    assert post(stage, "nobody", good) == 404
    assert post(stage, "audit", good) == 204


@pytest.mark.parametrize("bad", [None, [], {}, {"kind": 1}, {"kind": "heartbeat", "body": [], "time": "", "sig": ""}])
def test_an_answer_of_another_form_is_refused(stage, bad):
    assert post(stage, "audit", bad) in (400, 422)


def test_an_answer_of_an_unknown_kind_or_empty_content_is_refused(stage):
    assert post(stage, "audit", answer(stage, "audit", "nonsense", {})) == 404
    assert post(stage, "audit", answer(stage, "audit", "alert", {})) == 422
    assert post(stage, "audit", answer(stage, "audit", "cosignature", {"size": 1, "line": "x"})) == 422


def test_late_mail_that_makes_a_node_look_ahead_is_taken_without_harm(stage):
    stage.run(stage.sequencer())
    note = (stage.public / "checkpoint").read_text()
    body = {"size": stage.published().size, "note": note}
    assert post(stage, "audit", answer(stage, "audit", "log.ahead", body)) == 204


def test_a_destroyed_identity_is_logged_once(stage):
    signed = Signed.make({"type": "kaibiao-destroyed/1"}, stage.nodes["audit"].private)
    body = {"lot": "E1", "stage": "sheet", **signed.to_json()}
    for _ in range(2):
        assert post(stage, "audit", answer(stage, "audit", "stage.destroyed", body)) == 204
    with transaction(write=False):
        assert len(log.find("stage.destroyed", "E1")) == 1


def test_the_list_of_nodes_says_who_was_heard_and_agrees(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    text = stage.published().text
    size = stage.published().size
    for node in ("audit", "notary"):
        line = stage.nodes[node].cosign(text, int(START.timestamp())).line
        assert post(stage, node, answer(stage, node, "cosignature", {"size": size, "line": line})) == 204
    with transaction(write=False), clock.at(START):
        shown = current_app.test_client().get("/api/v1/nodes").get_json()
    agreeing = {row["node"] for row in shown if row["agrees"]}
    assert agreeing == {"audit", "notary"}
    assert [row["last_seen"] for row in shown] == [None, None, clock.rfc3339(START), clock.rfc3339(START)]
    assert len(db.session.query(answers.NodeSeen).all()) == 2
