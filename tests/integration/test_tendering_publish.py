"""From draft to published notice, on a real database: codes, documents, keysets, signatures, facts."""

from __future__ import annotations

import json

import pytest

from kernel import keys
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooLarge
from kernel.site import site
from sealing.keyset import Keyset, signature_obstacles
from tendering import publishing, service
from tendering.states import LotState
from tests.tendering_stage import NODES, PDF, Stage, method, notice, on_each_engine, seconds, staged


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def missing(stage: Stage, code: str) -> list[str]:
    with stage.act(write=False) as now:
        return [obstacle.code for obstacle in service.obstacles(service.tender_of(code), now)]


def test_codes_are_given_out_without_gaps_and_a_rolled_back_draft_gives_its_number_back(stage: Stage) -> None:
    first = stage.draft()
    with pytest.raises(NotFound), stage.act() as now:
        service.tender_of(service.create_draft(stage.owner, notice(), now).code + "x")
    second = stage.draft()
    assert (first, second) == ("E9901010000000001001", "E9901010000000002001")
    assert stage.lots(first) == ["E9901010000000001001001"]


def test_a_second_round_stays_in_the_project_and_belongs_to_its_owner(stage: Stage) -> None:
    first = stage.draft()
    assert stage.draft(project=first[:17]) == first[:17] + "002"
    with pytest.raises(Invalid), stage.act() as now:
        service.create_draft(stage.other_owner, notice(project=first[:17]), now)


def test_only_owner_and_agency_draft(stage: Stage) -> None:
    for name in ("bidder", "manager", "supervising", "operator"):
        with pytest.raises(Forbidden) as refusal, stage.act() as now:
            service.create_draft(stage.actors[name], notice(), now)
        assert refusal.value.rule


def test_an_agency_drafts_for_a_registered_owner_and_cannot_publish(stage: Stage) -> None:
    with pytest.raises(Invalid), stage.act() as now:
        service.create_draft(stage.agency, notice(), now)
    with stage.act() as now:
        code = service.create_draft(stage.agency, notice(owner_uscc=stage.owner.uscc), now).code
    stage.document(code)
    with pytest.raises(Forbidden), stage.act() as now:
        service.publish(stage.agency, service.tender_of(code), {}, b"", now)


def test_a_practice_installation_runs_no_real_pack(stage: Stage) -> None:
    with pytest.raises(Conflict) as refusal:
        stage.draft(pack="cn.construction.open.2026")
    assert refusal.value.code == "pack.real_only"


def test_a_real_installation_runs_no_practice_pack(tmp_path) -> None:
    with staged(tmp_path, origin="log.example.gov.cn") as real:
        with pytest.raises(Conflict) as refusal:
            real.draft()
        assert refusal.value.code == "pack.practice_only"
        assert real.draft(pack="cn.construction.open.2026").startswith("E")


def test_m10_m87_c19_c63_the_checklist_names_everything_missing_at_once(stage: Stage) -> None:
    code = stage.draft(content="", contact={}, consortium_allowed=None, bid_validity_days=None, lots=[{"name": "一"}])
    found = missing(stage, code)
    assert found == [
        "notice.content", "notice.contact.name", "notice.contact.phone", "notice.contact.address",
        "notice.consortium_allowed", "notice.bid_validity_days", "notice.documents", "method.missing",
        "deadline.missing", "keys.not_requested", "filing.missing",
    ]  # fmt: skip


def test_every_obstacle_carries_a_rule_words_in_two_languages_and_a_field(stage: Stage) -> None:
    code = stage.draft(title=" ", scale="", lots=[{"name": "", "min_price": "1.00", "method": {"type": "x"}}])
    with stage.act(write=False) as now:
        found = service.obstacles(service.tender_of(code), now)
    assert len(found) >= 7
    assert all(one.rule and one.zh and one.en and one.field for one in found)


def test_c20_a_minimum_price_is_an_obstacle(stage: Stage) -> None:
    code = stage.draft(lots=[{"name": "一", "min_price": "1.00", "method": method(max_price=None)}])
    assert "price.minimum_forbidden" in missing(stage, code)


