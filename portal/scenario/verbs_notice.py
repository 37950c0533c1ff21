"""The owner's and the agency's acts before the deadline: notice, questions, deadlines, changed terms, cancellation."""

from __future__ import annotations

import datetime as dt

from kernel import keys
from portal.scenario import notice, watch
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.watch import shown
from portal.scenario.world import World
from tendering import service, statements, terms
from tendering.questions import Reply
from tendering.statements import ToSign
from tendering.states import TenderState


@do("draft")
def draft(world: World, by: Person, closes: str) -> str:
    """Draft the notice with its documents and ask the nodes for keys; a draft there is gets the new deadline."""
    closes_at = _whole(watch.moment(closes, world.now))
    agency = world.people.get("agency")
    told = notice.draft(world.terms, closes_at, agency.actor if agency else None)
    if world.tender:
        with world.act() as now:
            service.update_draft(by.actor, service.tender_of(world.tender), {"lots": told["lots"]}, now)
        return f"截止改为 {shown(closes_at)}"
    with world.act() as now:
        world.tender = service.create_draft(by.actor, told, now).code
    with world.at_work():
        service.add_document(by.actor, world.tender, "招标文件.pdf", iter([notice.PDF]), world.now)
    ask_keys(world, agency)
    return f"{world.tender}，{len(told['lots'])} 个标段，截止 {shown(closes_at)}"


@do("intent")
def intent(world: World, by: Person) -> str:
    """Make public what is going to be bought (G50)."""
    with world.act() as now:
        service.publish_intent(by.actor, service.tender_of(world.tender), now)
    world.breathe()
    return "公开采购意向"


@do("file")
def file(world: World, by: Person) -> str:
    """File the plan with every department of its trade (T01)."""
    with world.act() as now:
        service.file_plan(by.actor, service.tender_of(world.tender), now)
    world.breathe()
    return "招标计划备案"


@do("publish")
def publish(world: World, by: Person, closes: str) -> str:
    """Draft and file where that is not done, sign and publish the notice; `closes` is a Beijing moment or a period."""
    told = draft(world, by, closes)
    if world.row().state == TenderState.DRAFT:
        file(world, by)
    with world.act(write=False):
        sheet = service.signing_sheet(service.tender_of(world.tender))
    with world.act() as now:
        service.publish(by.actor, service.tender_of(world.tender), _signatures(by, sheet), by.cert, now)
    world.breathe()
    return f"公告发布 {told}"


@do("ask")
def ask(world: World, by: Person, text: str) -> str:
    """A question whose asker nobody on the owner's side learns."""
    with world.act() as now:
        world.kept["question"] = service.ask(by.actor, service.tender_of(world.tender), text, now).token
    world.breathe()
    return f"提问：{text}"


@do("answer")
def answer(world: World, by: Person, text: str, *, bears_on_bids: bool = False) -> str:
    """Answer the last question, to everybody."""
    with world.act() as now:
        reply = Reply(text, bears_on_bids)
        service.answer(by.actor, service.tender_of(world.tender), world.kept["question"], reply, now)
    world.breathe()
    return f"答复：{text}"


@do("extend")
def extend(world: World, by: Person, closes: str, lot: int = 1) -> str:
    """Move the deadline later."""
    closes_at = _whole(watch.moment(closes, world.now))
    item = statements.timetable(world.code(lot), world.lot(lot).keyset_sha256 or "", closes_at)
    with world.act() as now:
        service.extend_deadline(by.actor, service.lot_of(world.code(lot)), by.sign(item.raw), now)
    world.breathe()
    return f"截止改为 {shown(closes_at)}"


@do("suspend")
def suspend(world: World, by: Person, cause: str, lot: int = 1) -> str:
    """Stop the lot's clock."""
    with world.act() as now:
        item = statements.suspended(world.code(lot), now, cause)
        service.suspend(by.actor, service.lot_of(world.code(lot)), by.sign(item.raw), now)
    world.breathe()
    return f"暂停：{cause}"


@do("resume")
def resume(world: World, by: Person, closes: str, lot: int = 1) -> str:
    """Let the lot go on, with the deadline that is due by then."""
    closes_at = _whole(watch.moment(closes, world.now))
    with world.act() as now:
        item = statements.resumed(world.code(lot), now, closes_at)
        service.resume(by.actor, service.lot_of(world.code(lot)), by.sign(item.raw), now)
    world.breathe()
    return f"恢复，截止 {shown(closes_at)}"


@do("change_terms")
def change_terms(world: World, by: Person, changes: str, closes: str, lot: int = 1) -> str:
    """Change the terms: a new keyset; bids sealed before are void and must be sealed anew."""
    closes_at, code = _whole(watch.moment(closes, world.now)), world.code(lot)
    with world.act() as now:
        terms.propose(by.actor, code, changes, now)
    world.settle()
    with world.act(write=False):
        sheet = terms.sheet(service.lot_of(code), closes_at)
    with world.act() as now:
        terms.issue(by.actor, code, closes_at, _signatures(by, sheet), now)
    world.settle()
    return f"变更：{changes}，截止 {shown(closes_at)}"


@do("cancel")
def cancel(world: World, by: Person, reason: str = "项目资金计划调整，不再实施") -> str:
    """Propose to end the tender; done by a second organization it carries it out."""
    with world.act() as now:
        found = service.cancel(by.actor, service.tender_of(world.tender), reason, now)
        told = "终止" if found.state == "cancelled" else "提出终止"
    world.breathe()
    return f"{told}：{reason}"


@do("take_back_cancel")
def take_back_cancel(world: World, by: Person) -> str:
    """Withdraw the proposal to end the tender."""
    with world.act() as now:
        service.withdraw_proposal(by.actor, service.tender_of(world.tender), now)
    return "撤回终止申请"


def ask_keys(world: World, agency: Person | None) -> None:
    """The agency names its key where there is one, the owner asks, the nodes answer."""
    owner = world.people["owner"]
    if agency is not None:
        with world.act() as now:
            service.confirm_key(agency.actor, service.tender_of(world.tender), agency.cert, now)
    with world.act() as now:
        service.request_keysets(owner.actor, service.tender_of(world.tender), owner.cert, now)
    world.settle()


def _signatures(by: Person, sheet: list[ToSign]) -> dict[str, str]:
    return {item.sha256: keys.b64(keys.sign(item.raw, by.key)) for item in sheet}


def _whole(instant: dt.datetime) -> dt.datetime:
    return instant.replace(microsecond=0)
