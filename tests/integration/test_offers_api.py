"""Applications to buy by program: what the pages do, under the same rules, and shown to the same people."""

from __future__ import annotations

import pytest

from kernel import canonical, keys
from kernel.site import site
from kernel.statements import Signed
from tests.bidding_stage import BiddingStage, staged
from tests.bidding_web import Door, opened_door
from tests.offer_stage import listed, pays

SAID = {"contact": "李经理人", "phone": "0990-7654321", "standing": "符合公告所列条件", "offer": "9100000.00"}


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def door(stage: BiddingStage):
    stage.actors |= {name: stage.bidder_of(who).actor for name, who in (("taker", "甲"), ("rival", "乙"))}
    with opened_door(stage) as found:
        yield found


def desk(door: Door, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = door.get("/api/v1/purchase-applications", door.stage.actors[name]).get_json()
    return found


def test_a1_l06_l07_a_program_applies_and_each_desk_decides_what_is_its_own(stage: BiddingStage, door: Door) -> None:
    lot = listed(stage, lot={"deposit": "1800000.00"}, deposit_forms=["transfer"])
    taker, rival, centre = (stage.actors[name] for name in ("taker", "rival", "operator"))
    path = f"/api/v1/lots/{lot}/purchase-application"
    low = door.post(path, taker, json={**SAID, "offer": "1.00"})
    assert (low.status_code, low.get_json()["code"]) == (422, "application.below_floor")
    made = door.post(path, taker, json=SAID)
    assert made.status_code == 201
    told = made.get_json()
    assert (told["state"], told["offer"], told["deposit"]["zh"]) == ("made", "9100000.00", "未见到账")
    receipt = Signed(keys.unb64(told["receipt"]), keys.unb64(told["receipt_sig"]))
    assert receipt.signed_by(site().key("platform").public_key())
    assert canonical.decode(receipt.raw)["sha256"] == told["sha256"]
    assert door.get(path, rival).status_code == 404
    assert [desk(door, name) for name in ("taker", "rival", "owner", "supervising")] == [[], [], [], []]
    (waiting,) = desk(door, "operator")
    assert waiting["deposit"] is not None
    assert "offer" not in str(waiting)
    act = f"/api/v1/purchase-applications/{waiting['token']}"
    unpaid = door.post(act, centre, json={"act": "complete"})
    assert (unpaid.status_code, unpaid.get_json()["code"]) == (409, "application.no_deposit")
    assert pays(stage, lot, "甲") is None
    assert door.get(path, taker).get_json()["deposit"] is None
    assert door.post(act, rival, json={"act": "complete"}).status_code == 403
    assert door.post(act, centre, json={"act": "complete"}).status_code == 204
    assert desk(door, "operator") == []
    (mine,) = desk(door, "owner")
    assert "deposit" not in mine
    assert door.post(act, stage.owner, json={"act": "confirm"}).status_code == 204
    assert door.get(path, taker).get_json()["state"] == "confirmed"


def test_a1_a_program_takes_its_application_back_and_misspelled_ones_are_refused(
    stage: BiddingStage, door: Door
) -> None:
    lot = listed(stage)
    taker, path = stage.actors["taker"], f"/api/v1/lots/{lot}/purchase-application"
    for wrong in ({"offer": "9,1"}, {"flags": ["chairman"]}, {"contact": None}, {"more": 1}):
        assert door.post(path, taker, json={**SAID, **wrong}).status_code == 422
    assert door.post(path, taker, json=SAID).status_code == 201
    assert door.send("DELETE", path, taker).get_json()["state"] == "taken_back"
    assert door.post(path, None, json=SAID).status_code == 401
    acts = "/api/v1/purchase-applications/" + "00" * 16
    assert door.post(acts, stage.actors["operator"], json={"act": "complete"}).status_code == 404
    assert door.post(acts, stage.actors["operator"], json={"act": "magic"}).status_code == 422
