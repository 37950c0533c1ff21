"""Negotiation and consultation: first responses, the team with each supplier, changes, the record, final quotes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evaluation import composition, reading
from evaluation.negotiation import changes, closing, parties, threads
from evaluation.negotiation.closing import Proposal
from evaluation.negotiation.threads import Filed
from kernel import keys
from kernel.site import site
from portal.scenario import verbs_bids, verbs_experts, verbs_opening
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.watch import shown
from portal.scenario.world import MismatchError, World
from tendering import packs, rounds, service
from tendering.lifecycle import lot_of
from tendering.quotes import service as quotes
from tendering.round_rules import Choice
from tendering.rounds import Consent
from tendering.states import LotState

GROUND = "技术指标不满足实质性要求"


@do("amend_draft")
def amend_draft(world: World, by: Person, field: str, text: str) -> str:
    """Write another word into the draft."""
    with world.act() as now:
        service.update_draft(by.actor, service.tender_of(world.tender), {field: text}, now)
    return f"草稿：{field} = {text}"


@do("choose_method")
def choose_method(world: World, by: Person, pack: str, ground: str, document: str = "") -> str:
    """After a failed tender: with the finance department's approval, another method; a negotiation with the two it found."""
    failed, reasons = world.code(1), "公开招标只有两家供应商，需求文件经论证没有不合理条款"
    with world.act() as now:
        said = (reasons, Consent("青山县财政局", document))
        rounds.decide(by.actor, failed, Choice.OTHER_METHOD, said, now)
    two = {"fewer_ground": ground, "fewer_document": document, "fewer_lot": failed}
    notice = {**world.terms["notice"], "method_ground": "no_bids", "ground_approval": document, **two}
    lots = [{**row, "minimum_valid": 2} for row in world.terms["lots"]]
    world.terms.update(pack=pack, notice=notice, lots=lots)
    world.tender = ""
    world.bids.clear()
    return f"改用其他方式采购：{document}"


@do("respond")
def respond(world: World, by: Person, lot: int = 1) -> str:
    """Seal a first response, for the team alone, and hand it in."""
    return verbs_bids.handed_in(world, by, ("", lot, "")).replace(" 封标递交 ", " 递交首次响应")


@do("seat_team")
def seat_team(world: World, by: Person, lot: int = 1) -> str:
    """The team is drawn and seated; nobody declares a conflict, all sign that the responses may be opened."""
    verbs_experts.seat(world, by, lot)
    for expert in _team(world, lot):
        verbs_opening.declare(world, expert, lot=lot)
        verbs_opening.admit(world, expert, lot)
    world.pass_while(lambda: world.lot(lot).state == LotState.OPENED, "the responses are opened for the team")
    return f"小组 {len(_team(world, lot))} 人"


@do("meet")
def meet(world: World, by: Person, asks: str = "", answers: str = "", lot: int = 1) -> str:
    """The team meets one supplier: called, joined by all, asked and answered, ended."""
    code, team = world.code(lot), _team(world, lot)
    bid_id = _bid_id(world, by, lot)
    with world.act() as now:
        threads.call(team[0].actor, code, bid_id, now)
    for expert in team[1:]:
        with world.act() as now:
            threads.join(expert.actor, code, now)
    if asks:
        with world.act() as now:
            threads.ask(team[0].actor, code, bid_id, asks, now)
    if answers:
        with world.act() as now:
            threads.answer(by.actor, code, answers, now)
    with world.act() as now:
        threads.end(team[0].actor, code, now)
    world.breathe()
    return f"小组与 {by.name} 单独谈判"


@do("revise")
def revise(world: World, by: Person, text: str = "按变动后的要求重新提交响应文件", lot: int = 1) -> str:
    """The supplier hands in a revised response."""
    raw = f"%PDF-1.7 {text}".encode()
    with world.act() as now:
        key, size, sha256 = site().blobs.put(iter([raw]))
        threads.respond(by.actor, world.code(lot), text, Filed("响应文件.pdf", sha256, size, key), now)
    return f"{by.name} 重新提交响应文件"


@do("change_requirements")
def change_requirements(world: World, by: Person, text: str, lot: int = 1) -> str:
    """The team writes a change of substance, the purchaser confirms it: told to all who are in, at once."""
    with world.act() as now:
        raw = changes.write(_team(world, lot)[0].actor, world.code(lot), text, now).file
    with world.act() as now:
        found = changes.issue(by.actor, world.code(lot), by.sign(raw), now)
        told = len(changes.told(found))
    world.breathe()
    return f"实质性变动，书面通知 {told} 家：{text}"


