"""C20.base at the doors: the owner's page and the JSON, in both languages; nobody reads an amount before the opening."""

from __future__ import annotations

import pytest

from tests.bidding_stage import BiddingStage
from tests.bidding_web import Door
from tests.integration.test_base_price import AMOUNT, closed, give, line, sealed
from tests.portal_stage import PortalStage, staged

ENGLISH = "?lang=en"


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def door(stage: PortalStage) -> Door:
    return stage.door()


def page(stage: BiddingStage, door: Door, path: str, lang: str = "") -> str:
    answer = door.get(path + lang, stage.owner)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_c20_base_the_owner_seals_by_json_and_a_second_is_refused_with_the_clause(
    stage: BiddingStage, door: Door
) -> None:
    lot = stage.one_lot()
    where, signed = f"/api/v1/lots/{lot}/base-price", sealed(stage, lot)
    assert door.get(where).json == {}
    assert door.post(where, stage.bidder_of("a").actor, json=signed.to_json()).status_code == 403
    first = door.post(where, stage.owner, json=signed.to_json())
    assert first.status_code == 201, first.text
    assert first.json["sha256"] == signed.sha256
    second = door.post(where, stage.owner, json=sealed(stage, lot).to_json())
    assert (second.status_code, second.json["code"]) == (409, "base_price.second")
    assert "C20.base" in second.json["rule"]
    assert set(door.get(where).json) == {"sealed", "sha256"}


@pytest.mark.parametrize("lang", ["", ENGLISH])
def test_c20_base_the_owners_page_offers_it_shows_it_and_says_why_not(
    stage: BiddingStage, door: Door, lang: str
) -> None:
    lot = stage.one_lot()
    where = f"/owner/lots/{lot}/base-price"
    empty = page(stage, door, where, lang)
    assert "data-base-price" in empty
    assert ("Seal the base price" if lang else "封存标底") in empty
    assert f"/owner/lots/{lot}/base-price" in page(stage, door, f"/owner/tenders/{lot[:20]}", lang)
    signed = sealed(stage, lot)
    door.post(f"/api/v1/lots/{lot}/base-price", stage.owner, json=signed.to_json())
    done = page(stage, door, where, lang)
    assert "data-base-price" not in done
    assert signed.sha256 in done
    assert signed.sha256 in page(stage, door, f"/tenders/{lot[:20]}", lang)
    other = stage.one_lot()
    stage.run_to_close(other)
    late = page(stage, door, f"/owner/lots/{other}/base-price", lang)
    assert "第二十七条" in late
    assert "data-base-price" not in late
    assert door.get(where, stage.bidder_of("a").actor).status_code == 403


def test_c20_base_no_page_shows_the_amount_before_it_is_read_out(stage: BiddingStage, door: Door) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    door.post(f"/api/v1/lots/{lot}/base-price", stage.owner, json=signed.to_json())
    places = (f"/lots/{lot}/opening", f"/tenders/{lot[:20]}", f"/owner/lots/{lot}/base-price")
    closed(stage, lot)
    assert not [place for place in places if "19,500,000.00" in page(stage, door, place)]
    stage.start(lot)
    stage.run(3)
    for trustee in stage.trustees.values():
        give(stage, trustee, line(stage, trustee, lot, signed))
    stage.run_until("opened", lot)
    stage.run()
    assert door.get(f"/api/v1/lots/{lot}/base-price").json["amount"] == AMOUNT
    shown = [place for place in places[1:] if "19,500,000.00" in page(stage, door, place)]
    assert shown == list(places[1:])
