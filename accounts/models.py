"""Tables of organizations, people, roles, sessions, certificates and consortia."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from accounts.roles import OrgKind, Part, Plane, Role
from kernel.db import Base, Instant, JSONText


def _one_of(column: str, values: type[OrgKind | Role | Plane]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Organization(Base):
    """A legal person. One that both buys and bids stands here once for each kind, with other people in each."""

    __tablename__ = "organization"
    __table_args__ = (UniqueConstraint("uscc", "kind"), _one_of("kind", OrgKind))

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), index=True)
    uscc_ok: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)


class Person(Base):
    """Somebody who signs in. `plane` is set while any role is held; it carries the one-plane rule into the database."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("id", "plane"), _one_of("plane", Plane))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    login: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    invitation_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    totp_secret: Mapped[str | None] = mapped_column(String(120))
    totp_confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    totp_step: Mapped[int] = mapped_column(Integer, default=0)
    """The last time step whose code was used: a code opens one session, never two."""
    plane: Mapped[str | None] = mapped_column(String(12))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)


class Membership(Base):
    """A person belongs to one organization: nobody prepares or signs for two."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("prepare OR sign OR pay", name="some_part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    prepare: Mapped[bool] = mapped_column(Boolean)
    sign: Mapped[bool] = mapped_column(Boolean)
    pay: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    @property
    def parts(self) -> frozenset[Part]:
        return frozenset(part for part in Part if getattr(self, part.value))


class RoleGrant(Base):
    """A role held from `granted_at` until `ended_at`; an expert's with what was checked at admission."""

    __tablename__ = "role_grant"
    __table_args__ = (
        _one_of("role", Role),
        # A live grant points at the person's one plane, so that two planes cannot be live together.
        ForeignKeyConstraint(["person_id", "live_plane"], ["person.id", "person.plane"], name="one_plane"),
        CheckConstraint("(live_plane IS NULL) = (ended_at IS NOT NULL)", name="plane_while_live"),
        Index(
            "one_live_grant",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    role: Mapped[str] = mapped_column(String(8))
    live_plane: Mapped[str | None] = mapped_column(String(12))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    expertise: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    """{field, years, title} of an expert."""


class SignInSession(Base):
    """A browser's session or an API token; the token itself is never stored."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    api: Mapped[bool] = mapped_column(Boolean)
    second_factor: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(200))


class SignInFailure(Base):
    """Failures in a row for a sign-in name from an address ("" stands for any of the two), for the back-off."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (UniqueConstraint("login", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[dt.datetime] = mapped_column(Instant)


class Certificate(Base):
    """A certified signing key of one person for the own organization, from the platform's CA or an outside one."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(40))
    cert_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    public_key: Mapped[str] = mapped_column(String(120), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    chain: Mapped[list[str]] = mapped_column(JSONText)
    """Base64 DER, leaf first."""
    outside: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[dt.datetime] = mapped_column(Instant)
    not_after: Mapped[dt.datetime] = mapped_column(Instant)
    issued_at: Mapped[dt.datetime] = mapped_column(Instant)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    countersigned_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    countersigned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    countersignature: Mapped[dict[str, str] | None] = mapped_column(JSONText)
    """{file, sig, cert}: the management office's signed statement."""


class Consortium(Base):
    """Organizations that bid as one; `confirmed_at` once every member signed the declaration."""

    __tablename__ = "consortium"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    lead_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    agreement_sha256: Mapped[str] = mapped_column(String(64))
    statement: Mapped[str] = mapped_column(Text)
    """Exact text of what the members sign."""
    declared_at: Mapped[dt.datetime] = mapped_column(Instant)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    dissolved_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ConsortiumMember(Base):
    """A member and its confirmation: the signature of one of its people over the statement."""

    __tablename__ = "consortium_member"
    __table_args__ = (UniqueConstraint("consortium_id", "organization_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortium.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signature: Mapped[str | None] = mapped_column(String(100))
    cert_sha256: Mapped[str | None] = mapped_column(String(64))


class Tie(Base):
    """What an organization declared about its head and its holders at one time; the last one counts."""

    __tablename__ = "organization_tie"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    head: Mapped[str] = mapped_column(String(120))
    holders: Mapped[list[str]] = mapped_column(JSONText)
    """Codes of the organizations that hold or manage it."""
    declared_at: Mapped[dt.datetime] = mapped_column(Instant)
