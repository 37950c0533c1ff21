"""Sales of land, property and other resources: applications, listings, the reserve, the outcome on site, deals and payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation import results
from kernel import canonical, money
from kernel.money import Fen
from portal.scenario import notice, verbs_notice, watch
from portal.scenario.people import Person
from portal.scenario.registry import do, expect, wait
from portal.scenario.watch import SECOND, shown
from portal.scenario.world import MismatchError, World
from tendering import rounds, service
from tendering.offers import applications, deals, on_site, payments, reserve
from tendering.offers.applications import Said
from tendering.offers.rules import Priced
from tendering.states import LotState

RECORD = canonical.sha(b"the record of the sale, signed in the room")


@do("predisclose")
def predisclose(world: World, by: Person, closes: str) -> str:
    """Draft the sale and disclose it beforehand (P02)."""
    verbs_notice.draft(world, by, closes)
    return verbs_notice.intent(world, by)


@do("apply_to_buy")
def apply_to_buy(world: World, by: Person, offer: str = "", flags: Sequence[str] = ()) -> str:
    """Apply to take part; `offer` is what one pays should one stay the only taker."""
    texts = {"contact": f"{by.name}联系人", "phone": "0990-7654321", "standing": "符合公告所列条件"}
    said = Said(texts, frozenset(flags), money.parse(offer) if offer else None)
    with world.act() as now:
        applications.apply(by.actor, world.code(1), said, now)
    world.breathe()
    return f"申请 {offer}".strip()


@do("check_application")
def check_application(world: World, by: Person, of: Person, remark: str = "", *, complete: bool = True) -> str:
    """The centre says whether the papers are complete."""
    with world.act() as now:
        applications.check(by.actor, _token(world, of, 1), complete=complete, remark=remark, now=now)
    world.breathe()
    return f"{of.name} 材料{'齐全' if complete else '退回'}"


@do("decide_application")
def decide_application(world: World, by: Person, of: Person, reason: str = "", *, confirmed: bool = True) -> str:
    """The seller confirms or refuses an applicant."""
    with world.act() as now:
        applications.decide(by.actor, _token(world, of, 1), confirmed=confirmed, reason=reason, now=now)
    world.breathe()
    return f"{of.name} {'确认' if confirmed else '不予确认'}"


@do("confirm_applicants")
def confirm_applicants(world: World, by: Person, of: Sequence[Person]) -> str:
    """The centre finds their papers complete, and the seller (`by`) confirms them."""
    for one in of:
        check_application(world, world.person("centre"), one)
        decide_application(world, by, one)
    return "、".join(one.name for one in of)


@wait("listing_over")
def listing_over(world: World, lot: int = 1) -> str:
    """The listing has ended, and the clock has done what follows."""
    due = world.lot(lot).applications_due
    if due is None:
        raise MismatchError("this lot is not listed")
    world.pass_until(due + SECOND)
    closes_at = world.lot(lot).closes_at
    if world.lot(lot).state == LotState.LISTING and closes_at is not None:
        world.pass_until(closes_at + SECOND)
    world.settle()
    return f"{world.lot(lot).state} {shown(world.now)}"


@do("open_reserve")
def open_reserve(world: World, by: Person, amount: str, lot: int = 1) -> str:
    """The seller enters the reserve it committed to."""
    with world.act() as now:
        reserve.propose(by.actor, service.lot_of(world.code(lot), lock=True), money.parse(amount), notice.NONCE, now)
    world.breathe()
    return f"申请启封底价 {amount}"


@do("second_reserve")
def second_reserve(world: World, by: Person, lot: int = 1) -> str:
    """The centre seconds it."""
    with world.act() as now:
        reserve.second(by.actor, service.lot_of(world.code(lot), lock=True), now)
    world.breathe()
    return "启封底价"


@do("strike_deal")
def strike_deal(world: World, by: Person, lot: int = 1) -> str:
    """Land by tender: the seller strikes the deal by the committee's ranking."""
    with world.act() as now:
        found = results.deal(by.actor, world.code(lot), [], now)
        told = str(found.state)
    world.breathe()
    return told


@do("enter_outcome")
def enter_outcome(world: World, by: Person, quotes: Sequence[str], lot: int = 1) -> str:
    """Enter what was called on site: `bidder1 2000000.00`, in the order of the calls."""
    called = [line.split() for line in quotes]
    found = [Priced(_token(world, world.person(name), lot), money.parse(price)) for name, price in called]
    with world.act() as now:
        on_site.enter(by.actor, service.lot_of(world.code(lot), lock=True), found, RECORD, now)
    world.breathe()
    return f"登记现场结果 {len(found)} 次报价"


