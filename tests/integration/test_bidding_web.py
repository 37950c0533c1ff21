"""Bidding over HTTP, through the portal as it runs: tus, submission, receipts, opening, pages in both languages."""

import base64
import hashlib
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import seconds, staged
from bidding_web import opened_door
from tendering_stage import method, notice

from accounts.models import Consortium, ConsortiumMember
from bidding import keepsake, lots, submission
from bidding.models import Bid
from kernel import keys
from kernel.db import db
from kernel.errors import Forbidden
from kernel.statements import Signed
from sealing import receipts
from supervision import log, mail

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
RAW = b"sealed" * 5000


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def door(stage):
    with opened_door(stage) as found:
        yield found


@pytest.fixture
def actor(stage):
    return stage.bidder_of("a").actor


def created(door, actor, raw=RAW):
    name = base64.b64encode("投标.age".encode()).decode()
    headers = {**TUS, "Upload-Length": str(len(raw)), "Upload-Metadata": f"filename {name}"}
    answer = door.post("/api/v1/uploads", actor, headers=headers)
    assert answer.status_code == 201, answer.data
    return answer.headers["Location"].partition("/api")[1] + answer.headers["Location"].partition("/api")[2]


def uploaded(door, actor, raw):
    path = created(door, actor, raw)
    answer = door.send("PATCH", path, actor, headers={**BODY, "Upload-Offset": "0"}, data=raw)
    assert answer.status_code == 204, answer.data
    return path.rpartition("/")[2]


