"""The wire forms of accounts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from accounts.certificates import Possession
from accounts.consortia import members_of
from accounts.roles import OrgKind, Part, Role
from kernel import keys
from kernel.clock import rfc3339

Text = fields.String


def _line(longest: int = 120) -> validate.Length:
    return validate.Length(min=1, max=longest)


class Bytes(fields.String):
    """Canonical base64 on the wire, bytes inside."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:  # noqa: ARG002
        return None if value is None else keys.b64(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002
        try:
            return keys.unb64(value)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValidationError("not canonical base64") from error


class Moment(fields.String):
    """RFC 3339 in UTC, whole seconds; only ever sent."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:  # noqa: ARG002
        return None if value is None else rfc3339(value)


class OrganizationIn(Schema):
    uscc = Text(required=True, validate=_line(32))
    name = Text(required=True, validate=_line())
    kind = fields.Enum(OrgKind, by_value=True, required=True)
    person_name = Text(required=True, validate=_line())
    login = Text(required=True, validate=_line(64))
    password = Text(load_default=None, load_only=True, validate=_line(256))


class WordsOut(Schema):
    zh = Text()
    en = Text()


class OrganizationOut(Schema):
    uscc = Text()
    name = Text()
    kind = Text()
    uscc_ok = fields.Boolean()


class RegisteredOut(Schema):
    organization = fields.Nested(OrganizationOut)
    login = Text(attribute="person.login")
    invitation = Text(allow_none=True)
    warnings = fields.List(fields.Nested(WordsOut))


class PersonIn(Schema):
    name = Text(required=True, validate=_line())
    login = Text(required=True, validate=_line(64))
    parts = fields.List(fields.Enum(Part, by_value=True), required=True, validate=validate.Length(min=1, max=3))
    uscc = Text(load_default=None, validate=_line(32))
    kind = fields.Enum(OrgKind, by_value=True, load_default=None)


class InvitedOut(Schema):
    login = Text()
    invitation = Text()


class AcceptIn(Schema):
    invitation = Text(required=True, validate=_line(64))
    login = Text(required=True, validate=_line(64))
    password = Text(required=True, load_only=True, validate=_line(256))


class PartsIn(Schema):
    parts = fields.List(fields.Enum(Part, by_value=True), required=True, validate=validate.Length(min=1, max=3))


class SessionIn(Schema):
    login = Text(required=True, validate=_line(64))
    password = Text(required=True, load_only=True, validate=_line(256))
    totp = Text(load_default=None, validate=_line(12))


class SessionOut(Schema):
    """One of the own sessions; never a token."""

    id = Text(attribute="public_id")
    api = fields.Boolean()
    second_factor = fields.Boolean()
    created_at = Moment()
    seen_at = Moment()
    address = Text()
    user_agent = Text()


class PersonOut(Schema):
    login = Text()
    name = Text()


class OpenedOut(Schema):
    token = Text()
    session = Text(attribute="session.public_id")
    person = fields.Nested(PersonOut)
    totp_enrolled = fields.Function(lambda opened: opened.person.totp_confirmed_at is not None)


class TotpOut(Schema):
    secret = Text()
    address = Text()


class CodeIn(Schema):
    code = Text(required=True, validate=_line(12))


class PasswordIn(Schema):
    current = Text(required=True, load_only=True, validate=_line(256))
    password = Text(required=True, load_only=True, validate=_line(256))


class ExpertiseIn(Schema):
    """What the management office checked before it admits an expert."""

    field = Text(required=True, validate=_line(60))
    years = fields.Integer(required=True, strict=True, validate=validate.Range(0, 80))
    title = Text(required=True, validate=_line(60))


class GrantIn(Schema):
    login = Text(required=True, validate=_line(64))
    role = fields.Enum(Role, by_value=True, required=True)
    expertise = fields.Nested(ExpertiseIn, load_default=None, allow_none=True)


class GrantOut(Schema):
    role = Text()
    granted_at = Moment()


class MeOut(Schema):
    """What a person is told about themself."""

    name = Text()
    organization = Text()
    uscc = Text()
    roles = fields.Function(lambda actor: sorted(actor.roles))
    parts = fields.Function(lambda actor: sorted(actor.parts))
    second_factor = fields.Boolean()


class ChallengeOut(Schema):
    nonce = Text()


class PossessionIn(Schema):
    public_key = Text(required=True, validate=_line(120))
    proof = Text(required=True, validate=_line(100))
    nonce = Text(required=True, validate=_line(120))

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Possession:
        return Possession(**data)


class OutsideIn(Schema):
    possession = fields.Nested(PossessionIn, required=True)
    chain = fields.List(Bytes(), required=True, validate=validate.Length(min=1, max=5))


class CertificateOut(Schema):
    serial = Text()
    cert_sha256 = Text()
    public_key = Text()
    cert_chain = fields.List(Text(), attribute="chain")
    outside = fields.Boolean()
    not_before = Moment()
    not_after = Moment()
    confirmed_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
    countersigned_at = Moment(allow_none=True)


class NothingIn(Schema):
    """An empty object."""


class CountersignIn(Schema):
    file = Bytes(required=True)
    sig = Bytes(required=True)
    cert = Bytes(required=True)


class ConsortiumIn(Schema):
    name = Text(required=True, validate=_line())
    members = fields.List(Text(validate=_line(32)), required=True, validate=validate.Length(min=2, max=20))
    agreement_sha256 = Text(required=True, validate=_line(64))


class ConsortiumMemberOut(Schema):
    uscc = Text()
    name = Text()
    confirmed_at = Moment(allow_none=True)


class ConsortiumOut(Schema):
    id = Text(attribute="code")
    name = Text()
    agreement_sha256 = Text()
    statement = Text()
    declared_at = Moment()
    confirmed_at = Moment(allow_none=True)
    dissolved_at = Moment(allow_none=True)
    members = fields.Method("listed")

    def listed(self, consortium: Any) -> list[dict[str, Any]]:
        rows = [
            {"uscc": organization.uscc, "name": organization.name, "confirmed_at": member.confirmed_at}
            for organization, member in members_of(consortium)
        ]
        found: list[dict[str, Any]] = ConsortiumMemberOut(many=True).dump(rows)
        return found


class ConfirmationIn(Schema):
    sig = Bytes(required=True)
    cert = Bytes(required=True)
