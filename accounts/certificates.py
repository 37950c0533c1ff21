"""Certificates of signing keys: from the platform's CA after a proof of possession, or registered from a trusted outside CA.

A platform certificate signs nothing before its holder loaded the downloaded key file back (`confirm`), and outside
practice nothing before the management office countersigned it (sealing.md 1.2).
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from sqlalchemy import select

from accounts import authority, records
from accounts.actor import Actor
from accounts.directory import membership_of
from accounts.models import Certificate
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.clock import parse_rfc3339, rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.site import site
from sealing import certificates as x509_chain

PROOF_TYPE = "kaibiao-certify/1"
NONCE_LIFE = 900
LIFE = dt.timedelta(days=365)
SKEW = dt.timedelta(minutes=5)
"""A certificate is valid from a little before its issue, for watchers whose clocks are behind."""


@dataclass(frozen=True)
class Possession:
    """A key and the proof that its holder has it, made over the nonce of `challenge`."""

    public_key: str
    proof: str
    nonce: str


def challenge(actor: Actor, now: dt.datetime) -> str:
    """A nonce for this person; it needs no row, for it proves itself and is good for a quarter of an hour."""
    moment = rfc3339(now)
    return f"{moment}.{_mac(actor.person_id, moment)}"


def statement(possession: Possession) -> bytes:
    """The exact bytes of the proof of possession."""
    return canonical.encode({"type": PROOF_TYPE, "public_key": possession.public_key, "nonce": possession.nonce})


def issue(actor: Actor, possession: Possession, now: dt.datetime) -> Certificate:
    """Certify the key for the actor's person and organization; it counts only after `confirm`."""
    actor.take_part(Part.SIGN)
    key = _possessed(actor, possession, now)
    ca = authority.certificate(now)
    der = x509_chain.issue(
        ca,
        site().key("ca"),
        key,
        x509_chain.Subject(actor.organization, actor.uscc, str(actor.person_id)),
        serial=x509.random_serial_number(),
        not_before=now - SKEW,
        not_after=now + LIFE,
    )
    return _enter(actor, possession.public_key, [der, ca], now)


def register_outside(actor: Actor, chain: Sequence[bytes], possession: Possession, now: dt.datetime) -> Certificate:
    """Take a certificate of a trusted outside CA whose subject is the actor's organization; it counts at once."""
    actor.take_part(Part.SIGN)
    try:
        leaf = x509_chain.check_chain(chain, authority.outside(), now)
    except x509_chain.CertificateError as error:
        raise Invalid(
            "certificate.chain", "证书链不受信任", f"The chain is not trusted: {error}", rule="sealing.md 4"
        ) from error
    if (
        x509_chain.subject_of(leaf).uscc not in ("", actor.uscc)
        or keys.spell(keys.supported(leaf.public_key())) != possession.public_key
    ):
        raise Forbidden(
            "certificate.subject",
            "证书主体不是本单位或密钥不符",
            "The certificate is not your organization's or not of this key",
        )
    _possessed(actor, possession, now)
    entered = _enter(actor, possession.public_key, list(chain), now)
    entered.outside, entered.confirmed_at = True, now
    return entered


def _possessed(actor: Actor, possession: Possession, now: dt.datetime) -> keys.PublicKey:
    moment, _, mac = possession.nonce.partition(".")
    try:
        age = (now - parse_rfc3339(moment)).total_seconds()
        key, proof = keys.parse(possession.public_key), keys.unb64(possession.proof)
    except ValueError as error:
        raise Invalid(
            "certificate.form", "公钥或证明格式不对", "The key or its proof is malformed", fields={"public_key": "form"}
        ) from error
    fresh = 0 <= age <= NONCE_LIFE and hmac.compare_digest(mac.encode(), _mac(actor.person_id, moment).encode())
    if not fresh:
        raise Conflict("certificate.nonce", "挑战码无效或过期，请重试", "The nonce is not yours or is over: try again")
    if not keys.verified(proof, statement(possession), key):
        raise Invalid(
            "certificate.proof",
            "私钥持有证明不成立",
            "The proof of possession does not verify",
            fields={"proof": "wrong"},
        )
    return key


def _mac(person_id: int, moment: str) -> str:
    secret = site().settings.secret_key.encode()
    return hmac.new(secret, f"kaibiao-certify/1 {person_id} {moment}".encode(), sha256).hexdigest()


def _enter(actor: Actor, public_key: str, chain: list[bytes], now: dt.datetime) -> Certificate:
    known = db.session.scalar(select(Certificate.id).where(Certificate.public_key == public_key))
    if known is not None:
        raise Conflict("certificate.key", "该密钥已有证书", "This key is certified already")
    leaf = x509.load_der_x509_certificate(chain[0])
    entered = Certificate(
        serial=f"{leaf.serial_number:x}",
        cert_sha256=canonical.sha(chain[0]),
        public_key=public_key,
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        der=chain[0],
        chain=[keys.b64(der) for der in chain],
        outside=False,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        issued_at=now,
    )
    db.session.add(entered)
    db.session.flush()
    records.acted(actor, "certificate.issued", now, cert_sha256=entered.cert_sha256)
    return entered