@do("confirm_outcome")
def confirm_outcome(world: World, by: Person, lot: int = 1) -> str:
    """The other side confirms it."""
    with world.act() as now:
        found = on_site.confirm(by.actor, service.lot_of(world.code(lot), lock=True), now)
        told = str(found.state)
    world.breathe()
    return told


@do("settle_preemption")
def settle_preemption(world: World, by: Person, to: str = "", lot: int = 1) -> str:
    """The seller records that a shareholder takes the deal at its price, or that none does."""
    token = _token(world, world.person(to), lot) if to else ""
    with world.act() as now:
        deals.settle_preemption(by.actor, service.lot_of(world.code(lot), lock=True), token, "股东书面答复", now)
    world.breathe()
    return f"优先购买权：{world.person(to).name if to else '放弃'}"


@do("confirm_deal")
def confirm_deal(world: World, by: Person, lot: int = 1) -> str:
    """The winner signs the confirmation."""
    with world.act() as now:
        found = service.lot_of(world.code(lot), lock=True)
        deals.confirm(by.actor, found, by.sign(deals.statement(found).raw), by.cert, now)
    world.breathe()
    return f"{by.name} 签署成交确认书"


@do("sign_deal")
def sign_deal(world: World, by: Person, lot: int = 1) -> str:
    """The seller signs last; the result is public."""
    with world.act() as now:
        found = service.lot_of(world.code(lot), lock=True)
        deals.sign(by.actor, found, by.sign(deals.statement(found).raw), now)
    world.settle()
    return "成交确认书生效，结果公布"


@do("deal_falls")
def deal_falls(world: World, by: Person, reason: str = "竞得人逾期未签订成交确认书", lot: int = 1) -> str:
    """The winner does not sign."""
    with world.act() as now:
        deals.fall(by.actor, service.lot_of(world.code(lot), lock=True), reason, now)
    world.breathe()
    return reason


@do("pay")
def pay(world: World, by: Person, amount: str, lot: int = 1) -> str:
    """The seller records a payment that arrived."""
    with world.act() as now:
        payments.record(by.actor, service.lot_of(world.code(lot), lock=True), money.parse(amount), now, now)
    world.breathe()
    return f"收到价款 {amount}"


@do("disclose_again")
def disclose_again(world: World, by: Person, floor: str = "", due: str = "") -> str:
    """Prepare the next round of the first lot, which found no taker; `publish` follows."""
    with world.act() as now:
        said = rounds.Reconsidered(
            "披露期满没有征集到意向受让方", f"转让底价调整为 {floor or '不变'}", changed=bool(floor)
        )
        world.tender = rounds.prepare(by.actor, [world.code(1)], said, now).code
    row: dict[str, Any] = {**world.terms["lots"][0], "applications_due": due}
    world.terms = {**world.terms, "lots": [{**row, "floor": floor} if floor else row]}
    with world.at_work():
        service.add_document(by.actor, world.tender, "信息披露公告.pdf", iter([notice.PDF]), world.now)
    verbs_notice.draft(world, by, "40 days")
    verbs_notice.ask_keys(world, world.people.get("agency"))
    return world.tender


@do("consent")
def consent(world: World, by: Person, document: str, valued: str = "") -> str:
    """The draft names the approving body's consent, and a valuation made anew."""
    changed = {"floor_consent": document, **({"valuation_date": valued} if valued else {})}
    with world.act() as now:
        service.update_draft(by.actor, service.tender_of(world.tender), changed, now)
    return document


@do("redate")
def redate(world: World, by: Person, due: str) -> str:
    """The draft's disclosure ends at another moment."""
    row = {**world.terms["lots"][0], "applications_due": due}
    world.terms = {**world.terms, "lots": [row]}
    return f"{by.name} 披露至 {due}"


@expect("deal")
def deal(world: World, to: Person, price: str, way: str = "", lot: int = 1) -> str:
    """Who bought, at what price, and how."""
    with world.act(write=False):
        found = deals.of(service.lot_of(world.code(lot)))
        told = None if found is None else (found.organization_id, Fen(found.price_fen), way or found.way)
        how = None if found is None else found.way
    if told != (to.actor.organization_id, money.parse(price), how):
        raise MismatchError(f"expected {to.name} at {price} {way}, found {told} {how}")
    return f"{to.name} {price} {how}"


@expect("applications_due")
def applications_due(world: World, is_: str, lot: int = 1) -> str:
    """Until when applications are taken now, as a Beijing moment."""
    due = world.lot(lot).applications_due
    if due is None or shown(due) != shown(watch.moment(is_, world.now)):
        raise MismatchError(f"applications end {due and shown(due)}, not {is_}")
    return is_


def _token(world: World, of: Person, lot: int) -> str:
    with world.act(write=False):
        return applications.own(of.actor, service.lot_of(world.code(lot))).token