def test_options_say_what_is_spoken(door):
    answer = door.send("OPTIONS", "/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert "creation" in answer.headers["Tus-Extension"]
    assert answer.headers["Tus-Max-Size"] == "4000000"


def test_a_file_goes_up_in_two_pieces(door, actor):
    path = created(door, actor)
    first = door.send("PATCH", path, actor, headers={**BODY, "Upload-Offset": "0"}, data=RAW[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    head = door.send("HEAD", path, actor, headers=TUS)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (
        200,
        "1000",
        str(len(RAW)),
    )
    assert head.headers["Cache-Control"] == "no-store"
    last = door.send("PATCH", path, actor, headers={**BODY, "Upload-Offset": "1000"}, data=RAW[1000:])
    assert last.headers["Upload-Offset"] == str(len(RAW))
    assert last.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in last.headers


def test_a_file_comes_along_with_its_creation(door, actor):
    headers = {**BODY, "Upload-Length": str(len(RAW))}
    answer = door.post("/api/v1/uploads", actor, headers=headers, data=RAW)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(RAW)))


def test_tus_errors_have_the_codes_of_tus_and_our_words(door, actor):
    path = created(door, actor)
    digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    cases = [
        ({**BODY, "Upload-Offset": "5"}, 409, "upload.offset"),
        ({**BODY, "Upload-Offset": "x"}, 422, "upload.header"),
        ({**BODY, "Upload-Offset": "0", "Upload-Checksum": f"sha256 {digest}"}, 460, "upload.checksum"),
        ({**BODY, "Upload-Offset": "0", "Tus-Resumable": "0.2.2"}, 412, "upload.version"),
        ({**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}, 415, "upload.content_type"),
    ]
    for headers, status, code in cases:
        answer = door.send("PATCH", path, actor, headers=headers, data=b"x" * 10)
        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert answer.json["message_zh"]
        assert answer.json["message_en"]
    assert door.send("HEAD", path, actor, headers=TUS).headers["Upload-Offset"] == "0"


def test_too_large_a_file_is_refused_before_the_first_byte(door, actor):
    answer = door.post("/api/v1/uploads", actor, headers={**TUS, "Upload-Length": "4000001"})
    assert (answer.status_code, answer.json["code"]) == (413, "upload.too_large")


def test_an_upload_is_found_by_its_owner_only(stage, door, actor):
    path = created(door, actor)
    assert door.send("HEAD", path, stage.bidder_of("b").actor, headers=TUS).status_code == 404
    assert door.send("HEAD", path, headers=TUS).status_code == 401
    assert door.send("DELETE", path, stage.bidder_of("b").actor, headers=TUS).status_code == 404
    assert door.send("DELETE", path, actor, headers=TUS).status_code == 204
    assert door.send("HEAD", path, actor, headers=TUS).status_code == 404
    assert door.post("/api/v1/uploads", stage.owner, headers={**TUS, "Upload-Length": "1"}).status_code == 403


def handed(stage, door, lot, name="a", **job):
    actor, sealed = stage.bidder_of(name).actor, stage.seal(lot, name, **job)
    files = {
        envelope.stage: uploaded(door, actor, (sealed.folder / f"{envelope.stage}.age").read_bytes())
        for envelope in sealed.manifest.envelopes
    }
    papers = {"manifest": sealed.manifest_raw, "sig": sealed.sig, "bidder": sealed.bidder_json}
    return sealed, {**{key: keys.b64(raw) for key, raw in papers.items()}, "envelopes": files}


def test_a_bid_is_handed_in_receipted_and_withdrawn(stage, door, actor):
    lot = stage.one_lot()
    sealed, body = handed(stage, door, lot)
    key = {"Idempotency-Key": sealed.manifest_sha256}
    answer = door.post(f"/api/v1/lots/{lot}/bids", actor, json=body, headers=key)
    assert (answer.status_code, answer.json["state"]) == (201, "received")
    again = door.post(f"/api/v1/lots/{lot}/bids", actor, json=body)
    assert again.json["receipt_id"] == answer.json["receipt_id"]
    stage.run(6)
    path = f"/api/v1/receipts/{answer.json['receipt_id']}"
    kept = door.get(path, actor).json
    assert kept["state"] == "witnessed"
    assert all(claim.held for claim in keepsake.claims(kept, mail.policy(), sealed.manifest_raw))
    assert door.get(path, stage.bidder_of("b").actor).status_code == 404
    mine = door.get(f"/api/v1/lots/{lot}/my-bids", actor).json["bids"]
    assert [(bid["status"], bid["acks"]) for bid in mine] == [("live", 4)]
    assert door.get(f"/api/v1/lots/{lot}/my-bids", stage.bidder_of("b").actor).json["bids"] == []
    statement = Signed.make(
        receipts.Withdrawal(lot, sealed.manifest_sha256, "2026-11-23T01:00:30Z").content(), stage.bidder_of("a").key
    )
    gone = door.post(f"/api/v1/lots/{lot}/withdrawals", actor, json=statement.to_json())
    assert gone.status_code == 201
    assert stage.rows(Bid)[0].status.value == "withdrawn"


def test_a_late_bid_over_http_is_refused_in_words_and_stands_in_the_log_as_a_seal(stage, door, actor):
    lot = stage.one_lot()
    _, body = handed(stage, door, lot)
    stage.now = stage.lot(lot).closes_at + seconds(1)
    answer = door.post(f"/api/v1/lots/{lot}/bids", actor, json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "bid.late")
    assert "第三十六条" in answer.json["rule"]
    with stage.act(write=False):
        refused = log.find("bid.refused", lot)
        assert [row.value.code for row in refused] == ["bid.late"]
        assert refused[0].salt is not None
        assert refused[0].subject_org == actor.subject


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"manifest": 1}, {"manifest": "!", "sig": "", "bidder": "", "envelopes": {}}]
)
def test_a_body_that_is_no_bid_is_a_clear_error(stage, door, actor, body):
    lot = stage.one_lot()
    answer = door.post(f"/api/v1/lots/{lot}/bids", actor, json=body)
    assert answer.status_code in (400, 422)
    assert answer.json["code"]


def test_strangers_offices_and_the_public_learn_nothing_of_bids_before_the_close(stage, door):
    lot = stage.one_lot()
    bids = [stage.bid(lot, name) for name in "abc"]
    others = [stage.owner, stage.agency, stage.operator, stage.supervising, stage.manager, None]
    secrets = [value for bid in bids for value in (bid.bid_id, bid.manifest_sha256, bid.receipt_id)]
    for stranger in others:
        view = door.get(f"/api/v1/lots/{lot}/opening", stranger)
        assert view.json["lines"] == []
        assert not {"count", "roll_hashes", "progress"} & set(view.json)
        for path in (
            f"/api/v1/lots/{lot}",
            f"/api/v1/lots/{lot}/my-bids",
            f"/desk/{lot}",
            f"/owner/lots/{lot}/opening",
            "/desk",
        ):
            text = door.get(path, stranger).get_data(as_text=True)
            assert not any(secret in text for secret in secrets)
            assert "bidder1" not in text


