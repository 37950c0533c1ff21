"""The wire forms of filing."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Moment
from tendering.draft_schemas import text
from tendering.filing.service import BY_LAW, FORMAL

String = fields.String


class ReviewOut(Schema):
    department = String()
    approves = fields.Boolean()
    basis = String()
    due_at = Moment()
    act = String(allow_none=True)
    text = String()
    acted_at = Moment(allow_none=True)
    overdue_at = Moment(allow_none=True)


class PlanOut(Schema):
    """A filed plan: `content` is the exact JSON that went to everybody, `sha256` its hash."""

    id = fields.Integer()
    tender = String()
    round = fields.Integer()
    content = fields.Dict()
    sha256 = String()
    filed_at = Moment()
    current = fields.Boolean()
    returned_at = Moment(allow_none=True)
    return_ground = String(allow_none=True)
    return_reason = String(allow_none=True)
    reviews = fields.List(fields.Nested(ReviewOut))


class IntentOut(Schema):
    title = String()
    item = String()
    budget = String()
    published_at = Moment()


class ReviewIn(Schema):
    act = String(required=True, validate=validate.OneOf(["received", "comments", "approved"]))
    text = text(2000, load_default="")


class ReturnIn(Schema):
    ground = String(required=True, validate=validate.OneOf([BY_LAW, *FORMAL]))
    reason = text(2000, required=True)
