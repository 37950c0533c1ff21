"""The draw by the clock: as soon as a quorum has cosigned the log over a fixed list, its root draws who is invited."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, select, update

from kernel import keys
from kernel.db import db, transaction
from supervision import draw, invitation_facts, log
from supervision.checkpoints import Cosigned, quorum_checkpoint_over
from tendering import drafts
from tendering.invitations.models import Invitation, InvitationList


def step_draws(now: dt.datetime) -> bool:
    """Draw from every fixed list that waits for it and can be drawn from; whether there was one."""
    with transaction(write=False):
        waiting = list(db.session.scalars(_waiting()))
    return any([_draw(one, now) for one in waiting])  # noqa: C419  each of them is drawn


def _waiting() -> Select[int]:
    due = (InvitationList.fixed_at.is_not(None), InvitationList.draw.is_not(None), InvitationList.seed.is_(None))
    return select(InvitationList.id).where(*due).order_by(InvitationList.id)


def _draw(number: int, now: dt.datetime) -> bool:
    with transaction():
        found = db.session.get(InvitationList, number, with_for_update=True, populate_existing=True)
        assert found is not None
        head = _head(found)
        if head is None or found.seed is not None:
            return False
        _drawn(found, head, now)
    return True


def _head(found: InvitationList) -> Cosigned | None:
    """The first cosigned checkpoint over the list's entry."""
    return None if found.fact_id is None else quorum_checkpoint_over(found.fact_id)


def _drawn(found: InvitationList, head: Cosigned, now: dt.datetime) -> None:
    assert found.sha256 is not None
    assert found.draw is not None
    codes = {drafts.organization(one.organization_id).uscc: one.id for one in found.rows}
    found.size, found.seed = head.checkpoint.size, draw.seed(head.checkpoint.root, found.sha256)
    invited = draw.drawn(list(codes), found.draw, found.seed)
    chosen = Invitation.id.in_([codes[one] for one in invited])
    db.session.execute(update(Invitation).where(chosen).values(invited_at=now))
    fact = invitation_facts.InvitationDrawn(
        tender=found.tender.code,
        list_sha256=found.sha256,
        size=found.size,
        root=keys.b64(head.checkpoint.root),
        seed=found.seed,
        invited=invited,
    )
    log.append(fact, lot=found.tender.code)
