"""What the pages do with directives, failed lots and contracts, done by programs through the portal itself."""

from __future__ import annotations

from typing import Any

import pytest
from portal_stage import PortalStage, staged

from accounts.actor import Actor
from kernel import keys
from tendering.states import LotEvent
from tests import objection_stage as on
from tests.tendering_stage import seconds

REASONS = {"act": "void", "reasons": "投诉成立：应当回避而未回避。", "law": "《招标投标法实施条例》第八十一条"}


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage: PortalStage) -> str:
    return on.construction(stage)


def called(stage: PortalStage, path: str, who: Actor | None = None, **body: Any) -> Any:
    door = stage.door()
    return door.post(f"/api/v1/lots/{path}", who, json=body)


def read(stage: PortalStage, path: str, who: Actor | None = None) -> Any:
    return stage.door().get(f"/api/v1{path}", who)


def test_t29_a_directive_is_prepared_signed_seconded_and_then_read_by_all(stage, lot):
    assert called(stage, f"{lot}/directives/statement", stage.owner, **REASONS).status_code == 403
    prepared = called(stage, f"{lot}/directives/statement", stage.supervising, **REASONS).json
    sig = keys.sign(keys.unb64(prepared["file"]), stage.nodes["supervisor"].private)
    given = {"file": prepared["file"], "sig": keys.b64(sig)}
    waiting = called(stage, f"{lot}/directives", stage.supervising, **given)
    assert waiting.status_code == 201, waiting.text
    assert [row["in_force_at"] for row in waiting.json] == [None]
    assert read(stage, f"/lots/{lot}/directives").json == []
    assert [row["act"] for row in read(stage, "/approvals", stage.manager).json] == [f"void.{lot[20:]}"]
    assert called(stage, f"{lot}/directives/void/second", stage.supervising).status_code == 403
    assert called(stage, f"{lot}/directives/void/second", stage.manager).status_code == 200
    (public,) = read(stage, f"/lots/{lot}/directives").json
    assert (public["reasons"], public["file"]) == (REASONS["reasons"], prepared["file"])
    assert stage.lot(lot).state == "voided"


def test_t29_a_directive_is_taken_back_by_the_authority(stage, lot):
    prepared = called(stage, f"{lot}/directives/statement", stage.supervising, **REASONS).json
    sig = keys.sign(keys.unb64(prepared["file"]), stage.nodes["supervisor"].private)
    called(stage, f"{lot}/directives", stage.supervising, file=prepared["file"], sig=keys.b64(sig))
    assert called(stage, f"{lot}/directives/nonsense/take-back", stage.supervising).status_code == 422
    assert called(stage, f"{lot}/directives/void/take-back", stage.supervising).json == []


def test_t30_the_owner_prepares_the_next_round_of_a_failed_lot(stage, lot):
    said = {
        "reasons": "截止时只有两家投标，不足三家，市场上有同类业绩的单位少。",
        "changes": "第三章资格条件中的业绩要求由三项改为一项，工期延长三十日。",
    }
    assert called(stage, f"{lot}/next", stage.owner, **said).status_code == 409
    on.moved(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    assert read(stage, f"/lots/{lot}/next", stage.agency).status_code == 403
    assert "again" in [row["choice"] for row in read(stage, f"/lots/{lot}/next", stage.owner).json["options"]]
    prepared = called(stage, f"{lot}/next", stage.owner, **said)
    assert prepared.status_code == 201, prepared.text
    assert (prepared.json["round"], prepared.json["options"]) == (2, [])
    assert stage.tender(prepared.json["tender"]).state == "draft"


def test_c31_after_one_failure_another_method_needs_more_than_a_word(stage, lot):
    on.moved(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    said = {"choice": "no_more", "reasons": "两次失败，报批后不再招标。"}
    assert called(stage, f"{lot}/next/decision", stage.owner, **said).status_code in (409, 422)


def test_c48_everybody_reads_the_duties_after_the_award_and_nobody_a_paper_that_is_not_there(stage, lot):
    on.in_publicity(stage, lot)
    stage.now += seconds(600)
    on.award(stage, lot)
    found = read(stage, f"/lots/{lot}/contract").json
    assert (found["state"], found["papers"], found["archive_sha256"]) == ("awarded", [], None)
    assert all(row["law"] for row in found["duties"])
    statement = {"file": keys.b64(b"{}"), "sig": keys.b64(b"0" * 64)}
    assert called(stage, f"{lot}/contract/signature", stage.bidder, **statement).status_code in (403, 409)
    assert called(stage, f"{lot}/outcome", stage.bidder).status_code == 404