def confirm(actor: Actor, serial: str, now: dt.datetime) -> Certificate:
    """The holder loaded the key file back: from here on the certificate counts."""
    found = _own(actor, serial)
    if found.revoked_at is not None:
        raise _revoked()
    found.confirmed_at = found.confirmed_at or now
    records.acted(actor, "certificate.confirmed", now, cert_sha256=found.cert_sha256)
    return found


def revoke(actor: Actor, serial: str, now: dt.datetime) -> Certificate:
    """End a certificate: its holder, whoever signs for the organization, or MGR. What it signed before stands."""
    found = certificate_of(serial)
    if Role.MGR in actor.roles:
        actor.act_as(Role.MGR)
    elif found.person_id != actor.person_id:
        _own_organization(actor, found)
        actor.take_part(Part.SIGN)
    found.revoked_at = found.revoked_at or now
    records.acted(actor, "certificate.revoked", now, cert_sha256=found.cert_sha256)
    return found


def certificate_of(serial: str) -> Certificate:
    """By serial number in hex; NotFound otherwise."""
    found = db.session.scalars(select(Certificate).where(Certificate.serial == serial.lower())).first()
    if found is None:
        raise _unknown()
    return found


def certificates_of(actor: Actor) -> list[Certificate]:
    """The actor's own, newest first; who signs for the organization sees all of its certificates."""
    mine = Certificate.person_id == actor.person_id
    if Part.SIGN in actor.parts:
        mine = Certificate.organization_id == actor.organization_id
    return list(db.session.scalars(select(Certificate).where(mine).order_by(Certificate.id.desc())))


def seen_by(actor: Actor, serial: str) -> Certificate:
    """One of `certificates_of`; NotFound for anybody else's."""
    found = next((listed for listed in certificates_of(actor) if listed.serial == serial.lower()), None)
    if found is None:
        raise _unknown()
    return found


def roots(now: dt.datetime) -> list[bytes]:
    """DER of every root under which a bidder's chain may end: the platform's CA and the trusted outside CAs."""
    return [authority.certificate(now), *authority.outside()]


def standing(cert_der: bytes, now: dt.datetime) -> Certificate:
    """The certificate if it may sign now; Forbidden when unknown, unconfirmed, revoked, over, or not countersigned."""
    digest = canonical.sha(cert_der)
    found = db.session.scalar(select(Certificate).where(Certificate.cert_sha256 == digest))
    if found is None:
        raise _unknown()
    if found.revoked_at is not None:
        raise _revoked()
    if found.confirmed_at is None:
        raise Forbidden(
            "certificate.unconfirmed",
            "请先加载密钥文件完成核对",
            "Load the key file back first, to confirm the certificate",
        )
    if not found.not_before <= now <= found.not_after:
        raise Forbidden("certificate.over", "证书不在有效期内", "The certificate is not valid now")
    if not (found.outside or found.countersigned_at is not None or site().settings.practice):
        raise Forbidden(
            "certificate.countersignature",
            "平台证书尚未经管理办公室会签",
            "The platform's certificate lacks the management office's countersignature",
            rule="sealing.md 1.2",
        )
    return found


def key_of(cert_der: bytes) -> keys.PublicKey:
    """The key of a certificate entered here, whatever became of it; NotFound for one that never was."""
    found = db.session.scalar(select(Certificate).where(Certificate.cert_sha256 == canonical.sha(cert_der)))
    if found is None:
        raise _unknown()
    return keys.parse(found.public_key)


def signer(actor: Actor, cert_der: bytes, now: dt.datetime) -> keys.PublicKey:
    """The key of a certificate that may sign for the actor's organization now; Forbidden otherwise."""
    found = standing(cert_der, now)
    _own_organization(actor, found)
    membership = membership_of(found.person_id)
    if membership is None or not membership.sign or membership.organization_id != found.organization_id:
        raise Forbidden(
            "certificate.part", "证书持有人无签署权", "The certificate's holder may not sign for the organization"
        )
    return keys.parse(found.public_key)


def _own(actor: Actor, serial: str) -> Certificate:
    found = certificate_of(serial)
    if found.person_id != actor.person_id:
        raise _unknown()
    return found


def _own_organization(actor: Actor, found: Certificate) -> None:
    if found.organization_id != actor.organization_id:
        raise Forbidden("certificate.organization", "证书不属于本单位", "The certificate is not your organization's")


def _unknown() -> NotFound:
    return NotFound("certificate.unknown", "没有此证书", "There is no such certificate")


def _revoked() -> Forbidden:
    return Forbidden("certificate.revoked", "证书已吊销", "The certificate is revoked")