def test_c06_a_price_for_documents_taken_online_is_an_obstacle(stage: Stage) -> None:
    code = stage.draft(lots=[{"name": "一", "document_fee": "300.00", "method": method(max_price=None)}])
    with stage.act(write=False) as now:
        (found,) = [one for one in service.obstacles(service.tender_of(code), now) if one.code == "documents.fee"]
    assert found.rule.startswith("C06 ")


@pytest.mark.parametrize(
    ("uniform", "kind", "found"),
    [(True, "cn_comprehensive", True), (True, "cn_lowest", False), (False, "cn_comprehensive", False)],
)
def test_g29_what_has_one_standard_goes_by_the_lowest_price(
    stage: Stage, uniform: bool, kind: str, found: bool
) -> None:
    way = method(id=kind, max_price="900000.00", goods_or_services="goods")
    terms = {"name": "第一包", "ceiling": "900000.00", "uniform": uniform, "method": way}
    code = stage.draft(trade="procurement", pack="practice.procurement.open", lots=[terms])
    assert ("method.uniform" in missing(stage, code)) is found


def test_g07_procurement_states_its_budget(stage: Stage) -> None:
    terms = {"name": "第一包", "method": method(max_price=None, goods_or_services="goods")}
    code = stage.draft(trade="procurement", pack="practice.procurement.open", lots=[terms])
    assert code.startswith("D")
    assert "price.budget_missing" in missing(stage, code)


def test_c09_a_deadline_too_early_is_an_obstacle_with_the_rule(stage: Stage) -> None:
    code = stage.ready()
    assert missing(stage, code) == []
    stage.now += seconds(41)
    assert missing(stage, code) == ["deadline.too_early"]


def test_nothing_is_missing_only_when_the_keys_are_signed(stage: Stage) -> None:
    code = stage.draft()
    stage.document(code)
    (lot,) = stage.lots(code)
    stage.file(code)
    assert missing(stage, code) == ["keys.not_requested"]
    stage.request_keys(code)
    for node in NODES:
        assert missing(stage, code) == ["keys.waiting"]
        stage.answer(node, lot)
    assert missing(stage, code) == ["keys.unsigned"]
    stage.countersign(lot)
    assert missing(stage, code) == []


def test_every_node_is_asked_and_only_the_supervising_one_signs(stage: Stage) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    asked = stage.mail("trustee.request")
    assert [mail["node"] for mail in asked] == list(NODES)
    assert asked[0]["body"] == {"lot": lot, "version": 1, "stages": ["sheet", "docs"]}
    for node in NODES:
        stage.answer(node, lot)
    assert [mail["node"] for mail in stage.mail("keyset.sign")] == ["supervisor"]
    with pytest.raises(Invalid):
        stage.countersign(lot, "audit")


def test_asking_again_with_the_same_key_changes_nothing(stage: Stage) -> None:
    code = stage.draft()
    stage.keyed(code)
    (lot,) = stage.lots(code)
    before = stage.lot(lot).keyset_sha256
    stage.request_keys(code)
    assert stage.lot(lot).keyset_sha256 == before
    assert len(stage.mail("trustee.request")) == 4


def test_the_same_answer_twice_is_taken_once(stage: Stage) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    stage.answer("audit", lot)
    stage.answer("audit", lot)
    assert stage.lot(lot).keyset is None
    stage.answer("supervisor", lot)
    stage.answer("management", lot)
    assert stage.lot(lot).keyset is None
    stage.answer("notary", lot)
    assert stage.lot(lot).keyset is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"i": 4},
        {"org": "somebody else"},
        {"version": 2},
        {"lot": "E9901010000000009001001"},
        {"sign_key": "ed25519:" + keys.b64(b"x" * 32)},
        {"stage": "price"},
    ],
)
def test_a_nodes_wrong_statement_is_refused(stage: Stage, odd: dict[str, object]) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    with pytest.raises(Invalid) as refusal:
        stage.answer("audit", lot, odd)
    assert refusal.value.code == "trustee.refused"
    assert refusal.value.rule


