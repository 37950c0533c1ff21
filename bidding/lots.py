"""A lot as bidding sees it: its row with the right lock, its keyset, its moments."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from bidding.rules import Door, Moments
from kernel.db import db
from kernel.errors import NotFound
from sealing.keyset import Keyset, Stage
from tendering.models import Lot
from tendering.packs import Pack, load
from tendering.states import ACCEPTING, PREQUALIFYING, LotState

__all__ = ["door", "find", "first_stage", "for_team", "keyset", "locked", "locked_for_share", "moments", "pack"]

_BEFORE_CLOSE = PREQUALIFYING | {LotState.DRAFT, LotState.COLLECTING, LotState.CANCELLED, LotState.VOIDED}


def find(code: str) -> Lot:
    return _one(_by_code(code))


def locked_for_share(code: str) -> Lot:
    """For a submission: the state read here still holds at the commit. On SQLite the write transaction sees to that."""
    return _one(_by_code(code).with_for_update(read=True, of=Lot))


def locked(code: str) -> Lot:
    """For a step that changes the lot or decides by it."""
    return _one(_by_code(code).with_for_update(of=Lot))


def door(lot: Lot) -> Door:
    state = LotState(lot.state)
    return Door(
        law=pack(lot).clause("late_bid"),
        closes_at=lot.closes_at,
        collecting=state in ACCEPTING,
        suspended=lot.suspended_at is not None,
        flipped=state not in _BEFORE_CLOSE,
    )


def keyset(lot: Lot) -> Keyset:
    """The published keyset; its bytes were checked when they were signed."""
    assert lot.keyset is not None
    return Keyset.parse(lot.keyset)


def first_stage(lot: Lot) -> Stage:
    return keyset(lot).stages[0]


def for_team(lot: Lot) -> bool:
    """Whether nothing of the bids is ever read out: first responses in a negotiation, opened for its team alone (N04)."""
    return keyset(lot).for_evaluation


def moments(lot: Lot) -> Moments:
    found = keyset(lot)
    assert lot.opens_at is not None
    return Moments(lot.opens_at, timedelta(seconds=found.open_wait), timedelta(seconds=found.release_by))


def pack(lot: Lot) -> Pack:
    return load(lot.tender.pack_id)


def _by_code(code: str) -> Select[Lot]:
    return select(Lot).where(Lot.code == code, Lot.state != LotState.DRAFT).options(selectinload(Lot.tender))


def _one(query: Select[Lot]) -> Lot:
    lot = db.session.scalar(query.execution_options(populate_existing=True))
    if lot is None:
        raise NotFound("lot.unknown", "没有这个标段。", "There is no such lot.")
    return lot
