"""Organizations, people and an installation to act on, over SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyotp

from accounts import certificates, grants, people, sessions
from accounts.actor import Actor
from accounts.directory import membership_of, organization_of, person_of, roles_of
from accounts.models import Organization
from accounts.passwords import hashed
from accounts.people import Registration
from accounts.roles import OrgKind, Part, Role
from kernel import keys
from kernel.db import db, transaction
from kernel.site import make_key, site
from tests import tables
from tests.log_stage import postgres_url, staged

NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
STORED = hashed(PASSWORD)
CODES = {
    OrgKind.BIDDER: "91350100M000100Y43",
    OrgKind.OWNER: "12350100MB02709751",
    OrgKind.AGENCY: "91330106673959654P",
    OrgKind.CENTRE: "914403001922038216",
    OrgKind.SUPERVISOR: "91110000600037341L",
    OrgKind.MANAGER: "11350100003600000A",
    OrgKind.EXPERT_POOL: "11350100003600001B",
}


@contextlib.contextmanager
def accounts_stage(folder: Path, engine: str = "sqlite") -> Iterator[None]:
    """An installation with keys and empty tables."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres_url(template=tables.template)) if engine == "postgres" else None
        stack.enter_context(staged(folder, url))
        for name in ("ca", "platform", "log"):
            make_key(site(), name)
        yield


def enter(login: str, role: Role | None, kind: OrgKind, uscc: str | None = None) -> None:
    """An organization of `kind` (made if new) with a person who holds `role`, whatever the office would say."""
    with transaction():
        code = uscc or CODES[kind]
        organization = organization_of(code, kind)
        if organization is None:
            organization = Organization(
                uscc=code, uscc_ok=True, name=f"{kind} {code[-4:]}", kind=kind.value, created_at=NOW
            )
            db.session.add(organization)
            db.session.flush()
        form = Registration(code, organization.name, kind, f"王{login}", login, STORED)
        person, _ = people._add_person(organization, form, frozenset(Part), NOW)
        if role is not None and role is not Role.BIDDER:
            grants.add_grant(person, organization, role, None, NOW)


def actor(login: str, *, second_factor: bool = True, session_id: str = "") -> Actor:
    """The person as a use case sees them; call it inside a transaction."""
    person = person_of(login)
    assert person is not None
    membership = membership_of(person.id)
    assert membership is not None
    organization = db.session.get_one(Organization, membership.organization_id)
    return Actor(
        person.id, person.name, organization.id, organization.name, organization.uscc, roles_of(person.id),
        membership.parts, "127.0.0.1", "test", second_factor, session_id,
    )  # fmt: skip


def certified(login: str, now: dt.datetime = NOW, *, confirm: bool = True) -> tuple[keys.PrivateKey, bytes, str]:
    """A new key with its platform certificate: (key, leaf DER, serial)."""
    key = keys.generate()
    with transaction():
        who = actor(login)
        found = certificates.issue(who, possession(who, key, now), now)
        if confirm:
            certificates.confirm(who, found.serial, now)
        return key, found.der, found.serial


def possession(who: Actor, key: keys.PrivateKey, now: dt.datetime) -> certificates.Possession:
    nonce, spelled = certificates.challenge(who, now), keys.spell(key.public_key())
    unproved = certificates.Possession(spelled, "", nonce)
    return certificates.Possession(spelled, keys.b64(keys.sign(certificates.statement(unproved), key)), nonce)


def enrolled(login: str, now: dt.datetime = NOW) -> str:
    """Give the person a confirmed one-time secret; returns it."""
    with transaction():
        who = actor(login)
        _, secret = sessions.enroll_totp(who, now)
        sessions.confirm_totp(who, pyotp.TOTP(secret).at(now), now)
    return secret


def attempt(
    login: str, password: str = PASSWORD, code: str | None = None, address: str = "192.0.2.1"
) -> sessions.Attempt:
    return sessions.Attempt(login, password, code, address=address, user_agent="test")
