"""The open facts of a tender, with their places in the log, for people to follow."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kernel.db import db
from supervision.models import LogFact
from tendering.models import Tender

MOST = 200


def open_facts(tender: Tender) -> Sequence[LogFact]:
    """What the log says in the open about the tender and its lots, newest first. Sealed entries are not counted here."""
    names = [tender.code, *(lot.code for lot in tender.lots)]
    wanted = select(LogFact).where(LogFact.lot.in_(names), LogFact.salt.is_(None))
    return db.session.scalars(wanted.order_by(LogFact.id.desc()).limit(MOST)).all()
