"""The agency's own key (sealing.md 1.1 fact_keys): named by the agency before the notice, in the keyset, good for the opening."""

from __future__ import annotations

import pytest

from accounts import certificates
from bidding import opening
from kernel import keys
from kernel.clock import rfc3339
from kernel.errors import Conflict, Forbidden, Refusal
from kernel.statements import Signed
from sealing.keyset import Keyset
from tendering import publishing, service
from tests.bidding_stage import staged as bidding_stage
from tests.tendering_stage import NODES, Stage, staged


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def with_agency(stage: Stage) -> str:
    code = stage.draft(agency_uscc=stage.agency.uscc)
    stage.document(code)
    return code


def missing(stage: Stage, code: str) -> dict[str, str]:
    with stage.act(write=False) as now:
        return {one.code: one.rule for one in service.obstacles(service.tender_of(code), now)}


def fact_keys(stage: Stage, code: str):
    return Keyset.parse(stage.lot(stage.lots(code)[0]).keyset or b"").fact_keys


def test_the_checklist_asks_for_the_agencys_key_with_its_rule_and_nodes_are_not_asked_before(stage: Stage) -> None:
    code = with_agency(stage)
    assert missing(stage, code)["keys.agency_missing"] == "sealing.md 1.1 fact_keys"
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.request_keysets(stage.owner, service.tender_of(code), stage.cert, now)
    assert (refusal.value.code, refusal.value.rule) == ("keys.agency_missing", "sealing.md 1.1 fact_keys")
    assert stage.mail("trustee.request") == []


def test_the_keyset_names_the_agencys_own_key_and_the_public_file_its_certificate(stage: Stage) -> None:
    code = with_agency(stage)
    stage.keyed(code)
    stage.publish(code)
    named = fact_keys(stage, code)
    assert named.agency == keys.spell(stage.agency_key.public_key()) != named.owner
    with stage.act(write=False):
        shown = publishing.content(service.tender_of(code))
    assert keys.unb64(shown["agency_cert"]) == stage.agency_cert


def test_without_an_agency_the_owners_key_stands_in_its_place(stage: Stage) -> None:
    code = stage.published()
    assert fact_keys(stage, code).agency == keys.spell(stage.owner_key.public_key())
    with stage.act(write=False):
        assert publishing.content(service.tender_of(code))["agency_cert"] is None


@pytest.mark.parametrize("who", ["owner", "other_owner", "bidder", "supervising", "operator", "manager"])
def test_only_the_agencys_officer_names_its_key(stage: Stage, who: str) -> None:
    code = with_agency(stage)
    with pytest.raises(Refusal), stage.act() as now:
        service.confirm_key(stage.actors[who], service.tender_of(code), stage.cert, now)
    assert "keys.agency_missing" in missing(stage, code)


def test_the_agency_cannot_name_the_owners_certificate_or_one_that_is_unknown(stage: Stage) -> None:
    code = with_agency(stage)
    for cert in (stage.cert, b"no certificate"):
        with pytest.raises(Refusal), stage.act() as now:
            service.confirm_key(stage.agency, service.tender_of(code), cert, now)


def test_another_agency_or_certificate_makes_the_keysets_useless(stage: Stage) -> None:
    code = with_agency(stage)
    stage.keyed(code)
    stage.file(code)
    assert missing(stage, code) == {}
    with stage.act() as now:
        service.confirm_key(stage.agency, service.tender_of(code), stage.agency_cert, now)
    assert missing(stage, code) == {}, "the same certificate again changes nothing"
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"agency_uscc": None}, now)
    assert set(missing(stage, code)) == {"keys.not_requested", "filing.changed"}, "whoever acts for the owner is filed"
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"agency_uscc": stage.agency.uscc}, now)
    assert set(missing(stage, code)) == {"keys.not_requested", "keys.agency_missing"}


def test_a_revoked_certificate_of_the_agency_keeps_the_notice_back(stage: Stage) -> None:
    code = with_agency(stage)
    stage.keyed(code)
    with stage.act() as now:
        serial = next(one.serial for one in certificates.certificates_of(stage.agency) if one.der == stage.agency_cert)
        certificates.revoke(stage.agency, serial, now)
    assert "keys.agency_over" in missing(stage, code)
    with pytest.raises(Conflict) as refusal:
        stage.publish(code)
    assert refusal.value.code == "notice.obstacles"


def test_once_published_the_agencys_key_stands(stage: Stage) -> None:
    code = with_agency(stage)
    stage.keyed(code)
    stage.publish(code)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.confirm_key(stage.agency, service.tender_of(code), stage.agency_cert, now)
    assert refusal.value.code == "tender.published"
    assert len(stage.mail("trustee.request")) == len(NODES)


def started(stage, lot: str, key: keys.PrivateKey) -> Signed:
    content = {"type": opening.STARTED, "lot": lot, "at": rfc3339(stage.now), "recording": "on", "deposits": "none"}
    return Signed.make(content, key)


@pytest.mark.parametrize("signer", ["agency", "stranger"])
def test_an_agencys_officer_starts_the_opening_with_the_agencys_key(tmp_path, signer: str) -> None:
    with bidding_stage(tmp_path) as stage:
        lot = stage.one_lot(agency_uscc=stage.agency.uscc)
        for name in ("甲", "乙", "丙"):
            stage.bid(lot, name)
        stage.run_to_close(lot)
        key = stage.agency_key if signer == "agency" else keys.generate()
        statement = started(stage, lot, key)
        if signer == "stranger":
            with pytest.raises(Forbidden) as refusal, stage.act() as now:
                opening.start(stage.agency, lot, statement, now)
            assert refusal.value.code == "opening.signature"
            return
        with stage.act() as now:
            opening.start(stage.agency, lot, statement, now)
        (fact,) = stage.facts("opening.started")
        assert (fact.by, fact.signed.signed_by(stage.agency_key.public_key())) == ("agency", True)