def test_one_node_cannot_answer_for_another(stage: Stage) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    entry = stage.entry("audit", lot, 1, "sheet")
    with pytest.raises(Invalid), stage.act() as now:
        service.take_trustee_entries("notary", {"lot": lot, "version": 1, "entries": [entry]}, now)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lot": 1},
        {"lot": "E9901010000000001001001", "version": 1, "entries": [1]},
        {"lot": "E9901010000000001001001", "version": 1, "entries": [{"file": "x", "sig": 1}]},
    ],
)
def test_malformed_answers_of_nodes_are_refused_not_crashes(stage: Stage, body: dict[str, object]) -> None:
    stage.request_keys(stage.draft())
    with pytest.raises(Refusal), stage.act() as now:
        service.take_trustee_entries("audit", body, now)


def test_an_answer_to_a_replaced_request_changes_nothing(stage: Stage) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    with stage.act() as now:
        entry = stage.entry("audit", lot, 7, "sheet")
        service.take_trustee_entries("audit", {"lot": lot, "version": 7, "entries": [entry]}, now)
    assert missing(stage, code) == ["notice.documents", "keys.waiting", "filing.missing"]


def test_the_keyset_is_sound_and_names_owner_and_supervisor(stage: Stage) -> None:
    code = stage.published()
    (lot,) = stage.lots(code)
    row = stage.lot(lot)
    assert row.keyset is not None
    keyset = Keyset.parse(row.keyset)
    assert keyset.fact_keys.owner == keyset.fact_keys.agency == keys.spell(stage.owner_key.public_key())
    assert keyset.fact_keys.supervisor == keys.spell(stage.nodes["supervisor"].private.public_key())
    assert [stage_.t for stage_ in keyset.stages] == [3, 3]
    sigs = (keys.unb64(row.keyset_owner_sig or ""), keys.unb64(row.keyset_supervisor_sig or ""))
    assert signature_obstacles(keyset, row.keyset, *sigs) == []


def test_publishing_states_notice_keyset_timetable_and_move_as_facts(stage: Stage) -> None:
    code = stage.published()
    (lot,) = stage.lots(code)
    (published,) = stage.facts("notice.published")
    (keyset,) = stage.facts("keyset")
    (timetable,) = stage.facts("timetable")
    (moved,) = stage.facts("state.changed")
    assert published.tender == code
    assert published.practice is True
    assert published.notice_sha256 == stage.tender(code).notice_sha256
    assert keys.unb64(keyset.file) == stage.lot(lot).keyset
    assert timetable.signed.signed_by(stage.owner_key.public_key())
    assert (moved.was, moved.now, moved.plane, moved.role) == ("draft", "collecting", "manage", "OWNER")
    assert any("第二十四条" in clause for clause in moved.law)
    assert "王" not in json.dumps(moved.to_json(), ensure_ascii=False)
    assert any(fact.what == "notice.published" and fact.person for fact in stage.facts("acted"))


def test_the_notice_is_signed_byte_for_byte_and_holds_all_hashes(stage: Stage) -> None:
    code = stage.published()
    tender = stage.tender(code)
    assert tender.notice is not None
    said = json.loads(tender.notice)
    (lot,) = stage.lots(code)
    row = stage.lot(lot)
    assert said["lots"][0]["keyset_sha256"] == row.keyset_sha256
    assert said["lots"][0]["method_sha256"] == row.method_sha256
    assert said["lots"][0]["opens_at"] == said["lots"][0]["closes_at"]
    assert said["documents"][0]["sha256"]
    assert keys.verified(keys.unb64(tender.notice_sig or ""), tender.notice, stage.owner_key.public_key())


def test_publishing_is_refused_with_the_whole_checklist(stage: Stage) -> None:
    code = stage.draft(scale="", fund_source="")
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.publish(stage.owner, service.tender_of(code), {}, stage.cert, now)
    assert refusal.value.code == "notice.obstacles"
    assert refusal.value.rule
    assert len(refusal.value.detail["obstacles"]) == 5


def test_a_sheet_signed_before_the_draft_changed_is_refused(stage: Stage) -> None:
    code = stage.ready()
    signatures = stage.sign(code)
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"scale": "全长 13 公里"}, now)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.publish(stage.owner, service.tender_of(code), signatures, stage.cert, now)
    assert refusal.value.code == "sheet.changed"


