"""The pages of what goes before, beside and after the sealed box: applications, sales, deposits, negotiations, reviews.

Looked at like the pages of the procedure: access rules, a phone's width, both languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import escrow_stage
import offer_stage
import prequal_stage
import pytest
import scenes
import tendering_stage
from inspection import Inspector, words_of_people
from playwright.sync_api import Browser
from scenes import PlayedScene, Scene

from accounts import ties
from accounts.roles import Role
from bidding import exceptions
from evaluation.negotiation import parties, threads
from evaluation.review import clarification
from evaluation.review.clarification import Request
from evaluation.review.rules import About
from portal.assets import DIST
from portal.scenario import verbs_award, verbs_review
from tendering import service
from tendering.media import service as media
from tendering.media.service import Publication

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built"),
]
SAID = (
    "甲：", "乙：", "丙：", "丁：",
    "甲", "乙", "丙", "丁", "资质", "业绩", "三级及以上", "一项公路工程", "没有业绩证明", "张三", "某省招标公告发布平台", "青山农商行", "青山融资担保",
    "青山宾馆 60% 股权转让", "2026-3号地块挂牌出让", "标的一", "青国资评备〔2026〕3号", "青政函〔2026〕7号", "李经理人", "符合公告所列条件", "回单 0001", "营业执照.pdf",
    "依法退还", "经办人", "投标文件.pdf", "青山县农村公路改造工程招标公告", "第1标段",
    "能否提供五年质保？", "可以提供五年质保。", "可以。", "质保期由三年改为五年。", "智慧教室", "青财购〔2026〕9号", verbs_review.ASKED,
)  # fmt: skip
"""Words of people, which no catalog translates."""
REASON = "录像主机故障，备用设备明日方能送达"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Scene]:
    with scenes.opened(tmp_path_factory.mktemp("stages"), chromium) as found:
        for name in prequal_stage.FOUR:
            found.stage.bidder_of(name)
        found.stage.grant(*(bidder.actor for bidder in found.stage.bidders.values()))
        yield found


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    found = Inspector(words_of_people(*scenes.SAID, *SAID))
    yield found
    assert found.findings == []


def test_pre_qualification(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, prequal_stage.opened(scene.stage)
    applicant = stage.bidder_of("甲").actor
    scene.look(inspector, applicant, f"/lots/{lot}/application", f"/tenders/{lot[:20]}")
    for name in prequal_stage.FOUR:
        prequal_stage.apply(stage, lot, name)
    scene.look(inspector, applicant, f"/lots/{lot}/application", "/prequal")
    prequal_stage.close(stage, lot)
    scene.look(inspector, stage.owner, f"/lots/{lot}/prequal")
    prequal_stage.review(stage, lot, "丁")
    scene.look(inspector, stage.owner, f"/lots/{lot}/prequal")
    prequal_stage.give(stage, lot, stage.now + tendering_stage.seconds(600))
    scene.look(inspector, stage.bidder_of("丁").actor, f"/lots/{lot}/application", "/prequal")


def test_a_sale_from_the_application_to_the_deal(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, offer_stage.listed(scene.stage)
    taker = stage.bidder_of("甲").actor
    scene.look(inspector, taker, f"/lots/{lot}/apply", f"/tenders/{lot[:20]}")
    token = offer_stage.apply(stage, lot, "甲")
    scene.look(inspector, taker, f"/lots/{lot}/apply")
    scene.look(inspector, stage.actors["operator"], "/applications")
    offer_stage.confirm(stage, token)
    offer_stage.over(stage)
    scene.look(inspector, taker, f"/lots/{lot}/sale")
    scene.look(inspector, stage.owner, f"/lots/{lot}/sale", f"/owner/tenders/{lot[:20]}")


def test_land_by_listing(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, offer_stage.land(scene.stage)
    taker = stage.bidder_of("乙").actor
    scene.look(inspector, taker, f"/lots/{lot}/apply", f"/tenders/{lot[:20]}")
    token = offer_stage.apply(stage, lot, "乙", None)
    scene.look(inspector, stage.actors["operator"], "/applications")
    offer_stage.confirm(stage, token)
    offer_stage.over(stage, 26)
    scene.look(inspector, taker, f"/lots/{lot}/sale")
    scene.look(inspector, stage.owner, "/applications", f"/lots/{lot}/sale")


def _asking_for_deposits(scene: Scene) -> escrow_stage.EscrowStage:
    stage = scene.stage
    lots = tendering_stage.notice(stage.now + tendering_stage.seconds(3600))["lots"]
    lots[0] |= {"deposit": "400000.00", "estimate": "21846300.00", "method": tendering_stage.method()}
    code = stage.published(lots=lots, deposit_forms=escrow_stage.FORMS)
    return escrow_stage.EscrowStage(stage, stage.lots(code)[0])


def test_deposits(scene: Scene, inspector: Inspector) -> None:
    stage = scene.stage
    town = _asking_for_deposits(scene)
    stage.actors |= {
        "fin": stage.by_role[Role.FIN],
        "甲": stage.bidder_of("甲").actor,
        "乙": stage.bidder_of("乙").actor,
    }
    scene.look(inspector, town.actor("甲"), f"/desk/{town.lot}/deposit")
    town.paid("甲")
    town.asks("乙", "guarantee")
    town.letter("乙")
    scene.look(inspector, town.actor("甲"), f"/desk/{town.lot}/deposit")
    scene.look(inspector, town.actor("乙"), f"/desk/{town.lot}/deposit")
    town.failed()
    town.step()
    scene.look(inspector, town.actor("fin"), "/finance", "/refunds")
    town.approved("甲")
    scene.look(inspector, town.actor("fin"), "/finance")
    shown = _asking_for_deposits(scene)
    shown.count = town.count
    shown.paid("甲")
    shown.opened()
    scene.look(inspector, stage.owner, f"/owner/lots/{shown.lot}/deposits")


def test_the_notice_on_other_media(scene: Scene, inspector: Inspector) -> None:
    stage, code = scene.stage, scene.stage.published()
    stage.now += tendering_stage.seconds(5)
    scene.look(inspector, stage.owner, f"/owner/tenders/{code}/media")
    with stage.act() as now:
        said = Publication("某省招标公告发布平台", "https://notices.example/1", now, "别的话")
        media.enter(stage.owner, service.tender_of(code), said, now)
    scene.look(inspector, stage.owner, f"/owner/tenders/{code}/media", f"/tenders/{code}")


def test_the_account_with_its_ties(scene: Scene, inspector: Inspector) -> None:
    stage = scene.stage
    bidder = stage.bidder_of("甲").actor
    scene.look(inspector, bidder, "/account")
    with stage.act() as now:
        ties.declare(bidder, "张三", [stage.bidder_of("乙").actor.uscc], now)
    scene.look(inspector, bidder, "/account")


def test_a_negotiation(tmp_path: Path, chromium: Browser, inspector: Inspector) -> None:
    with scenes.played(tmp_path, chromium, "procurement_negotiation", "acknowledge") as place:
        _looks_at_the_negotiation(place, inspector)


def _looks_at_the_negotiation(place: PlayedScene, inspector: Inspector) -> None:
    inspector.said = words_of_people(*scenes.SAID, *SAID, *(person.name for person in place.world.people.values()))
    world, desk = place.world, f"/negotiations/{place.world.code(1)}"
    people = {name: person.actor for name, person in world.people.items()}
    with world.act(write=False):
        bids = {one.name: one.bid_id for one in parties.suppliers(service.lot_of(world.code(1)))}
    first = bids[world.people["bidder1"].name]
    with world.act() as now:
        threads.call(people["seat1"], world.code(1), bids[world.people["bidder3"].name], now)
    place.look(inspector, people["seat1"], desk, f"{desk}/{first}")
    place.look(inspector, people["seat2"], desk)
    place.look(inspector, people["bidder1"], desk, f"/desk/{world.code(1)}")
    place.look(inspector, people["owner"], desk, f"/owner/tenders/{world.tender}")


def test_a_review(tmp_path: Path, chromium: Browser, inspector: Inspector) -> None:
    with scenes.played(tmp_path, chromium, "construction_low_price_asked_and_answered", "answer_committee") as place:
        _looks_at_the_review(place, inspector)


def _looks_at_the_review(place: PlayedScene, inspector: Inspector) -> None:
    inspector.said = words_of_people(*scenes.SAID, *SAID, *(person.name for person in place.world.people.values()))
    world, lot = place.world, place.world.code(1)
    people = {name: person.actor for name, person in world.people.items()}
    cheap = verbs_award.bid_of(world, world.people["bidder2"], 1)
    place.look(inspector, people["seat1"], f"/evaluate/{lot}/review")
    with world.act() as now:
        asked = Request(cheap, About.LOW_PRICE, verbs_review.ASKED)
        clarification.propose(people["seat1"], lot, asked, now)
    place.look(inspector, people["seat2"], f"/evaluate/{lot}/review")
    for name in ("seat2", "seat3"):
        with world.act() as now:
            clarification.support(people[name], lot, 1, now)
    place.look(inspector, people["bidder2"], f"/desk/{lot}/clarifications", f"/desk/{lot}")
    place.look(inspector, people["seat1"], f"/evaluate/{lot}/review")


def test_an_exception_from_recording(tmp_path: Path, chromium: Browser, inspector: Inspector) -> None:
    with scenes.played(tmp_path, chromium, "procurement_recording_excepted", "approve_exception") as place:
        world, lot = place.world, place.world.code(1)
        people = {name: person.actor for name, person in world.people.items()}
        inspector.said = words_of_people(
            *scenes.SAID, *SAID, REASON, "教学设备", *(one.name for one in world.people.values())
        )
        place.look(inspector, people["centre"], f"/lots/{lot}/exception")
        place.look(inspector, people["owner"], f"/owner/lots/{lot}/opening", f"/lots/{lot}/exception")
        with world.act() as now:
            exceptions.propose(people["centre"], lot, REASON, now)
        place.look(inspector, people["supervisor"], "/approvals", f"/lots/{lot}/exception")
        with world.act() as now:
            exceptions.second(people["supervisor"], lot, now)
        place.look(inspector, None, f"/lots/{lot}/exception")
        place.look(inspector, people["owner"], f"/owner/lots/{lot}/opening")
