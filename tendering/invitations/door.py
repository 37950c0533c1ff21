"""The door of a procedure by invitation: who may bid, ask and take the documents (C03, G06, N02, N12)."""

from __future__ import annotations

from sqlalchemy import exists, select

from accounts.actor import Actor
from accounts.roles import Role
from kernel.db import db
from kernel.errors import Forbidden
from kernel.law import holds
from tendering import packs, visibility
from tendering.invitations.models import Invitation, InvitationList
from tendering.invitations.rules import by_invitation
from tendering.models import Tender
from tendering.states import STILL_SHUT


def is_invited(tender: Tender, organization: int) -> bool:
    mine = select(Invitation.id).join(InvitationList).where(
        InvitationList.tender_id == tender.id,
        Invitation.organization_id == organization,
        Invitation.invited_at.is_not(None),
    )  # fmt: skip
    return bool(db.session.scalar(select(exists(mine))))


@holds("C03", "G06")
def check_invited(tender: Tender, organization: int) -> None:
    """Forbidden where the procedure is by invitation and this organization has none. A consortium comes in by its lead."""
    pack = packs.load(tender.pack_id)
    if by_invitation(pack, tender.draft) and not is_invited(tender, organization):
        raise Forbidden(
            "bid.not_invited",
            "本项目只有受邀请的单位可以参加。",
            "Only those who were invited take part in this procedure.",
            rule=pack.clause("invitees"),
        )


def check_documents(tender: Tender, actor: Actor | None) -> None:
    """Forbidden to take the documents uninvited, until all was opened; project and supervisors read them always."""
    if actor is not None and (visibility.of_project(tender, actor) or Role.SUP in actor.roles):
        return
    if all(lot.state not in STILL_SHUT for lot in tender.lots):
        return
    check_invited(tender, actor.organization_id if actor is not None else 0)