def test_a_wrong_signature_publishes_nothing(stage: Stage) -> None:
    code = stage.ready()
    signatures = stage.sign(code, keys.generate())
    with pytest.raises(Invalid) as refusal, stage.act() as now:
        service.publish(stage.owner, service.tender_of(code), signatures, stage.cert, now)
    assert refusal.value.code == "sheet.signature"
    assert stage.facts("notice.published") == []
    assert stage.tender(code).state == "filed"


def test_another_owner_cannot_even_see_the_draft(stage: Stage) -> None:
    code = stage.ready()
    signatures = stage.sign(code)
    with pytest.raises(NotFound), stage.act() as now:
        service.publish(stage.other_owner, service.tender_of(code), signatures, stage.cert, now)


def test_a_notice_is_published_once(stage: Stage) -> None:
    code = stage.published()
    with pytest.raises(Conflict), stage.act() as now:
        service.publish(stage.owner, service.tender_of(code), {}, stage.cert, now)
    with pytest.raises(Conflict), stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"scale": "x"}, now)


def test_changing_the_deadline_of_a_draft_keeps_its_keyset(stage: Stage) -> None:
    code = stage.ready()
    (lot,) = stage.lots(code)
    before = stage.lot(lot).keyset_sha256
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), notice(now + seconds(500)), now)
    assert stage.lot(lot).keyset_sha256 == before
    assert missing(stage, code) == []


def test_documents_are_hashed_replaced_in_a_draft_and_removed(stage: Stage) -> None:
    code = stage.draft()
    stage.document(code)
    second = stage.document(code, raw=PDF + b"more")
    with stage.act() as now:
        document, file = service.take(stage.owner, service.tender_of(code), second, now)
        with file:
            assert file.read() == PDF + b"more"
        assert [one.sha256 for one in document.tender.documents] == [second]
        service.remove_document(stage.owner, service.tender_of(code), second, now)
    assert "notice.documents" in missing(stage, code)


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("a.exe", PDF, "document.type"), ("../a.pdf", PDF, "document.name"), (".pdf", PDF, "document.name"),
        ("a.pdf", b"", "document.empty"), ("a.pdf", b"PK\x03\x04zip", "document.disguised"), ("a\x00.pdf", PDF, "document.name"),
        ("a.pdf", b"%P", "document.disguised"), ("a.html", b"<script>", "document.type"),
    ],
)  # fmt: skip
def test_bad_documents_are_refused_and_leave_no_blob(stage: Stage, name: str, raw: bytes, code: str) -> None:
    tender = stage.draft()
    with pytest.raises(Invalid) as refusal:
        stage.document(tender, name, raw)
    assert refusal.value.code == code
    assert refusal.value.rule
    assert not [path for path in (stage.folder / "blobs").rglob("*") if path.is_file()]


def test_a_document_over_the_limit_is_refused_while_it_streams(stage: Stage) -> None:
    tender = stage.draft()
    with pytest.raises(TooLarge):
        stage.document(tender, "big.pdf", PDF + b"0" * 1_000_000)
    assert not [path for path in (stage.folder / "blobs").rglob("*") if path.is_file()]


def test_taking_a_document_is_a_sealed_fact_only_when_somebody_is_known(stage: Stage) -> None:
    code = stage.published()
    sha256 = stage.facts("notice.published")[0].documents[0].sha256
    for actor in (None, stage.bidder):
        with stage.act() as now:
            service.take(actor, service.tender_of(code), sha256, now)[1].close()
    (taken,) = stage.facts("document.taken")
    assert (taken.org, taken.sealed) == (stage.bidder.organization, True)


def test_the_public_file_appears_after_publishing_and_says_no_more_than_is_public(stage: Stage) -> None:
    code = stage.ready()
    path = site().public / "tenders" / code / "tender.json"
    publishing.write({"tender": code})
    assert not path.exists()
    stage.publish(code)
    publishing.write({"tender": code})
    said = json.loads(path.read_text())
    assert said["lots"][0]["state"] == LotState.COLLECTING
    assert said["lots"][0]["keyset_sigs"]["supervisor"]
    assert keys.unb64(said["notice"]["file"])
    assert (site().public / said["pack"]["path"]).read_bytes()
    assert stage.owner.name not in path.read_text()
