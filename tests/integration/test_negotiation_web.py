"""A negotiation at its pages: one supplier at a time, the own thread alone, a change to all at once, a record of all, a second box."""

from __future__ import annotations

import io

import pytest

from evaluation.negotiation import changes, closing, parties, threads
from evaluation.negotiation.closing import Proposal
from kernel import keys
from kernel.errors import Conflict
from supervision import facts, log
from tendering import service
from tendering.lifecycle import lot_of
from tests.negotiation_stage import OPENED, SEATED, Visitor, played


@pytest.fixture
def world(tmp_path):
    with played(tmp_path, *SEATED) as found:
        yield found


@pytest.fixture
def bids(world):
    """Part to the number of its first response."""
    with world.act(write=False):
        found = parties.suppliers(lot_of(world.code(1)))
        return {part: one.bid_id for one in found for part, person in world.people.items() if person.name == one.name}


def visitor(world, part: str) -> Visitor:
    return Visitor(world, world.people[part])


def team(world) -> list[str]:
    return [part for part in world.people if part.startswith("expert")]


def test_n04_the_whole_course_at_the_pages(world, bids):
    code = world.code(1)
    desk = f"/negotiations/{code}"
    chair, second, third = (visitor(world, part) for part in team(world))
    supplier, other, owner = (visitor(world, part) for part in ("bidder1", "bidder2", "owner"))
    assert "甲公司" in chair.get(f"/evaluate/{code}") + chair.get(desk)

    # One supplier at a time, and nothing is said before all have come.
    chair.post(f"{desk}/{bids['bidder1']}/call")
    chair.get(desk)
    assert "应与单一供应商分别进行" in chair.post(f"{desk}/{bids['bidder2']}/call", 422)
    chair.get(f"{desk}/{bids['bidder1']}")
    chair.post(f"{desk}/{bids['bidder1']}/questions", 422, text="能否五年质保？")
    second.get(desk)
    second.post(f"{desk}/join")
    supplier.get(desk)
    supplier.post(f"{desk}/answers", 422, text="可以")
    third.get(desk)
    third.post(f"{desk}/join")
    chair.get(f"{desk}/{bids['bidder1']}")
    chair.post(f"{desk}/{bids['bidder1']}/questions", text="能否五年质保？")
    assert "能否五年质保？" in supplier.get(desk)
    supplier.post(f"{desk}/answers", text="可以五年。")

    # The other supplier sees neither the thread nor that there is one.
    assert desk in other.get(f"/desk/{code}")
    page = other.get(desk)
    assert "五年" not in page
    assert "甲公司" not in page
    before = len(alerts(world))
    other.get(f"{desk}/{bids['bidder1']}", 403)
    assert [one.point for one in alerts(world)[before:]] == ["N04.thread"]
    assert alerts(world)[-1].category == "behavior"
    owner.get(f"{desk}/{bids['bidder1']}", 403)
    visitor(world, "centre").get(desk, 403)
    chair.get(desk)
    chair.post(f"{desk}/end")

    # A change goes to all who are in at once, when the purchaser signs it.
    chair.get(desk)
    chair.post(f"{desk}/changes", text="质保期改为五年")
    assert "质保期改为五年" not in supplier.get(desk)
    owner.get(desk)
    (raw,) = owner.statements()
    owner.sign(f"{desk}/changes/issue", raw)
    for one in (supplier, other):
        assert "质保期改为五年" in one.get(desk)
        one.post(f"{desk}/changes/1/receipt")
        assert "已签收" in one.get(desk)
    supplier.post(f"{desk}/responses", text="按变动修改", file=(io.BytesIO(b"%PDF-1.7 x"), "响应.pdf"))
    sha = threads_of(world, bids["bidder1"])[-1].file_sha256
    assert chair.get(f"{desk}/{bids['bidder1']}/files/{sha}").startswith("%PDF")
    other.get(f"{desk}/{bids['bidder1']}/files/{sha}", 403)
    assert world.published


