"""The management office's countersignature, without which a platform certificate counts in practice alone (sealing.md 1.2)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.certificates import certificate_of, signer
from accounts.models import Certificate
from accounts.roles import Role
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Invalid
from kernel.statements import Signed

TYPE = "kaibiao-countersign/1"


def statement(certificate: Certificate) -> bytes:
    """What the management office signs."""
    return canonical.encode({"type": TYPE, "cert_sha256": certificate.cert_sha256})


def countersign(actor: Actor, serial: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> Certificate:
    """Admit a platform certificate to real tenders, as MGR, by a signature that everybody can check."""
    actor.act_as(Role.MGR)
    found = certificate_of(serial)
    key = signer(actor, cert_der, now)
    if signed.raw != statement(found) or not signed.signed_by(key):
        raise Invalid(
            "countersign.signature", "会签签名不成立", "The countersignature does not verify", rule="sealing.md 1.2"
        )
    found.countersigned_at, found.countersigned_by = now, actor.person_id
    found.countersignature = {**signed.to_json(), "cert": keys.b64(cert_der)}
    records.acted(actor, "certificate.countersigned", now, cert_sha256=found.cert_sha256)
    return found


def awaiting() -> list[Certificate]:
    """Platform certificates that are confirmed and wait for the management office."""
    waiting = (
        Certificate.outside.is_(False),
        Certificate.confirmed_at.is_not(None),
        Certificate.revoked_at.is_(None),
        Certificate.countersigned_at.is_(None),
    )
    return list(db.session.scalars(select(Certificate).where(*waiting).order_by(Certificate.id)))
