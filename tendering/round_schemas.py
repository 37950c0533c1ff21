"""The wire forms of what follows a failed lot, and of approvals that wait."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Moment
from tendering.draft_schemas import text
from tendering.round_rules import Choice
from tendering.schemas import WordsOut

String = fields.String


class OptionOut(Schema):
    choice = String()
    words = fields.Nested(WordsOut)
    law = String()
    needs = fields.Nested(WordsOut, allow_none=True)


class DecisionOut(Schema):
    choice = String()
    authority = String()
    document = String()
    reasons = String()
    decided_at = Moment()


class NextOut(Schema):
    """What may follow a failed lot, or what was decided; `tender` is the next round once it is prepared."""

    lot = String()
    options = fields.List(fields.Nested(OptionOut))
    decision = fields.Nested(DecisionOut, allow_none=True)
    tender = String(allow_none=True)
    round = fields.Integer(allow_none=True)


class NextIn(Schema):
    """`also`: other failed lots of the tender that come again with this one."""

    reasons = text(2000, required=True)
    changes = text(2000, required=True)
    changed = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    also = fields.List(String(validate=validate.Length(max=23)), load_default=list, validate=validate.Length(max=50))


class DecisionIn(Schema):
    choice = String(required=True, validate=validate.OneOf([str(one) for one in Choice if one is not Choice.AGAIN]))
    reasons = text(2000, required=True)
    authority = text(200, load_default="")
    document = text(200, load_default="")


class WaitingOut(Schema):
    """An act under dual control that waits for one's second."""

    tender = String()
    act = String()
    words = fields.Nested(WordsOut)
    reason = String()
    role = String()
    at = Moment()
    law = String()