def test_n05_all_sign_the_record_and_the_second_box_takes_only_those_who_stay(world, bids):
    code, desk = world.code(1), f"/negotiations/{world.code(1)}"
    members = [visitor(world, part) for part in team(world)]
    members[0].get(desk)
    assert "还有供应商未单独谈判" in members[0].post(f"{desk}/record", 422, minutes="5")
    for bid_id in bids.values():
        meet(world, bid_id)
    members[0].get(desk)
    members[0].post(f"{desk}/record", 422, minutes="0")
    members[0].post(f"{desk}/record", minutes="2")
    for one in members:
        one.get(desk)
        (raw,) = one.statements()
        one.sign(f"{desk}/record/sign", raw)
    world.settle()
    assert world.lot(1).state == "continued"
    final = world.code(2)
    owner = visitor(world, "owner")
    assert f"/owner/lots/{final}/quotes" in owner.get(f"/owner/tenders/{world.tender}")
    owner.get(f"/owner/lots/{final}/quotes")
    raws = owner.statements()
    assert len(raws) == 2
    sigs = [owner.by.sign(raw).sig for raw in raws]
    owner.post(
        f"/owner/lots/{final}/quotes",
        statement=[keys.b64(raw) for raw in raws],
        signature=[keys.b64(sig) for sig in sigs],
    )
    world.settle()
    assert world.lot(2).state == "collecting"
    supplier = visitor(world, "bidder1")
    assert f"/desk/{final}" in supplier.get(desk)
    assert 'name="price"' in supplier.get(f"/desk/{final}")
    public = Visitor(world, None)
    told = public.get(f"/tenders/{world.tender}")
    assert "3 家参加，3 家继续" in told
    assert final in told
    assert code in public.get(f"/lots/{code}/opening")
    for path in (f"/tenders/{world.tender}", f"/tenders/{world.tender}/powers"):
        public.get(f"{path}?lang=en")
    for one, path in ((members[0], desk), (supplier, desk), (owner, desk), (owner, f"/owner/lots/{final}/quotes")):
        one.get(f"{path}?lang=en")


def test_n04_a_first_response_asks_for_no_price_and_tells_nobody_who_responded(tmp_path):
    with played(tmp_path, *OPENED[:2]) as world:
        page = visitor(world, "bidder1").get(f"/desk/{world.code(1)}")
        assert 'name="price"' not in page
        assert "首次响应不报价" in page


def test_n04_who_left_hears_nothing_more_and_a_record_signed_before_does_not_count(tmp_path):
    with played(tmp_path, *SEATED) as world:
        code = world.code(1)
        with world.act(write=False):
            found = [one.bid_id for one in parties.suppliers(lot_of(code))]
        for bid_id in found:
            meet(world, bid_id)
        chair = world.people["expert1"]
        with world.act() as now:
            closing.propose(chair.actor, code, Proposal(90, {}), now)
        with world.act(write=False):
            raw = closing.statement(chair.actor, code)
        with world.act() as now:
            closing.sign(chair.actor, code, chair.sign(raw), chair.cert, now)
        with world.act() as now:
            closing.leave(world.people["bidder3"].actor, code, "不再参加", now)
        with world.act(write=False):
            assert closing.signed_by(lot_of(code)) == []
        with pytest.raises(Conflict, match="reload"), world.act() as now:
            closing.sign(chair.actor, code, chair.sign(raw), chair.cert, now)
        with world.act() as now:
            text = changes.write(chair.actor, code, "交货期改为十日", now).file
        with world.act() as now:
            told = changes.told(changes.issue(world.people["owner"].actor, code, world.people["owner"].sign(text), now))
        assert len(told) == 2
        page = visitor(world, "bidder3").get(f"/negotiations/{code}")
        assert "交货期" not in page
        assert "已退出" in page


def meet(world, bid_id: str) -> None:
    for number, part in enumerate(team(world)):
        with world.act() as now:
            if number == 0:
                threads.call(world.people[part].actor, world.code(1), bid_id, now)
            else:
                threads.join(world.people[part].actor, world.code(1), now)
    with world.act() as now:
        threads.end(world.people["expert1"].actor, world.code(1), now)


def alerts(world) -> list[facts.Alert]:
    with world.act(write=False):
        return [row.value for row in log.find("alert", world.code(1))]


def threads_of(world, bid_id: str):
    with world.act(write=False):
        return threads.messages(world.code(1), bid_id)


def test_n02_n09_the_draft_asks_where_suppliers_come_from_and_why_two_would_suffice(tmp_path):
    with played(tmp_path, 'do = "draft", by = "owner", closes = "60 seconds"') as world:
        owner, path = visitor(world, "owner"), f"/owner/tenders/{world.tender}"
        page = owner.get(path)
        assert 'name="suppliers"' in page
        assert 'value="two_bidders"' in page
        assert "政府购买服务项目" not in page
        assert 'name="uscc.3"' not in page
        with world.act() as now:
            service.update_draft(
                world.people["owner"].actor, service.tender_of(world.tender), {"suppliers": "invited"}, now
            )
        assert 'name="uscc.3"' in owner.get(f"{path}?lang=en")