def test_the_opening_runs_over_http(stage, door, actor):
    lot = stage.one_lot()
    for n, name in enumerate("abc"):
        stage.bid(lot, name, price=f"2{n}000000.00")
    stage.run_to_close(lot)
    stage.run(3)
    content = {
        "type": "kaibiao-opening-started/1", "lot": lot, "at": "2026-11-23T01:01:10Z", "recording": "none", "deposits": "none",
    }  # fmt: skip
    started = Signed.make(content, stage.owner_key).to_json()
    assert door.post(f"/api/v1/lots/{lot}/opening", actor, json=started).status_code == 403
    assert door.post(f"/api/v1/lots/{lot}/opening", stage.owner, json=started).status_code == 201
    while door.get(f"/api/v1/lots/{lot}/opening").json["step"] != "confirming":
        stage.run()
    shown = door.get(f"/api/v1/lots/{lot}/opening").json
    assert sorted(line["price"] for line in shown["lines"]) == ["20000000.00", "21000000.00", "22000000.00"]
    assert {node["state"] for node in shown["nodes"]} == {"released"}
    said = door.post(f"/api/v1/lots/{lot}/opening/objections", actor, json={"words": "请核对"})
    assert said.status_code == 201
    assert door.post(f"/api/v1/lots/{lot}/confirmations", actor).status_code == 201
    path = f"/api/v1/lots/{lot}/opening/objections/{said.json['token']}/answer"
    assert door.post(path, stage.owner, json={"words": "已核对"}).status_code == 201
    stage.run_until("opened", lot)
    assert door.get(f"/api/v1/lots/{lot}/opening/objections").json[0]["answer"] == "已核对"


# pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_desk_reads_in_both_languages(stage, door, actor, language):
    lot = stage.one_lot()
    bid = stage.bid(lot, "a")
    for name in "bc":
        stage.bid(lot, name)
    stage.run(6)
    paths = [
        "/desk", f"/desk/{lot}", f"/desk/{lot}/upload", f"/desk/{lot}/withdraw/{bid.manifest_sha256}",
        f"/desk/receipts/{bid.receipt_id}", f"/desk/{lot}/opening",
    ]  # fmt: skip
    for path in paths:
        answer = door.get(f"{path}?lang={language}", actor)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, (path, text)
        untranslated = ("我的投标", "封标", "回执", "撤回") if language == "en" else ("My bids", "Receipt")
        main = text.partition("<main")[2].partition("</main>")[0]
        assert not any(word in main for word in untranslated), path
    kept = door.get(f"/desk/receipts/{bid.receipt_id}.json", actor)
    assert kept.json["state"] == "witnessed"
    host = door.get(f"/owner/lots/{lot}/opening?lang={language}", stage.owner)
    assert host.status_code == 200
    assert door.get(f"/desk/{lot}", stage.owner).status_code == 403


def test_the_seal_form_carries_what_the_client_needs(stage, door, actor):
    lot = stage.one_lot()
    text = door.get(f"/desk/{lot}", actor).get_data(as_text=True)
    for wanted in (
        "data-seal",
        f'data-keyset-sha256="{stage.lot(lot).keyset_sha256}"',
        'data-prev=""',
        "data-preflight",
    ):
        assert wanted in text
    bid = stage.bid(lot, "a")
    text = door.get(f"/desk/{lot}", actor).get_data(as_text=True)
    assert f'data-prev="{bid.manifest_sha256}"' in text


@pytest.mark.parametrize(
    ("trade", "subject", "law"),
    [("procurement", "goods", "第三十一条"), ("procurement", "services", ""), ("construction", "goods", "")],
)
def test_g30_the_sheet_of_goods_in_procurement_asks_for_the_brand(stage, door, trade, subject, law):
    (row,) = notice(stage.now + seconds(60))["lots"]
    row["method"] = method(goods_or_services=subject)
    lot = stage.lots(stage.published(pack=f"practice.{trade}.open", trade=trade, lots=[row]))[0]
    text = door.get(f"/desk/{lot}", stage.bidder_of("a").actor).get_data(as_text=True)
    assert ('name="brand" required' in text) is bool(law)
    assert law in text


@pytest.mark.parametrize("rate", [None, "0.10"])
def test_g49_a_small_firm_can_claim_the_deduction_that_the_documents_state(stage, door, rate):
    (row,) = notice(stage.now + seconds(60))["lots"]
    row["method"] = method(goods_or_services="services", deduction={"small": rate} if rate else None)
    lot = stage.lots(stage.published(pack="practice.procurement.open", trade="procurement", lots=[row]))[0]
    text = door.get(f"/desk/{lot}", stage.bidder_of("a").actor).get_data(as_text=True)
    assert ('<option value="small">' in text) is bool(rate)
    assert ("财库〔2020〕46号" in text) is bool(rate)


