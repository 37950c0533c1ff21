"""What a node shows and takes at its own address, within its limits; and what it never shows."""

from __future__ import annotations

import re
import socket
import threading
import urllib.error
import urllib.request

import pytest

from kernel import canonical, clock, keys
from kernel.statements import Signed
from supervision.node.holds import Hold
from supervision.node.peers import origin_hash
from supervision.node.serve import MAX_PAPERS, PAGE_CSP, SEAL_CSP, Desk, server
from supervision.node.status import status
from supervision.node.words import COLORS, POINTS, STEPS, WORDS
from supervision.note import Note
from tests.unit.node.node_lot import LOT, OPENS


@pytest.fixture
def web(play):
    """The supervising authority's node behind a real socket: its address."""
    found = server(Desk(play.world.node), "127.0.0.1", 0)
    thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()
    thread.join()


def fetch(address: str, data: bytes | None = None, **headers: str):
    request = urllib.request.Request(address, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def page(play, language: str = "zh") -> str:
    return Desk(play.world.node).get("/", {"lang": language}).body.decode()


def test_the_page_is_chinese_first_with_an_english_twin(play):
    chinese, english = page(play), page(play, "en")
    assert '<html lang="zh-CN">' in chinese
    assert "监督节点" in chinese
    assert '<html lang="en">' in english
    assert "Supervision node" in english
    assert "?lang=en" in chinese
    assert "?lang=zh" in english


def test_the_page_shows_checkpoint_keys_peers_lots_and_countdowns(play):
    text = page(play)
    node = play.world.node
    for shown in (
        LOT,
        node.card.vkey.replace("+", "+"),
        node.card.inbox,
        "公证处",
        "http://audit",
        "2026-11-23 09:10:00",
    ):
        assert shown in text
    assert "00:10:00" in text


def test_a_practice_node_says_so(play):
    assert "演练节点" in page(play)


def test_nothing_on_the_page_tells_how_many_bid(play):
    """Twin nodes see no bid and three bids: but for the log's size and root, all they show is alike."""
    before = [status(node) for node in play.world.nodes.values()]
    pages = page(play)
    for org in ("甲公司", "乙公司", "丙公司"):
        play.bid(org)
    after = [status(node) for node in play.world.nodes.values()]
    for one, other in zip(before, after, strict=True):
        for volatile in ("checkpoint", "now", "peers"):
            one.pop(volatile)
            other.pop(volatile)
        assert one == other
    assert len(page(play)) == len(pages)
    desk = Desk(play.world.node)
    assert canonical.decode(desk.get(f"/lots/{LOT}/statements.json", {}).body) == []


def test_every_word_exists_in_both_languages():
    for table in (WORDS, STEPS, POINTS, COLORS):
        for chinese, english in table.values():
            assert chinese
            assert english
    assert not re.search(r"[\u4e00-\u9fff]", "".join(pair[1] for pair in WORDS.values() if pair[1] != "中文"))


def test_an_alert_is_shown_with_its_evidence(play):
    world = play.world
    other = world.log.branch(2)
    other.cover(len(world.log.entries) - 2)
    world.add(other.request(0))
    text = page(play)
    assert "日志分叉" in text
    assert "已停止签名" in text
    link = re.search(r'href="(alerts/[0-9a-f]{32}\.json)"', text)
    reply = Desk(world.node).get(f"/{link[1]}", {})
    assert canonical.decode(reply.body)["type"] == "kaibiao-fork/1"


def test_what_outsiders_named_is_escaped(play):
    record = status(play.world.node)
    record["lots"][0]["lot"] = "<script>alert(1)</script>"
    record["org"] = "<b>"
    record["alerts"] = [
        {"id": "0" * 32, "color": "red", "point": "<i>", "lot": "<u>", "at": record["now"], "ended_at": None}
    ]
    from supervision.node.page import page as render
    from supervision.node.words import ZH

    text = render(record, ZH, None)
    for tag in ("<script>", "<b>甲", "<i>", "<u>"):
        assert tag not in text
    assert "&lt;script&gt;" in text


def test_headers_are_strict(web):
    code, body, headers = fetch(f"{web}/")
    assert code == 200
    assert headers["content-security-policy"] == PAGE_CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert b"<script" not in body
    assert b"style=" not in body
    assert fetch(f"{web}/style.css")[2]["content-type"].startswith("text/css")


def test_the_latest_checkpoint_is_served_under_the_hash_of_the_origin(play, web):
    path = f"{web}/{origin_hash('practice/log')}/checkpoint"
    note = Note.parse(fetch(path)[1])
    assert ("supervisor", int(play.world.hands["supervisor"].now().timestamp())) in play.world.policy.quorum_of(note)
    assert fetch(f"{web}/{'0' * 64}/checkpoint")[0] == 404
    assert Note.parse(fetch(f"{path}?size=3")[1]).text == note.text
    assert fetch(f"{path}?size=99")[0] == 404
    assert fetch(f"{path}?size=x")[0] == 404


def test_add_checkpoint_over_http(play, web):
    play.world.log.cover(2)
    request = play.world.log.request(play.world.node.mirror.head().size)
    code, body, _ = fetch(f"{web}/add-checkpoint", request.encode())
    assert code == 200
    assert body.startswith("— practice/supervisor ".encode())
    code, body, headers = fetch(f"{web}/add-checkpoint", request.encode())
    assert (code, body, headers["content-type"]) == (409, b"5\n", "text/x.tlog.size")


def test_bodies_have_limits(web):
    assert fetch(f"{web}/add-checkpoint", b"x" * (128 * 1024 + 1))[0] == 413
    assert fetch(f"{web}/presented", b"x" * (MAX_PAPERS + 1))[0] == 413
    assert fetch(f"{web}/nowhere", b"x")[0] == 404
    assert fetch(f"{web}/nowhere")[0] == 404


def test_what_is_not_a_statement_is_refused_in_words(web):
    bodies = (b"", b"{}", b"[]", b"\xff", b'{"file":"","sig":""}', b'{"file":"e30=","sig":"AA=="}')
    for path in ("receipts", "statements", "holds", "presented"):
        for body in bodies:
            code, answer, _ = fetch(f"{web}/{path}", body)
            assert code == 422, (path, body)
            assert answer


def test_a_request_without_a_length_is_refused(web):
    host, port = web.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(b"POST /holds HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b" 411 " in wire.recv(200)


def test_a_hold_and_a_receipt_are_taken_from_anybody_and_served(play, web):
    now = clock.rfc3339(play.world.hands["supervisor"].now())
    said = Hold(LOT, 1, now, clock.rfc3339(OPENS), "核查")
    order = Signed.make(said.content(), play.world.nodes["audit"].keys.witness.private)
    assert fetch(f"{web}/holds", canonical.encode(order.to_json()))[0] == 200
    assert fetch(f"{web}/statements", canonical.encode(order.to_json()))[0] == 200
    assert canonical.decode(fetch(f"{web}/holds/{LOT}.json")[1]) == [order.to_json()]
    forged = Signed.make(said.content(), keys.generate())
    assert fetch(f"{web}/holds", canonical.encode(forged.to_json()))[0] == 422
    made = play.bid("甲公司")
    assert fetch(f"{web}/receipts", canonical.encode(made.receipt.to_json()))[0] == 200
    assert play.world.node.statements.receipts(LOT) == [made.receipt]


def test_the_offline_sealing_page_is_served_with_its_hash(play, tmp_path):
    bundle = tmp_path / "kaibiao-seal.html"
    desk = Desk(play.world.node, bundle)
    assert desk.get("/kaibiao-seal.html", {}).status == 404
    assert "离线封标" not in desk.get("/", {}).body.decode()
    bundle.write_bytes(b"<!doctype html>")
    digest = canonical.sha(b"<!doctype html>")
    assert desk.get("/kaibiao-seal.html", {}).body == b"<!doctype html>"
    assert desk.get("/kaibiao-seal.sha256", {}).body == f"{digest}  kaibiao-seal.html\n".encode()
    assert digest in desk.get("/", {}).body.decode()
    assert "connect-src 'none'" in SEAL_CSP


def test_card_policy_and_status_are_served(play, web):
    assert fetch(f"{web}/policy.txt")[1] == play.world.policy.raw
    assert canonical.decode(fetch(f"{web}/card.json")[1])["name"] == "supervisor"
    shown = canonical.decode(fetch(f"{web}/status.json")[1])
    assert shown["lots"][0]["step"] == "collecting"
    assert shown["halted"] is False
