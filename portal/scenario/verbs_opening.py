"""The opening and the evaluation: the host starts, the committee admits, scores and signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bidding import exceptions, opening
from evaluation import committee, reading, scoring
from evaluation.qualification import service as qualification
from evaluation.report import register, signing
from kernel.clock import rfc3339
from kernel.statements import Signed
from portal.scenario import verbs_experts, verbs_qualification
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import World
from tendering import lifecycle
from tendering.states import LotState

GROUND, HEAD, MARKS = "未实质性响应招标文件", "unresponsive", "30"


@do("start_opening")
def start_opening(world: World, by: Person, lot: int = 1, recording: str = "on") -> str:
    """The host signs that the opening begins, and whether it is recorded: `on`, `none` or `overridden`."""
    said = {"lot": world.code(lot), "at": rfc3339(world.now), "recording": recording, "deposits": "none"}
    with world.act() as now:
        opening.start(by.actor, world.code(lot), Signed.make({"type": opening.STARTED, **said}, by.key), now)
    world.breathe()
    return "宣布开标"


@do("except_recording")
def except_recording(world: World, by: Person, reason: str, lot: int = 1) -> str:
    """The centre says why the opening will not be recorded."""
    with world.act() as now:
        exceptions.propose(by.actor, world.code(lot), reason, now)
    return f"申请不录像：{reason}"


@do("approve_exception")
def approve_exception(world: World, by: Person, lot: int = 1) -> str:
    """Another organization lets it pass."""
    with world.act() as now:
        exceptions.second(by.actor, world.code(lot), now)
    return "批准例外"


@do("form_committee")
def form_committee(world: World, by: Person, experts: Sequence[Person], lot: int = 1) -> str:
    """The centre names a committee without a draw and without a word why."""
    with world.act() as now:
        seats = committee.form(by.actor, world.code(lot), [one.part for one in experts], now)
    return f"评标委员会 {len(seats)} 人"


@do("declare")
def declare(world: World, by: Person, conflict: str = "", lot: int = 1) -> str:
    """An expert declares a conflict of interest, or that there is none."""
    with world.act() as now:
        committee.declare(by.actor, world.code(lot), conflict or None, now)
    return f"声明利害关系：{conflict or '无'}"


@do("admit")
def admit(world: World, by: Person, lot: int = 1) -> str:
    """An expert signs that the documents may be opened."""
    with world.act(write=False):
        raw = committee.admission(by.actor, world.code(lot))
    with world.act() as now:
        committee.admit(by.actor, world.code(lot), by.sign(raw), by.cert, now)
    return "签署启封"


@do("score")
def score(world: World, by: Person, lot: int = 1, rejects: Sequence[str] = (), head: str = HEAD) -> str:
    """An expert hands in a signed sheet; `rejects` are bidders rejected on `head`."""
    code, refused = world.code(lot), {world.person(name).name for name in rejects}
    with world.act() as now:
        scoring.save(by.actor, code, _sheet(code, refused, head), now)
    with world.act(write=False):
        raw = scoring.statement(by.actor, code)
    with world.act() as now:
        scoring.sign(by.actor, code, by.sign(raw), by.cert, now)
    return f"签署评分表{'，否决 ' + '、'.join(sorted(refused)) if refused else ''}"


@do("convene")
def convene(world: World, by: Person, lot: int = 1, *, reviews: bool = True) -> str:
    """Unless they sit already, the centre seats the experts; none has a conflict, and the documents are opened.

    Where purchaser or agency reviews qualification, it finds every bidder qualified; `reviews` = false leaves that to the play.
    """
    verbs_experts.seat(world, by, lot)
    experts = panel(world, lot)
    for expert in experts:
        declare(world, expert, lot=lot)
        admit(world, expert, lot)
    world.pass_while(lambda: _unopened(world, lot), "the documents are opened in the room")
    if reviews:
        verbs_qualification.settle(world, lot)
    return f"{len(experts)} 名评委到场"


def _unopened(world: World, lot: int) -> bool:
    """Until the evaluation begins, or waits for purchaser or agency to review qualification."""
    with world.act(write=False):
        found = lifecycle.lot_of(world.code(lot))
        return found.state == LotState.OPENED and not qualification.ready(found)


@do("evaluate")
def evaluate(world: World, by: Person, lot: int = 1, rejects: Sequence[str] = ()) -> str:
    """All of the committee's part at once, from its forming to the result."""
    convene(world, by, lot)
    for expert in panel(world, lot):
        score(world, expert, lot, rejects)
    report(world, panel(world, lot), lot)
    return f"评审完成：{world.lot(lot).state}"


def report(world: World, members: Sequence[Person], lot: int) -> None:
    """The result is computed, every member signs the report over it, and the lot goes on."""
    await_report(world, lot)
    for expert in members:
        sign_report(world, expert, lot=lot)
    world.breathe()


def await_report(world: World, lot: int) -> None:
    """Until the report lies before the members."""

    def scoring_still() -> bool:
        with world.act(write=False):
            return not register.waits(world.code(lot))

    world.pass_while(scoring_still, "the result is computed")


@do("sign_report")
def sign_report(world: World, by: Person, dissent: str = "", lot: int = 1) -> str:
    """An expert signs the evaluation report, perhaps with a dissent."""
    code = world.code(lot)
    with world.act(write=False):
        raw = signing.statement(by.actor, code, dissent)
    with world.act() as now:
        signing.sign(by.actor, code, by.sign(raw), by.cert, now)
    return f"签署评标报告{'，附不同意见' if dissent else ''}"


def panel(world: World, lot: int) -> list[Person]:
    """Who sits, or would."""
    return verbs_experts.panel(world, lot)


def _sheet(code: str, refused: set[str], head: str) -> dict[str, Any]:
    """Every bid gets the same marks: in these plays the price decides."""
    names = {bid.bid_id: sheet.header.bidder for bid, sheet in reading.read_out(code)}
    method = reading.method(lifecycle.lot_of(code))
    scores = {one.id: ("15" if one.objective else MARKS) for one in method.criteria}
    found = {}
    for bid, _ in reading.assessed(code):
        bad = names[bid.bid_id] in refused
        why = {"ground": GROUND, "head": head} if bad else {"ground": None}
        found[bid.bid_id] = {"conforms": not bad, **why, "scores": scores, "notes": {}}
    return found