@do("acknowledge")
def acknowledge(world: World, by: Person, number: int = 1, lot: int = 1) -> str:
    """A supplier's receipt for a change."""
    with world.act() as now:
        changes.receive(by.actor, world.code(lot), number, now)
    return f"{by.name} 签收第 {number} 号变动"


@do("read_thread")
def read_thread(world: World, by: Person, of: Person, lot: int = 1) -> str:
    """Somebody looks into a supplier's thread."""
    bid_id = _bid_id(world, of, lot)
    with world.act(write=False) as now:
        found = threads.thread(by.actor, world.code(lot), bid_id, now)
    return f"{of.name} 的谈判记录 {len(found)} 条"


@do("leave")
def leave(world: World, by: Person, reason: str = "不再参加", lot: int = 1) -> str:
    """A supplier withdraws from the negotiation."""
    with world.act() as now:
        closing.leave(by.actor, world.code(lot), reason, now)
    return f"{by.name} 退出谈判"


@do("vote_designs")
def vote_designs(world: World, by: Person, designs: Sequence[Person], lot: int = 1) -> str:
    """The team votes for designs, where the need cannot be specified (N06): for the record that is proposed next."""
    world.kept["designs"] = [_bid_id(world, one, lot) for one in designs]
    return f"{by.name} 投票推荐 {len(designs)} 个设计方案"


@do("conclude")
def conclude(world: World, by: Person, quote_seconds: int = 1800, lot: int = 1, rejects: Sequence[Person] = ()) -> str:
    """The team records how the negotiation ended, and all sign."""
    code, team = world.code(lot), _team(world, lot)
    grounds = {_bid_id(world, one, lot): GROUND for one in rejects}
    with world.act(write=False):
        aliases = [seat.alias for seat in reading.seats(code)]
    votes = dict.fromkeys(world.kept.get("designs", []), aliases) or None
    with world.act() as now:
        closing.propose(by.actor, code, Proposal(quote_seconds, grounds, votes), now)
    for expert in team:
        with world.act(write=False):
            raw = closing.statement(expert.actor, code)
        with world.act() as now:
            closing.sign(expert.actor, code, expert.sign(raw), expert.cert, now)
    world.settle()
    return f"谈判结束：{world.lot(lot).state}"


@do("call_quotes")
def call_quotes(world: World, by: Person, lot: int = 2, sooner: int = 0) -> str:
    """The purchaser opens the box for final quotes; `sooner` seconds less than the team gave."""
    code = world.code(lot)
    with world.act() as now:
        found = lot_of(code)
        closes_at = quotes.earliest(found, now) - dt.timedelta(seconds=sooner)
        signatures = {one.sha256: keys.b64(by.sign(one.raw).sig) for one in quotes.sheet(found, closes_at)}
        quotes.call(by.actor, code, closes_at, signatures, now)
    world.settle()
    return f"请继续参加的供应商在 {shown(closes_at)} 前提交最后报价"


@do("judge")
def judge(world: World, by: Person, lot: int = 2, rejects: Sequence[str] = (), marks: str = "30") -> str:
    """The team that negotiated judges the final quotes."""
    world.pass_while(lambda: world.lot(lot).state == LotState.OPENED, "the team sits again")
    team = _team(world, lot)
    for expert in team:
        verbs_opening.score(world, expert, lot, rejects, marks)
    verbs_opening.report(world, team, lot)
    return f"{by.name}：评审完成 {world.lot(lot).state}"


def _team(world: World, lot: int) -> list[Person]:
    """Who sits; before anybody does, as many experts as the law asks for."""
    code = world.code(lot)
    with world.act(write=False):
        sitting = {seat.person_id for seat in reading.seats(code)}
        found = lot_of(code)
        rule = composition.size(packs.load(found.tender.pack_id), reading.budget(found))
    experts = [person for part, person in world.people.items() if part.startswith("expert")]
    seated = [person for person in experts if person.actor.person_id in sitting]
    return seated or experts[: rule.value if rule else 1]


def _bid_id(world: World, supplier: Person, lot: int) -> str:
    """The number of the supplier's first response."""
    digest = world.bids.get((lot, supplier.part))
    with world.act(write=False):
        found = [one.bid_id for one in parties.suppliers(lot_of(world.code(lot))) if one.bid.manifest_sha256 == digest]
    if not found:
        raise MismatchError(f"no response of {supplier.part} was opened on lot {lot}")
    return found[0]
