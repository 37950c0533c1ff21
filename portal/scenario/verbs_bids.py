"""What bidders do: seal and hand in, replace, withdraw, join in a consortium, confirm what was read out."""

from __future__ import annotations

from collections.abc import Sequence

from accounts import consortia
from accounts.consortia import Confirmation, Declaration
from bidding import readout, submission, withdrawal
from bidding.models import Bid, Envelope
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.site import site
from kernel.statements import Signed
from portal.scenario import sealing_bids
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import MismatchError, World
from sealing.receipts import Withdrawal


@do("bid")
def bid(world: World, by: Person, price: str, lot: int = 1, consortium: str = "") -> str:
    """Seal a bid, upload it and hand it in."""
    return handed_in(world, by, (price, lot, consortium))


@do("bid_as_small_firm")
def bid_as_small_firm(world: World, by: Person, price: str, lot: int = 1) -> str:
    """The same, claiming a small firm's deduction from the price."""
    return "小微企业 " + handed_in(world, by, (price, lot, ""), enterprise="small")


@do("bid_unreadable")
def bid_unreadable(world: World, by: Person, lot: int = 1) -> str:
    """The same by a broken client: everything is signed and whole, and the envelope holds nothing."""
    return "内容不可读 " + handed_in(world, by, ("1.00", lot, ""), readable=False)


@do("replace")
def replace(world: World, by: Person, price: str, lot: int = 1) -> str:
    """Put another bid in the place of the one handed in before."""
    return "替换 " + handed_in(world, by, (price, lot, ""), prev=world.bids.get((lot, by.part)))


@do("withdraw")
def withdraw(world: World, by: Person, lot: int = 1) -> str:
    """Take the bid back."""
    content = Withdrawal(world.code(lot), _sealed(world, by, lot), rfc3339(world.now)).content()
    with world.act() as now:
        withdrawal.withdraw(by.actor, world.code(lot), Signed.make(content, by.key), now)
    world.breathe()
    return "撤回投标"


@do("consortium")
def consortium(world: World, by: Person, name: str, members: Sequence[Person]) -> str:
    """Declare a consortium as its lead; every member confirms."""
    every = [by, *members]
    declared = Declaration(name, [one.actor.uscc for one in every], canonical.sha(name.encode()))
    with world.act() as now:
        found = consortia.declare(by.actor, declared, now)
        code, statement = found.code, found.statement.encode()
    for member in every:
        with world.act() as now:
            consortia.confirm(member.actor, code, Confirmation(keys.sign(statement, member.key), member.cert), now)
    world.kept[f"consortium/{name}"] = code
    return f"{name}：{'、'.join(one.name for one in every)}"


@do("confirm")
def confirm(world: World, by: Person, lot: int = 1) -> str:
    """Confirm the own line of the read-out."""
    with world.act() as now:
        readout.confirm(by.actor, world.code(lot), now)
    world.breathe()
    return "确认唱标内容"


@do("lose")
def lose(world: World, by: Person, lot: int = 1) -> str:
    """The platform loses this bidder's ciphertext: a disk fault, for which the platform answers."""
    with world.act(write=False):
        row = db.session.query(Bid).filter_by(manifest_sha256=_sealed(world, by, lot)).one()
        blob = db.session.query(Envelope).filter_by(bid=row.id, stage=sealing_bids.SHEET).one().blob_key
        site().blobs.delete(blob)
    return "平台丢失密文"


def handed_in(
    world: World, by: Person, terms: tuple[str, int, str], *, readable: bool = True, **job: str | None
) -> str:
    price, lot, name = terms
    party = f"consortium:{world.kept[f'consortium/{name}']}" if name else None
    sealed = sealing_bids.seal(world, by, lot, price, name=name or None, **job)
    if not readable:
        sealed = sealing_bids.spoiled(world, by, lot, sealed)
    papers = sealing_bids.handed(world, by, sealed, party)
    with world.act() as now:
        submission.submit(by.actor, world.code(lot), papers, now)
    world.bids[lot, by.part] = sealed.manifest_sha256
    world.breathe()
    return f"{name or by.name} 封标递交 {price}"


def _sealed(world: World, by: Person, lot: int) -> str:
    """The manifest hash of somebody's last bid."""
    found = world.bids.get((lot, by.part))
    if found is None:
        raise MismatchError(f"{by.part} has handed in no bid on lot {lot}")
    return found