def test_a_withdrawal_is_signed_and_posted_by_the_page(stage, door, actor):
    lot = stage.one_lot()
    bid = stage.bid(lot, "a")
    path = f"/desk/{lot}/withdraw/{bid.manifest_sha256}"
    text = door.get(path, actor).get_data(as_text=True)
    raw = keys.unb64(text.partition('name="statement" value="')[2].partition('"')[0])
    wrong = door.post(path, actor, data={"statement": keys.b64(raw), "signature": keys.b64(bytes(64))})
    assert wrong.status_code == 422
    assert "error-summary" in wrong.get_data(as_text=True)
    signature = keys.b64(keys.sign(raw, stage.bidder_of("a").key))
    done = door.post(path, actor, data={"statement": keys.b64(raw), "signature": signature, "cert": ""})
    assert done.status_code == 303
    assert door.get(done.headers["Location"], actor).status_code == 200
    assert stage.rows(Bid)[0].status.value == "withdrawn"


def complete_consortium(stage, lead, member, name):
    """Declared by the lead and confirmed by all, as the accounts' own tests show how."""
    with stage.act() as now:
        found = Consortium(
            code="c0ffee0011223344", name=name, lead_id=lead.organization_id, agreement_sha256="a" * 64,
            statement="{}", declared_at=now, confirmed_at=now,
        )  # fmt: skip
        db.session.add(found)
        db.session.flush()
        members = (lead.organization_id, member.organization_id)
        db.session.add_all(ConsortiumMember(consortium_id=found.id, organization_id=one) for one in members)
    return f"consortium:{found.code}"


def test_c64_sealing_and_handing_in_take_a_plain_browser_and_nothing_bought(stage, door):
    lot, actor = stage.one_lot(), stage.bidder_of("a").actor
    for place in (f"/desk/{lot}", f"/desk/{lot}/upload"):
        page = door.get(place, actor).text
        assert not re.search(r"<(object|embed|applet)", page)
        assert not re.search(r"""(src|href)=["'](https?:)?//(?!127\.0\.0\.1)""", page), "nothing of another host"
    assert 'type="file"' in page, "what another program sealed is handed in as files"


def test_the_lead_of_a_consortium_chooses_on_the_sealing_page_for_whom_it_bids(stage, door):
    lot = stage.one_lot()
    lead, member = stage.bidder_of("a").actor, stage.bidder_of("b").actor
    alone = door.get(f"/desk/{lot}", lead).text
    assert 'name="party"' not in alone
    ref = complete_consortium(stage, lead, member, "清江水电与松城市政联合体")
    for place in (f"/desk/{lot}", f"/desk/{lot}/upload"):
        page = door.get(place, lead).text
        assert f'value="{ref}" data-bidder="清江水电与松城市政联合体" data-prev=""' in page
        assert f'value="" data-bidder="{lead.organization}" data-prev="" checked' in page
    assert 'name="party"' not in door.get(f"/desk/{lot}", member).text


def test_a_consortium_cannot_be_chosen_where_the_notice_admits_none(stage, door):
    lot = stage.one_lot()
    lead, member = stage.bidder_of("a").actor, stage.bidder_of("b").actor
    ref = complete_consortium(stage, lead, member, "清江水电与松城市政联合体")
    with stage.act():
        tender = lots.find(lot).tender
        tender.draft = {**tender.draft, "consortium_allowed": False}
    page = door.get(f"/desk/{lot}", lead).text
    assert f'value="{ref}" data-bidder="清江水电与松城市政联合体" data-prev="" disabled' in page


def test_c24_m87_a_consortium_is_refused_at_the_door_where_the_notice_admits_none(stage):
    lot = stage.one_lot()
    lead, member = stage.bidder_of("a").actor, stage.bidder_of("b").actor
    ref = complete_consortium(stage, lead, member, "清江水电与松城市政联合体")
    handed = replace(stage.handed(stage.seal(lot, "a"), "a"), party=ref)
    with stage.act():
        tender = lots.find(lot).tender
        tender.draft = {**tender.draft, "consortium_allowed": False}
    with stage.act() as now, pytest.raises(Forbidden) as found:
        submission.submit(lead, lot, handed, now)
    assert found.value.code == "consortium.not_admitted"
    assert "《招标投标法实施条例》第三十七条" in str(found.value.rule)
