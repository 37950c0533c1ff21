"""The agency's own key in its project's keysets: the agency names it before the notice; the checklist asks until then."""

from __future__ import annotations

import datetime as dt

from accounts import certificates, records
from accounts import service as accounts
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.errors import Conflict, Refusal
from tendering import drafts, visibility
from tendering.checklist import Obstacle
from tendering.models import Tender

RULE = "sealing.md 1.1 fact_keys"
FIELD = "agency_key"


def confirm_key(actor: Actor, tender: Tender, cert_der: bytes, now: dt.datetime) -> Tender:
    """The agency's officer names the certificate with which the agency will sign; another one makes the keysets useless."""
    visibility.check_project(tender, actor, Role.AGENCY)
    actor.take_part(Part.SIGN)
    drafts.check_draft(tender)
    accounts.signer(actor, cert_der, now)
    if tender.agency_cert != cert_der:
        tender.agency_cert = cert_der
        drafts.drop_keysets(tender)
    records.acted(actor, "agency_key.confirmed", now, cert_sha256=canonical.sha(cert_der))
    return tender


def fact_key(tender: Tender, owner: str, now: dt.datetime) -> str:
    """Whose key the keyset names for the agency: its own, or the owner's where there is none; Conflict while it is missing."""
    if tender.agency_org is None:
        return owner
    for missing in obstacles(tender, now):
        raise Conflict(missing.code, missing.zh, missing.en, rule=missing.rule)
    return keys.spell(certificates.key_of(tender.agency_cert or b""))


def obstacles(tender: Tender, now: dt.datetime) -> list[Obstacle]:
    """What the checklist says of the agency's key; empty when there is no agency or its key may sign now."""
    if tender.agency_org is None:
        return []
    if tender.agency_cert is None:
        zh = "代理机构尚未确认自己的签名密钥，请代理机构登录确认。"
        en = "The agency has yet to name its own signing key: its officer signs in and confirms it."
        return [Obstacle("keys.agency_missing", zh, en, RULE, FIELD)]
    try:
        certificates.standing(tender.agency_cert, now)
    except Refusal as refusal:
        zh, en = (
            f"代理机构的证书不能用：{refusal.words.zh}。",
            f"The agency's certificate cannot sign: {refusal.words.en}.",
        )
        return [Obstacle("keys.agency_over", zh, en, RULE, FIELD)]
    return []
