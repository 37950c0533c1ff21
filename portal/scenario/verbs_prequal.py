"""Pre-qualification: its notice, applications, the committee and its review, and the owner's result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from kernel import keys
from kernel.clock import rfc3339
from portal.scenario import notice, verbs_notice, watch
from portal.scenario.people import Person
from portal.scenario.registry import do, wait
from portal.scenario.watch import SECOND, shown
from portal.scenario.world import MismatchError, World
from tendering import rounds, service
from tendering.prequal import applying, committee, result, reviewing, rules
from tendering.prequal.applying import Said
from tendering.prequal.judging import Verdict
from tendering.states import LotState

CRITERIA = (
    {"name": "资质", "asks": "公路工程施工总承包三级及以上"},
    {"name": "业绩", "asks": "近五年完成一项公路工程"},
)


@do("publish_prequal")
def publish_prequal(world: World, by: Person, documents_end: str, due: str) -> str:
    """Publish the notice of a pre-qualification: until when its documents are provided, and applications taken."""
    ends_at, due_at = (_whole(watch.moment(text, world.now)) for text in (documents_end, due))
    plan = {"documents_end": rfc3339(ends_at), "applications_due": rfc3339(due_at), "criteria": list(CRITERIA)}
    if world.tender:
        with world.act() as now:
            service.update_draft(by.actor, service.tender_of(world.tender), {"prequal": plan}, now)
    world.terms["notice"] = {**world.terms["notice"], "prequal": plan}
    told = verbs_notice.publish(world, by, due)
    return f"资格预审公告 {told.split('，')[0]}，申请截止 {shown(due_at)}"


@do("apply")
def apply(world: World, by: Person, lot: int = 1, consortium: str = "") -> str:
    """Hand in an application, or another in the place of the last."""
    party = f"consortium:{world.kept[f'consortium/{consortium}']}" if consortium else None
    with world.act() as now:
        criteria = rules.criteria_of(service.tender_of(world.tender).draft)
        said = Said({one.id: f"{by.name}满足{one.name}" for one in criteria}, (), party)
        applying.hand_in(by.actor, world.code(lot), said, now)
    world.breathe()
    return f"{consortium or by.name} 递交资格预审申请"


@do("withdraw_application")
def withdraw_application(world: World, by: Person, lot: int = 1) -> str:
    """Take the application back."""
    with world.act() as now:
        applying.withdraw(by.actor, world.code(lot), now)
    world.breathe()
    return f"{by.name} 撤回资格预审申请"


@do("clarify_prequal")
def clarify_prequal(world: World, by: Person, name: str = "资格预审文件澄清.pdf", lot: int = 1) -> str:
    """Publish a clarification; where it comes late the time for applications grows by itself (C11, G11)."""
    with world.at_work():
        service.add_document(by.actor, world.tender, name, iter([notice.PDF]), world.now)
    world.breathe()
    due = world.lot(lot).applications_due
    return f"澄清，申请截止 {shown(due)}" if due else "澄清"


@do("seat_reviewers")
def seat_reviewers(world: World, by: Person, members: Sequence[Person], lot: int = 1) -> str:
    """The centre's staff seats the review committee."""
    with world.act() as now:
        committee.seat(by.actor, world.code(lot), [one.part for one in members], now)
    return f"资格审查委员会 {len(members)} 人"


@do("review")
def review(world: World, reviewers: Sequence[Person], fails: Sequence[Person] = (), lot: int = 1) -> str:
    """Each of them reviews every application; those in `fails` do not meet the last criterion."""
    bad = {one.actor.organization_id for one in fails}
    for reviewer in reviewers:
        with world.act() as now:
            found = service.lot_of(world.code(lot))
            criteria = rules.criteria_of(found.tender.draft)
            for row in applying.live(found):
                said = {one.id: Verdict(passes=True) for one in criteria}
                if row.organization_id in bad:
                    said[criteria[-1].id] = Verdict(passes=False, reason="业绩证明不足")
                reviewing.review(reviewer.actor, found.code, row.token, said, now)
        world.breathe()
    return f"{len(reviewers)} 人审查完毕"


@do("give_result")
def give_result(world: World, by: Person, closes: str = "", lot: int = 1) -> str:
    """Give each applicant its result; with `closes` bids are taken until then from who passed."""
    closes_at = _whole(watch.moment(closes, world.now)) if closes else None
    with world.act() as now:
        sheet = result.sheet(service.lot_of(world.code(lot)), closes_at)
        signed = {item.sha256: keys.b64(keys.sign(item.raw, by.key)) for item in sheet}
        result.give(by.actor, world.code(lot), closes_at, signed, now)
    world.settle()
    return f"公布资格预审结果：{world.lot(lot).state}"


@do("tender_again")
def tender_again(world: World, by: Person, changes: str, lot: int = 1) -> str:
    """Prepare the next round of a failed lot; it becomes the tender under way, its documents and keys asked for anew."""
    with world.act() as now:
        said = rounds.Reconsidered("符合条件的申请人不足三个", changes)
        world.tender = rounds.prepare(by.actor, [world.code(lot)], said, now).code
    with world.at_work():
        service.add_document(
            by.actor, world.tender, "资格预审文件（第二轮）.pdf", iter([notice.PDF + changes.encode()]), world.now
        )
    with world.act() as now:
        service.request_keysets(by.actor, service.tender_of(world.tender), by.cert, now)
    world.settle()
    return f"编制下一轮 {world.tender}"


@wait("applications_due")
def applications_due(world: World, lot: int = 1) -> str:
    """The time for applications is over."""
    due = world.lot(lot).applications_due
    if due is None:
        raise MismatchError("no applications are taken")
    world.pass_until(due + SECOND)
    world.pass_while(lambda: world.lot(lot).state == LotState.PREQUAL, "the time for applications ends")
    return f"申请截止 {shown(due)}：{world.lot(lot).state}"


def _whole(instant: dt.datetime) -> dt.datetime:
    return instant.replace(microsecond=0)
