"""The wire forms of invitations and single sources."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Moment
from tendering.draft_schemas import text
from tendering.invitations.rules import Ground

String = fields.String


class InviteeIn(Schema):
    uscc = String(required=True, validate=validate.Length(equal=18))
    ground = String(required=True, validate=validate.OneOf([str(one) for one in Ground]))


class ListIn(Schema):
    """Whom the owner invites; with `draw`, so many of them are drawn by the log's root."""

    rows = fields.List(fields.Nested(InviteeIn), required=True, validate=validate.Length(min=1, max=99))
    draw = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=99))
    witnesses = fields.List(text(60), load_default=list, validate=validate.Length(max=20))


class InviteeOut(Schema):
    uscc = String()
    name = String()
    ground = String()
    invited = fields.Boolean()
    accepts = fields.Boolean(allow_none=True)


class ListOut(Schema):
    """The list for owner and agency. `accepts` speaks once the bids are open."""

    clause = String()
    draw = fields.Integer(allow_none=True)
    witnesses = fields.List(String())
    fixed_at = Moment(allow_none=True)
    sha256 = String(allow_none=True)
    size = fields.Integer(allow_none=True)
    seed = String(allow_none=True)
    rows = fields.List(fields.Nested(InviteeOut))


class InvitationAnswerIn(Schema):
    accepts = fields.Boolean(required=True, truthy={True}, falsy={False})


class ReceivedOut(Schema):
    """An invitation of one's own organization."""

    tender = String()
    title = String()
    method = String()
    owner = String()
    closes_at = Moment()
    accepts = fields.Boolean(allow_none=True)
    open = fields.Boolean()


class SourceIn(Schema):
    reasons = text(4000, required=True)


class SourceObjectionIn(Schema):
    text = text(4000, required=True)


class FindingsIn(Schema):
    findings = text(4000, required=True)
    upheld = fields.Boolean(required=True, truthy={True}, falsy={False})


class SourceObjectionOut(Schema):
    id = fields.Integer()
    text = String()
    argue_by = Moment()
    findings = String(allow_none=True)
    upheld = fields.Boolean(allow_none=True)


class SourceOut(Schema):
    """A single source on public view; objections never say by whom."""

    id = fields.Integer()
    title = String()
    owner = String()
    supplier = String()
    uscc = String()
    reasons = String()
    published_at = Moment()
    ends_at = Moment()
    objections = fields.List(fields.Nested(SourceObjectionOut))
