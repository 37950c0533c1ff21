"""From the award to the archive: report, next candidate, contract, change, acceptance, and what is expected of them."""

from __future__ import annotations

from pathlib import Path

from kernel.site import site
from portal.scenario.people import Person
from portal.scenario.registry import do, expect
from portal.scenario.world import MismatchError, World
from supervision import contract_facts, facts, log
from tendering import lifecycle
from tendering.contracts import after, course, messages, papers, reporting, succession, uploads
from tendering.contracts.models import Sealed
from verifier import verify
from verifier.case import Given
from verifier.claims import Mark
from verifier.source import opened

TEXT = b"%PDF-1.7 contract"


@do("report")
def report(world: World, by: Person, lot: int = 1) -> str:
    """The owner signs the written report to the supervising authority."""
    with world.act() as now:
        found = lifecycle.lot_of(world.code(lot), lock=True)
        papers.sign_report(by.actor, found, by.sign(reporting.statement(found).raw), now)
    world.breathe()
    return "书面报告已提交"


@do("drop_winner")
def drop_winner(
    world: World, by: Person, ground: str = "gave_up", reason: str = "中标人书面放弃中标", lot: int = 1
) -> str:
    """The award is undone for a ground of the law."""
    with world.act() as now:
        succession.drop_winner(by.actor, lifecycle.lot_of(world.code(lot), lock=True), ground, reason, now)
    world.settle()
    return reason


@do("contract")
def contract(world: World, by: Person, price: str = "", bond: str = "", lot: int = 1) -> str:
    """The owner hands in the contract; what is left out stands as the winner bid it."""
    world.settle()
    with world.act(write=False):
        found = lifecycle.lot_of(world.code(lot))
        bid = course.bid_terms(found, found.awarded_bid or "")
    typed = {
        "price": price or f"{bid.price // 100}.{bid.price % 100:02d}",
        "period_days": str(bid.period_days or ""),
        "bond": bond,
        "bond_form": "guarantee" if bond else "none",
    }
    with world.at_work():
        uploads.contract(by.actor, world.code(lot), typed, uploads.Upload("合同.pdf", [TEXT]), world.now)
    world.breathe()
    return f"合同文本：{typed['price']} 元"


@do("confirm_contract")
def confirm_contract(world: World, by: Person, lot: int = 1) -> str:
    """The winner signs the contract."""
    with world.act() as now:
        found = lifecycle.lot_of(world.code(lot), lock=True)
        raw = papers.needed(found, papers.CONTRACT).file
        papers.confirm_contract(by.actor, found, by.sign(raw), by.cert, now)
    world.breathe()
    return f"{by.name} 确认合同"


@do("sign_contract")
def sign_contract(world: World, by: Person, lot: int = 1) -> str:
    """The owner signs after the winner; the contract stands."""
    with world.act() as now:
        found = lifecycle.lot_of(world.code(lot), lock=True)
        papers.sign_contract(by.actor, found, by.sign(papers.needed(found, papers.CONTRACT).file), now)
    world.breathe()
    return "合同订立"


@do("change_contract")
def change_contract(world: World, by: Person, addition: str, reason: str = "地质条件变化", lot: int = 1) -> str:
    """A later addition."""
    with world.at_work():
        upload = uploads.Upload("补充合同.pdf", [TEXT + b" change"])
        uploads.change(by.actor, world.code(lot), {"addition": addition, "reason": reason}, upload, world.now)
    world.breathe()
    return f"追加 {addition} 元"


@do("accept")
def accept(world: World, by: Person, lot: int = 1) -> str:
    """The owner hands in and signs the report of acceptance."""
    with world.at_work():
        upload = uploads.Upload("验收报告.pdf", [TEXT + b" done"])
        raw = uploads.acceptance(by.actor, world.code(lot), upload, world.now).file
    with world.act() as now:
        papers.sign_acceptance(by.actor, lifecycle.lot_of(world.code(lot), lock=True), by.sign(raw), now)
    world.breathe()
    return "履约验收"


@expect("told")
def told(world: World, bid: Person, kind: str, lot: int = 1) -> str:
    """What a bidder's newest message is: `notice` or `result`."""
    world.settle()
    with world.act(write=False):
        found = messages.own(bid.actor, world.code(lot))[0]
        if found.kind != kind:
            raise MismatchError(f"{bid.name} was told {found.kind}, not {kind}")
    return f"{bid.name} {kind}"


@expect("alert")
def alert(world: World, point: str, color: str = "red", lot: int = 1) -> str:
    """The platform raised this alert."""
    world.settle()
    with world.act(write=False):
        raised = [(row["point"], row["color"]) for row in course.told(facts.Alert.kind, world.code(lot))]
    if (point, color) not in raised:
        raise MismatchError(f"no alert {point} {color}; there are: {raised}")
    return f"{point} {color}"


@expect("archive")
def archive(world: World, lot: int = 1) -> str:
    """The archive is sealed, its hash in the log, and the file itself holds in every claim."""
    for _ in range(4):
        world.settle()
    with world.act(write=False):
        found = after.archive(lifecycle.lot_of(world.code(lot)))
        if found is None or not log.find(contract_facts.ArchiveSealed.kind, world.code(lot)):
            raise MismatchError("the archive is not sealed")
        path = _file(world, found)
    with opened(path) as files:
        lies = [claim.line("en") for claim in verify.claims(files, Given()) if claim.mark is Mark.LIE]
    if lies:
        raise MismatchError(f"the archive holds lies: {'; '.join(lies)}")
    return f"{found.size} B {found.sha256[:12]}…"


def _file(world: World, found: Sealed) -> Path:
    path = world.folder / f"{found.lot}.zip"
    with site().blobs.open(found.blob_key) as source:
        path.write_bytes(source.read())
    return path
