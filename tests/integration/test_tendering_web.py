"""Tendering over HTTP: the JSON API, the pages in both languages, bad input at every door."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from kernel import keys
from kernel.clock import rfc3339
from kernel.statements import Signed
from tendering import packs, service, statements
from tendering.states import LotEvent
from tests.tendering_stage import NODES, PDF, Stage, notice, seconds, staged
from tests.tendering_web import checked, chinese, opened_door


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: Stage) -> FlaskClient:
    return opened_door(stage)


def by(name: str, **more: str) -> dict[str, str]:
    return {"X-Test-Actor": name, **more}


OWNER = by("owner")


def nodes_answer(stage: Stage, code: str) -> None:
    for lot in stage.lots(code):
        for node in NODES:
            stage.answer(node, lot)
        stage.countersign(lot)


def test_an_owner_goes_from_draft_to_notice_over_the_api(stage: Stage, web: FlaskClient) -> None:
    data = notice(stage.now + seconds(60))
    made = web.post("/api/v1/tenders", json=data, headers=OWNER)
    assert made.status_code == 201
    code = made.json["code"]
    put = web.put(f"/api/v1/tenders/{code}/documents/招标文件.pdf", data=PDF, headers=OWNER)
    assert (put.status_code, put.json["size"]) == (201, len(PDF))
    cert = {"cert": keys.b64(stage.cert)}
    asked = web.post(f"/api/v1/tenders/{code}/keys", json=cert, headers=OWNER)
    assert (asked.status_code, asked.json[0]["ready"], len(asked.json[0]["waiting_for"])) == (202, False, 4)
    nodes_answer(stage, code)
    filed = web.post(f"/api/v1/tenders/{code}/filing", headers=OWNER)
    assert (filed.status_code, filed.json["content"]["tender"]) == (201, code)
    assert web.get(f"/api/v1/tenders/{code}/keys", headers=OWNER).json[0]["ready"] is True
    assert web.get(f"/api/v1/tenders/{code}/obstacles", headers=OWNER).json == []
    sheet = web.get(f"/api/v1/tenders/{code}/signing-sheet", headers=OWNER).json
    assert [item["type"] for item in sheet] == ["kaibiao-notice/1", "kaibiao-keyset/1", "kaibiao-timetable/1"]
    signatures = [
        {
            "statement_sha256": item["statement_sha256"],
            "sig": keys.b64(keys.sign(keys.unb64(item["file"]), stage.owner_key)),
        }
        for item in sheet
    ]
    done = web.post(f"/api/v1/tenders/{code}/publish", json={"signatures": signatures, **cert}, headers=OWNER)
    assert (done.status_code, done.json["state"]) == (200, "published")
    lot = web.get(f"/api/v1/lots/{code}001").json
    assert (lot["state"], lot["closes_at"]) == ("collecting", data["lots"][0]["closes_at"])
    assert lot["method"] == data["lots"][0]["method"]
    assert web.get("/api/v1/tenders").json["total"] == 1


def test_the_keyset_is_served_to_the_byte_with_its_signatures(stage: Stage, web: FlaskClient) -> None:
    (lot,) = stage.lots(stage.published())
    row = stage.lot(lot)
    got = web.get(f"/api/v1/lots/{lot}/keyset")
    assert got.data == row.keyset
    sigs = web.get(f"/api/v1/lots/{lot}/keyset.sigs").json
    assert sigs == {"owner": row.keyset_owner_sig, "supervisor": row.keyset_supervisor_sig}
    assert got.headers["X-Keyset-Owner-Signature"] == sigs["owner"]
    assert web.get(f"/api/v1/lots/{lot}/keyset", headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


def test_a_drafts_keyset_and_documents_are_nobody_elses(stage: Stage, web: FlaskClient) -> None:
    code = stage.ready()
    sha256 = stage.document(code)
    for who in ({}, by("bidder"), by("other_owner"), by("supervising")):
        for path in (
            f"/api/v1/tenders/{code}",
            f"/api/v1/lots/{code}001",
            f"/api/v1/lots/{code}001/keyset",
            f"/tenders/{code}",
            f"/tenders/{code}/notice",
            f"/tenders/{code}/documents/{sha256}",
        ):
            assert web.get(path, headers=who).status_code == 404, (path, who)
    assert web.get(f"/tenders/{code}/documents/{sha256}", headers=OWNER).data == PDF
    assert stage.facts("document.taken") == []


def test_a_document_is_streamed_named_and_hashed(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    sha256 = stage.facts("notice.published")[0].documents[0].sha256
    got = web.get(f"/tenders/{code}/documents/{sha256}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E6%8B%9B")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["ETag"] == f'"{sha256}"'
    assert got.headers["Content-Length"] == str(len(PDF))
    part = web.get(f"/tenders/{code}/documents/{sha256}", headers=by("bidder", Range="bytes=1-3"))
    assert (part.status_code, part.data) == (206, PDF[1:4])
    assert stage.facts("document.taken") == []
    web.get(f"/tenders/{code}/documents/{sha256}", headers=by("bidder")).close()
    assert len(stage.facts("document.taken")) == 1
    assert web.get(f"/tenders/{code}/documents/{'0' * 64}").status_code == 404


def test_a_deadline_moves_later_over_the_api(stage: Stage, web: FlaskClient) -> None:
    (lot,) = stage.lots(stage.published())
    row = stage.lot(lot)
    item = statements.timetable(lot, row.keyset_sha256 or "", stage.now + seconds(90))
    body = Signed(item.raw, keys.sign(item.raw, stage.owner_key)).to_json()
    moved = web.post(f"/api/v1/lots/{lot}/timetable", json=body, headers=OWNER)
    assert (moved.status_code, moved.json["keyset_sha256"]) == (200, row.keyset_sha256)
    assert moved.json["closes_at"] == rfc3339(stage.now + seconds(90))
    assert web.post(f"/api/v1/lots/{lot}/timetable", json=body, headers=by("bidder")).status_code == 403
    assert web.post(f"/api/v1/lots/{lot}/timetable", json=body).status_code == 401


BAD_DRAFTS: list[Any] = [
    None, [], "x", 7, {}, {"trade": "land"}, {"trade": "construction", "pack": "x", "region": "990101", "title": "t"},
    {**notice(), "region": "abc"}, {**notice(), "title": 5}, {**notice(), "title": "a\u0000b"}, {**notice(), "unknown": 1},
    {**notice(), "lots": "x"}, {**notice(), "lots": [{"ceiling": "1"}]}, {**notice(), "lots": [{"closes_at": "tomorrow"}]},
    {**notice(), "lots": [{"method": {"price_weight": 1.5}}]}, {**notice(), "lots": [{}] * 100}, {**notice(), "bid_validity_days": "90"},
    {**notice(), "consortium_allowed": "maybe"}, {**notice(), "agency_uscc": "nobody"}, {**notice(), "project": "E9901010000009999"},
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_DRAFTS)
def test_bad_drafts_are_refused_clearly_and_leave_no_number_behind(stage: Stage, web: FlaskClient, body: Any) -> None:
    assert 400 <= web.post("/api/v1/tenders", json=body, headers=OWNER).status_code < 500
    assert stage.draft() == "E9901010000000001001"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"trade":NaN}'])
def test_malformed_json_is_refused(web: FlaskClient, raw: bytes) -> None:
    sent = web.post("/api/v1/tenders", data=raw, headers={**OWNER, "Content-Type": "application/json"})
    assert 400 <= sent.status_code < 500


@pytest.mark.parametrize("code", ["x", "E9901010000000001001", "E990101000000000100１", "%00", "E" * 500])
def test_unknown_codes_are_404_at_every_door(web: FlaskClient, code: str) -> None:
    for path in (
        f"/api/v1/tenders/{code}",
        f"/api/v1/lots/{code}",
        f"/api/v1/lots/{code}/keyset",
        f"/tenders/{code}",
        f"/owner/tenders/{code}",
    ):
        assert web.get(path, headers=OWNER).status_code == 404
    assert web.patch(f"/api/v1/tenders/{code}", json={"scale": "x"}, headers=OWNER).status_code == 404
    assert web.put(f"/api/v1/tenders/{code}/documents/a.pdf", data=PDF, headers=OWNER).status_code == 404


def test_nobody_signed_in_drafts_nothing(web: FlaskClient) -> None:
    assert web.post("/api/v1/tenders", json=notice()).status_code == 401
    assert web.get("/owner/").status_code == 401
    assert web.get("/owner/tenders/new", headers=by("bidder")).status_code == 403


def test_questions_and_answers_over_the_api(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    token = web.post(f"/api/v1/tenders/{code}/questions", json={"text": "清单第3项？"}, headers=by("bidder")).json[
        "token"
    ]
    waiting = web.get(f"/api/v1/tenders/{code}", headers=OWNER).json["pending_questions"]
    assert waiting == [{"token": token, "question": "清单第3项？"}]
    reply = {"token": token, "answer": "见补充文件。", "bears_on_bids": False}
    assert web.post(f"/api/v1/tenders/{code}/answers", json=reply, headers=OWNER).status_code == 201
    assert web.post(f"/api/v1/tenders/{code}/answers", json=reply, headers=OWNER).status_code == 409
    assert web.get(f"/api/v1/tenders/{code}").json["questions"][0]["answer"] == "见补充文件。"


def form_of(**changes: str) -> dict[str, str]:
    base = {
        "pack": "practice.construction.open", "title": "标题", "project_name": "项目", "content": "内容", "scale": "规模",
        "fund_source": "财政", "approval_doc": "青发改〔2026〕1号", "qualification": "资格", "consortium_allowed": "no", "state_funded": "yes",
        "documents_obtained": "本平台", "submission": "本平台", "bid_validity_days": "90", "contact.name": "王工",
        "contact.phone": "1", "contact.address": "路1号", "lots.1.name": "一标", "lots.1.ceiling": "1000000.00",
        "lots.1.closes_at": "2026-11-23T09:02:00", "lots.1.method": "cn_comprehensive", "lots.1.subject": "works",
        "lots.1.price_weight": "60", "lots.1.criteria.1.name": "方案", "lots.1.criteria.1.max": "40", "lots.1.criteria.1.step": "0.5",
    }  # fmt: skip
    return {**base, **changes}


def test_the_form_drafts_what_the_api_would(stage: Stage, web: FlaskClient) -> None:
    begun = web.post(
        "/owner/tenders/new",
        data={"pack": "practice.construction.open", "title": "标题", "region": "990101"},
        headers=OWNER,
    )
    assert begun.status_code == 303
    where = begun.headers["Location"]
    page = checked(web.get(where, headers=OWNER).text)
    assert "缺少：项目名称" in page
    assert web.post(where, data=form_of(), headers=OWNER).status_code == 303
    files = {"documents": [(io.BytesIO(PDF), "招标文件.pdf"), (io.BytesIO(PDF + b"2"), "清单.pdf")]}
    assert web.post(f"{where}/documents", data=files, headers=OWNER).status_code == 303
    left = web.get(f"{where}/checklist", headers=OWNER).text
    assert "尚未申请密钥组" in left
    assert left.count('class="missing"') == 2
    code = where.rpartition("/")[2]
    assert web.post(f"/owner/tenders/{code}/filing", headers=OWNER).status_code == 303
    assert web.get(f"{where}/checklist", headers=OWNER).text.count('class="missing"') == 1
    method = web.get(f"/api/v1/lots/{where.rpartition('/')[2]}001", headers=OWNER).json["method"]
    assert (method["id"], method["criteria"][0]["max"], method["max_price"]) == ("cn_comprehensive", "40", "1000000.00")


def test_a_form_that_does_not_hold_keeps_what_was_typed(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    sent = web.post(
        f"/owner/tenders/{code}", data=form_of(**{"lots.1.ceiling": "一百万", "scale": "我写的规模"}), headers=OWNER
    )
    assert sent.status_code == 422
    page = checked(sent.text)
    assert "我写的规模" in page
    assert 'href="#lots.1.ceiling"' in page


def test_lots_are_added_and_dropped_without_losing_the_form(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    web.post(f"/owner/tenders/{code}", data={**form_of(), "add_lot": "1"}, headers=OWNER)
    assert stage.lots(code) == [f"{code}001", f"{code}002"]
    checked(web.get(f"/owner/tenders/{code}", headers=OWNER).text)
    web.post(f"/owner/tenders/{code}", data={**form_of(), "drop_lot": "1", "lots.2.name": "二"}, headers=OWNER)
    assert stage.lots(code) == [f"{code}001"]


def test_the_sign_page_signs_and_publishes(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    assert "还不能发布" in checked(web.get(f"/owner/tenders/{code}/publish", headers=OWNER).text)
    stage.document(code)
    stage.keyed(code)
    stage.file(code)
    page = checked(web.get(f"/owner/tenders/{code}/publish", headers=OWNER).text)
    assert page.count('name="statement"') == 3
    unsigned = web.post(f"/owner/tenders/{code}/publish", data={}, headers=OWNER)
    assert unsigned.status_code == 422
    with stage.act(write=False):
        raws = [item.raw for item in service.signing_sheet(service.tender_of(code))]
    posted = {
        "statement": [keys.b64(raw) for raw in raws],
        "signature": [keys.b64(keys.sign(raw, stage.owner_key)) for raw in raws],
        "cert": keys.b64(stage.cert),
    }
    done = web.post(f"/owner/tenders/{code}/publish", data=posted, headers=OWNER)
    assert done.status_code == 303
    assert "接收投标" in web.get(done.headers["Location"]).text


def test_a_statement_is_prepared_in_words_and_then_signed(stage: Stage, web: FlaskClient) -> None:
    (lot,) = stage.lots(stage.published())
    until = {"closes_at": "2026-11-23T09:05:00"}
    made = web.post(f"/owner/lots/{lot}/timetable/prepare", data=until, headers=OWNER).json
    assert "2026-11-23 09:05:00" in made["words"][0]
    raw = keys.unb64(made["statements"][0])
    posted = {"statement": made["statements"][0], "signature": keys.b64(keys.sign(raw, stage.owner_key))}
    assert web.post(f"/owner/lots/{lot}/timetable", data=posted, headers=OWNER).status_code == 303
    assert web.post(f"/owner/lots/{lot}/timetable", data=posted, headers=OWNER).status_code == 422
    for act in ("suspend", "resume"):
        made = web.post(f"/owner/lots/{lot}/{act}/prepare", data={"cause": "objection:3"}, headers=OWNER).json
        raw = keys.unb64(made["statements"][0])
        posted = {"statement": made["statements"][0], "signature": keys.b64(keys.sign(raw, stage.owner_key))}
        assert web.post(f"/owner/lots/{lot}/{act}", data=posted, headers=OWNER).status_code == 303
    assert stage.lot(lot).suspended_at is None
    for bad in ({}, {"closes_at": "soon"}):
        assert web.post(f"/owner/lots/{lot}/timetable/prepare", data=bad, headers=OWNER).status_code == 422
    assert web.post(f"/owner/lots/{lot}/timetable/prepare", data=until, headers=by("bidder")).status_code == 403
    assert web.post(f"/owner/lots/{lot}/nonsense", data={}, headers=OWNER).status_code == 422


def courses(stage: Stage) -> list[str]:
    """A tender in each of many states."""
    found = [stage.published() for _ in range(4)]
    for lot, steps in zip((f"{code}001" for code in found), (0, 1, 3, 5), strict=True):
        for event in (
            LotEvent.CLOSE,
            LotEvent.START_OPENING,
            LotEvent.END_OPENING,
            LotEvent.START_EVALUATION,
            LotEvent.REPORT,
        )[:steps]:
            with stage.act() as now:
                service.move(service.lot_of(lot), event, service.CLOCK, now)
    with stage.act() as now:
        candidates = [service.Candidate("0" * 32, "0" * 64, "甲公司", "1000000.00")]
        service.start_publicity(stage.owner, service.lot_of(f"{found[3]}001"), candidates, now)
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_well_formed_in_both_languages_and_in_every_state(
    stage: Stage, web: FlaskClient, language: str
) -> None:
    draft, tenders = stage.ready(), courses(stage)
    with stage.act() as now:
        service.ask(stage.bidder, service.tender_of(tenders[0]), "A question", now)
    public = [
        "/tenders",
        "/tenders?q=nothing&state=awarded&sort=closes_at&order=asc&page=9",
        "/law",
        "/law/cn.construction.open.2026",
        "/law/practice.procurement.open",
    ]
    public += [f"/tenders/{code}" for code in tenders] + [f"/tenders/{code}/notice" for code in tenders]
    own = ["/owner/", "/owner/tenders/new"] + [f"/owner/tenders/{code}" for code in (draft, *tenders)]
    own += [f"/owner/tenders/{draft}/checklist", f"/owner/tenders/{draft}/publish", f"/tenders/{draft}"]
    for path, who in (
        [(path, {}) for path in public] + [(path, OWNER) for path in own] + [(f"/tenders/{tenders[0]}", by("bidder"))]
    ):
        got = web.get(path, headers={**who, "X-Test-Language": language})
        assert got.status_code == 200, path
        checked(got.text)


@pytest.mark.parametrize(
    ("pack", "rule"), [("cn.procurement.framework.2026", "N15"), ("cn.property.transfer.2026", "P14")]
)
def test_n15_p14_what_is_only_recorded_can_be_read_with_its_clause(web: FlaskClient, pack: str, rule: str) -> None:
    found = next(one for one in packs.load(pack).rules if one.id == rule)
    page = web.get(f"/law/{pack}").text
    assert found.clause in page
    assert found.words.zh in page


def test_practice_is_marked_on_every_page_of_a_tender(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    for path in (
        f"/tenders/{code}",
        f"/tenders/{code}/notice",
        f"/owner/tenders/{code}",
        f"/law/{stage.tender(code).pack_id}",
    ):
        assert "演练" in web.get(path, headers=OWNER).text, path
    assert "演练" in web.get("/tenders").text


def test_the_english_twin_is_complete(stage: Stage, web: FlaskClient) -> None:
    for path, who in (("/law", {}), ("/tenders", {}), ("/owner/tenders/new", OWNER)):
        left = chinese(web.get(path, headers={**who, "X-Test-Language": "en"}).text)
        assert not [
            text for text in left if "条" not in text and "国" not in text and "财" not in text and "单位" not in text
        ], left


def test_lists_are_exported_as_csv_and_json_and_no_cell_runs(stage: Stage, web: FlaskClient) -> None:
    code = stage.published(title="=HYPERLINK(1)")
    rows = json.loads(web.get("/tenders?format=json").text)
    assert [row["code"] for row in rows] == [code]
    text = web.get("/tenders?format=csv").text
    assert "'=HYPERLINK(1)" in text
    assert text.startswith("\ufeffcode,")


def test_names_are_escaped_on_pages(stage: Stage, web: FlaskClient) -> None:
    code = stage.published(title="<script>alert(1)</script>", scale="<b>大</b>")
    for path in (f"/tenders/{code}", "/tenders", f"/tenders/{code}/notice"):
        assert "<script>alert" not in web.get(path).text
        assert "<b>大" not in web.get(path).text


def test_the_owners_page_answers_cancels_and_records_who_gave_up(stage: Stage, web: FlaskClient) -> None:
    code = courses(stage)[3]
    where = f"/owner/tenders/{code}"
    gone = web.post(f"/owner/lots/{code}001/given-up", data={"bid_id": "0" * 32, "reason": "书面放弃"}, headers=OWNER)
    assert gone.status_code == 303
    assert "书面放弃" in web.get(f"/tenders/{code}").text
    assert web.post(f"{where}/cancel", data={"reason": "x"}, headers=OWNER).status_code == 422
    assert web.post(f"{where}/cancel", data={"reason": "立项撤销"}, headers=OWNER).status_code == 303
    assert "立项撤销" in checked(web.get(where, headers=OWNER).text)
    assert web.post(f"{where}/cancel/withdraw", headers=OWNER).status_code == 303
    assert web.post(f"{where}/answers", data={"token": "0" * 32, "answer": "x"}, headers=OWNER).status_code == 422


def test_the_management_office_confirms_a_cancellation_on_the_tenders_page(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    assert web.post(f"/tenders/{code}/cancel", headers=by("manager")).status_code == 422
    web.post(f"/api/v1/tenders/{code}/cancel", json={"reason": "立项撤销，终止招标"}, headers=OWNER)
    assert "立项撤销" in checked(web.get(f"/tenders/{code}", headers=by("manager")).text)
    assert "立项撤销" not in web.get(f"/tenders/{code}").text
    assert web.post(f"/tenders/{code}/cancel", headers=by("manager")).status_code == 303
    assert "本项目已终止" in checked(web.get(f"/tenders/{code}").text)


def test_a_draft_is_thrown_away_only_after_its_owner_confirmed(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    web.put(f"/api/v1/tenders/{code}/documents/招标文件.pdf", data=PDF, headers=OWNER)
    asked = web.get(f"/owner/tenders/{code}/discard", headers=OWNER)
    assert "1 份已上传的文件" in asked.text
    assert code in asked.text
    assert web.get(f"/owner/tenders/{code}", headers=OWNER).status_code == 200
    assert web.post(f"/owner/tenders/{code}/discard", headers=by("other_owner")).status_code in (403, 404)
    gone = web.post(f"/owner/tenders/{code}/discard", headers=OWNER)
    assert gone.status_code == 303
    assert web.get(f"/owner/tenders/{code}", headers=OWNER).status_code == 404
    assert code in web.get(gone.headers["Location"], headers=OWNER).text
    assert stage.draft() != code


def test_a_published_tender_cannot_be_thrown_away(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    assert web.get(f"/owner/tenders/{code}/discard", headers=OWNER).status_code == 409
    refused = web.post(f"/owner/tenders/{code}/discard", headers=OWNER)
    assert "公告已发布" in refused.text
    assert web.get(f"/tenders/{code}").status_code == 200
