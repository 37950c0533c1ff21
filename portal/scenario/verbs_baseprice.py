"""The owner's secret base price: sealed before the deadline, read out at the opening (C20.base)."""

from __future__ import annotations

from kernel import money
from kernel.clock import rfc3339
from portal.scenario import sealing_bids
from portal.scenario.people import Person
from portal.scenario.registry import do, expect
from portal.scenario.world import MismatchError, World
from sealing import baseprice as sealing
from sealing.keyset import Keyset
from tendering.baseprice import service
from tendering.baseprice.models import BasePrice


@do("base_price")
def base_price(world: World, by: Person, amount: str, lot: int = 1) -> str:
    """Seal the base price to the lot's keyset in force and hand it in."""
    raw = world.lot(lot).keyset or b""
    claim = rfc3339(world.now), sealing_bids.CLIENT
    signed = sealing.seal(Keyset.parse(raw), raw, (by.name, by.key), money.parse(amount), claim)
    with world.act() as now:
        service.record(by.actor, world.code(lot), signed, now)
    world.breathe()
    return "封存标底"


@expect("base_price")
def said(world: World, is_: str, lot: int = 1) -> str:
    """What has been read out of it: the amount, `secret` before the opening, `none`, or `unread`."""
    with world.act(write=False):
        row = service.of(world.lot(lot))
        found = "none" if row is None else _said(row)
    if found != is_:
        raise MismatchError(f"the base price: expected {is_!r}, found {found!r}")
    return is_


def _said(row: BasePrice) -> str:
    if row.read_out_at is None:
        return "secret" if row.amount_fen is None and row.plain is None else "known too early"
    return "unread" if row.amount_fen is None else money.wire(money.Fen(row.amount_fen))
